"""Does a mask over flow and local filter foresee frames better than either, where ghosts arise?

Each branch is trained anew by the same steps on the same scenes and clips, then foresees scenes
that no one learned from, whose truth is known, and raw clips. PSNR of predictions from frames that
the image codec decoded: over the whole frame; where something was hidden in the frame before
(ghosts); and where nothing was, near an edge of motion (distorted background). Of raw clips what
was hidden is taken from searches there and back that do not meet.

    COVEY_DATA=... python benchmarks/video_prediction.py [--steps 1500] [--branches flow mask ...]

What is measured already is kept, and so are the networks, in a folder beside.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import binary_dilation, binary_opening
from torch import Tensor
from torch.nn import functional

from codec_photographs import learned_and_watched
from covey.codec.image.body import Body
from covey.codec.rate_index import LEVELS
from covey.codec.video.body import MotionBody
from covey.codec.video.config import MotionConfig
from covey.codec.video.motion import spread
from covey.codec.video.warp import warp
from covey.codec_bench.held_clip import HeldClip
from covey.codec_weights import default_codec
from covey.io.clips import clip_paths, read_clips
from covey.training.motion import (
    MotionPlan,
    Moving,
    as_decoded,
    searched,
    train_motion,
)
from covey.training.moving_layers import moving_scenes, scene_clips
from covey.training.watch import Watch
from labelled_sets import data_root
from machine import RESULTS, provenance, write_json
from raw_clips import raw_clips

OUT = RESULTS / "video_prediction.json"
VARIANTS: dict[str, MotionConfig] = {
    "previous frame": MotionConfig(branch="copy"),
    "flow": MotionConfig(branch="flow", refined=False),
    "filter": MotionConfig(branch="filter", refined=False),
    "mean of both": MotionConfig(branch="mean", refined=False),
    "mask": MotionConfig(branch="mask", refined=False),
    "scale space": MotionConfig(branch="scale", refined=False),
    "flow, refined": MotionConfig(branch="flow"),
    "mask, refined": MotionConfig(branch="mask"),
}
SCRATCH = Path(__file__).parents[1] / ".scratch"
INDICES = (2.0, 5.0, 8.0)
_SIZE = 128
TEST_SIZE = 192
_WHOLE = 64  # pixels that sides are multiples of
_NEAR = 6  # pixels from an edge of motion
_TRAIN = ("mdn_cc0", "intel_ccby", "bbb_480p")


def learned(scenes: int, seed: int) -> tuple[Moving, Moving, list[Any]]:
    """What is learned from, what is watched, and photographs for scenes of a test."""
    photographs, others = learned_and_watched(round(1.5 * TEST_SIZE))
    made = scene_clips(photographs, _SIZE + 16, 2, scenes, seed)
    root = data_root()
    assert root is not None
    paths = [path for name in _TRAIN for path in clip_paths(root / "codec" / "video" / name)]
    real = read_clips(paths, 2, _SIZE)
    return Moving(made[20:], real), Moving(made[:20]), others


@torch.no_grad()
def on_scenes(body: MotionBody, image: Body, photographs: list[Any], count: int) -> dict[str, Any]:
    """Scenes of photographs that nobody learned from."""
    found: dict[str, Any] = {}
    for t in INDICES:
        rows = []
        for number in range(0, count, 8):
            rng = np.random.default_rng([7, number])
            scenes = moving_scenes(photographs, TEST_SIZE, 2, 8, rng)
            hidden = np.stack([binary_opening(each) for each in scenes.hidden[:, 0].numpy()])
            near = _near_edges(scenes.flow[:, 0].numpy()) & ~scenes.hidden[:, 0].numpy()
            rows.append(_errors(body, image, scenes.frames, t, hidden, near))
        found[f"{t:g}"] = _psnrs(rows)
    return found


@torch.no_grad()
def on_clips(body: MotionBody, image: Body, most: int) -> dict[str, Any]:
    """Frames of raw clips, each from the one before."""
    found: dict[str, Any] = {}
    for clip in raw_clips(most):
        frames = padded_frames(clip)
        of_clip = {}
        for t in INDICES:
            rows = []
            for before, x in pairwise(frames):
                pair = torch.stack([before, x])[None].float()
                hidden, near = estimated(pair)
                inside = np.zeros(hidden.shape, np.bool_)
                inside[:, : clip.height, : clip.width] = True
                rows.append(_errors(body, image, pair, t, hidden, near, inside))
            of_clip[f"{t:g}"] = _psnrs(rows)
        found[clip.name] = of_clip
    return found


def file_name(branch: str, steps: int) -> str:
    """Of a network that was trained."""
    return f"{branch.replace(', ', '-').replace(' ', '-')}-{steps}.pt"


def padded_frames(clip: HeldClip) -> list[Tensor]:
    """(3, h, w) in [0, 1] each, edges repeated to whole squares."""
    below, right = -clip.height % _WHOLE, -clip.width % _WHOLE
    around = ((0, below), (0, right), (0, 0))
    grown = [np.pad(each, around, "edge") for each in clip.pixels]
    return [torch.from_numpy(each).permute(2, 0, 1) / 255 for each in grown]


def _errors(
    body: MotionBody,
    image: Body,
    frames: Tensor,
    t: float,
    hidden: Any,
    near: Any,
    inside: Any | None = None,
) -> dict[str, tuple[float, float]]:
    """Summed squared errors and pixels by region, and bits; only inside, if that is told."""
    at = torch.full((len(frames),), t)
    before = as_decoded(image, frames[:, 0], at)
    x = frames[:, 1]
    seen = body(x, before, searched(x, before), at, torch.Generator().manual_seed(0))
    error = (seen.frame.image.clamp(0, 1) - x).square().mean(1).numpy()
    inside = np.ones(error.shape, np.bool_) if inside is None else inside
    pixels = float(inside.sum())
    found = {"bits": (float(seen.bits.sum()), pixels)}
    for name, where in (("whole", inside), ("hidden", hidden), ("near edges", near)):
        found[name] = (float(error[where & inside].sum()), float((where & inside).sum()))
    return found


def _psnrs(rows: list[dict[str, tuple[float, float]]]) -> dict[str, float]:
    found = {}
    for name in rows[0]:
        total, pixels = (sum(row[name][n] for row in rows) for n in (0, 1))
        mean = total / max(pixels, 1.0)
        found[name] = round(mean if name == "bits" else -10 * float(np.log10(max(mean, 1e-9))), 4)
    found["hidden share"] = round(
        sum(row["hidden"][1] for row in rows) / sum(row["whole"][1] for row in rows), 4
    )
    return found


def _near_edges(flow: np.ndarray) -> np.ndarray:
    """(n, h, w) places within some pixels of a jump of (n, 2, h, w) flow."""
    down = np.abs(np.diff(flow, axis=2, append=flow[:, :, -1:])).max(axis=1)
    across = np.abs(np.diff(flow, axis=3, append=flow[:, :, :, -1:])).max(axis=1)
    edges = np.maximum(down, across) > 1.0
    return np.stack([binary_dilation(each, iterations=_NEAR) for each in edges])


def estimated(pair: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """What was hidden, and what lies near edges, by searches of squares there and back."""
    back = spread(searched(pair[:, 1], pair[:, 0]), 8)
    forth = spread(searched(pair[:, 0], pair[:, 1]), 8)
    off = (back + warp(forth, back)).square().sum(1).sqrt().numpy()
    flow = functional.avg_pool2d(back, 3, 1, 1).numpy()
    hidden = off > 1.5
    return hidden, _near_edges(flow) & ~hidden


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--scenes", type=int, default=1200)
    parser.add_argument("--tests", type=int, default=96)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--branches", nargs="*", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--networks", type=Path, default=SCRATCH / "video_prediction")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    image = default_codec().body().eval().requires_grad_(False)
    moving, watched, photographs = learned(options.scenes, options.seed)
    about = provenance("torch", "av")
    about["command"] = "python benchmarks/video_prediction.py"
    sizes = {"steps": options.steps, "scenes": options.scenes, "codec": default_codec().mark.hex()}
    result: dict[str, Any] = {"sizes": sizes, "indices": INDICES, "branches": {}}
    if OUT.exists() and (before := json.loads(OUT.read_text()))["sizes"] == sizes:
        result["branches"] = before["branches"]
    options.networks.mkdir(parents=True, exist_ok=True)
    for name in options.branches:
        kept = result["branches"].get(name, {})
        if len(kept) == 2:
            continue
        torch.manual_seed(options.seed)
        body = MotionBody(VARIANTS[name])
        path = options.networks / file_name(name, options.steps)
        if path.exists():
            body.load_state_dict(torch.load(path))
        elif VARIANTS[name].branch != "copy":
            plan = MotionPlan()
            schedule = replace(plan.schedule, steps=options.steps, every=500, seed=options.seed)

            def told(step: int, loss: float, seen: Any, name: str = name) -> None:
                if seen is not None:
                    print(name, step, seen.told(), flush=True)

            watch: Watch[Any] = Watch(told, lambda state: None, None)
            train_motion(moving, watched, image, body, replace(plan, schedule=schedule), watch)
            torch.save(body.state_dict(), path)
        body.eval()
        found = {
            "scenes": kept.get("scenes") or on_scenes(body, image, photographs, options.tests),
            "clips": on_clips(body, image, options.frames),
        }
        print(name, json.dumps(found["scenes"]), flush=True)
        result["branches"][name] = found
        write_json(OUT, {**about, **result})
    assert max(INDICES) < LEVELS


if __name__ == "__main__":
    main()
