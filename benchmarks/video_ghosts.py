"""The picture of what the mask is for: places that were hidden in the frame before.

Scenes that nobody learned from, those of `video_prediction.py` in which most is uncovered, and a
raw clip; each foreseen by flow alone and by both predictions under the mask, from networks that
`video_prediction.py` left. Drawn to docs/video-ghosts.png.

    COVEY_DATA=... python benchmarks/video_ghosts.py [--networks FOLDER]
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import binary_opening, uniform_filter
from torch import Tensor

from codec_photographs import learned_and_watched
from covey.codec.image.body import Body
from covey.codec.video.body import MotionBody
from covey.codec_weights import default_codec
from covey.training.motion import as_decoded, searched
from covey.training.moving_layers import moving_scenes
from figure_style import FAINT, INK, STYLE, VERMILION, WIDTH
from raw_clips import raw_clips
from video_prediction import SCRATCH, TEST_SIZE, VARIANTS, estimated, file_name, padded_frames

OUT = Path(__file__).parents[1] / "docs" / "video-ghosts.png"
_INDEX = 5.0
_CROP = 96  # pixels
_SHOWN = ("flow", "mask", "mask, refined")
_MOST_ERROR = 0.35  # of values in [0, 1]: black


def network(name: str, folder: Path, steps: int) -> MotionBody:
    body = MotionBody(VARIANTS[name])
    body.load_state_dict(torch.load(folder / file_name(name, steps)))
    return body.eval()


@torch.no_grad()
def foreseen(
    bodies: dict[str, MotionBody], image: Body, pair: Tensor
) -> tuple[NDArray[Any], dict[str, NDArray[Any]], NDArray[Any]]:
    """The frame before as decoded, predictions (h, w, 3) by network, and the mask of the last."""
    at = torch.full((1,), _INDEX)
    before = as_decoded(image, pair[:, 0], at)
    x = pair[:, 1]
    found, mask = {}, None
    for name, body in bodies.items():
        seen = body(x, before, searched(x, before), at, torch.Generator().manual_seed(0))
        found[name], mask = _picture(seen.frame.image), seen.frame.mask[0, 0].numpy()
    assert mask is not None
    return _picture(before), found, mask


def _picture(x: Tensor) -> NDArray[Any]:
    return x[0].clamp(0, 1).permute(1, 2, 0).numpy()


def scene(photographs: list[Any], number: int) -> tuple[Tensor, NDArray[np.bool_]]:
    """A pair of frames, and what was hidden in the first; of the batch that is most uncovered."""
    scenes = moving_scenes(photographs, TEST_SIZE, 2, 8, np.random.default_rng([7, number]))
    hidden = np.stack([binary_opening(each) for each in scenes.hidden[:, 0].numpy()])
    best = int(hidden.sum((1, 2)).argmax())
    return scenes.frames[best : best + 1], hidden[best]


def crop_of(weight: NDArray[Any]) -> tuple[slice, slice]:
    """The square with the most of it: of what was hidden and is foreseen wrongly."""
    near = uniform_filter(weight.astype(float), _CROP, mode="constant")
    half = _CROP // 2
    inside = near[half : weight.shape[0] - half + 1, half : weight.shape[1] - half + 1]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return slice(row, row + _CROP), slice(column, column + _CROP)


def draw(rows: list[tuple[str, Tensor, NDArray[Any]]], bodies: Any, image: Body) -> Figure:
    columns = ["frame before", "frame", *_SHOWN, *(f"off: {name}" for name in _SHOWN[::2]), "mask"]
    figure = Figure(figsize=(WIDTH * 1.25, 1.42 * len(rows) + 0.2), layout="constrained")
    panels = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, (name, pair, weight) in zip(panels, rows, strict=True):
        before, found, mask = foreseen(bodies, image, pair)
        true = _picture(pair[:, 1])
        place = crop_of(weight * np.square(found["flow"] - true).mean(2))
        _show(line[0], before[place], "")
        _show(line[1], true[place], "")
        line[0].set_ylabel(name, color=INK)
        for panel, each in zip(line[2:5], _SHOWN, strict=True):
            off = found[each] - true
            hidden = weight.astype(bool)
            _show(panel, found[each][place], f"{_db(off[hidden]):.1f} / {_db(off):.1f} dB")
        for panel, each in zip(line[5:7], _SHOWN[::2], strict=True):
            off = np.abs(found[each] - true).mean(2)[place]
            panel.imshow(1 - np.clip(off / _MOST_ERROR, 0, 1), cmap="gray", vmin=0, vmax=1)
            panel.contour(weight[place], levels=[0.5], colors=VERMILION, linewidths=0.5)
            _bare(panel, "")
        line[7].imshow(mask[place], cmap="gray", vmin=0, vmax=1)
        _bare(line[7], "")
    for panel, title in zip(panels[0], columns, strict=True):
        panel.set_title(title, fontsize=8.5, color=INK)
    return figure


def _db(off: NDArray[Any]) -> float:
    return float(-10 * np.log10(np.square(off).mean()))


def _show(panel: Axes, pixels: NDArray[Any], words: str) -> None:
    panel.imshow(np.clip(pixels, 0, 1))
    _bare(panel, words)


def _bare(panel: Axes, words: str) -> None:
    panel.set_xticks([])
    panel.set_yticks([])
    panel.set_xlabel(words, fontsize=7.5, color=INK)
    for side in panel.spines.values():
        side.set_visible(True)
        side.set_color(FAINT)
        side.set_linewidth(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=Path, default=SCRATCH / "video_prediction")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--scenes", type=int, nargs="*", default=[0, 8])
    parser.add_argument("--clip", default="blue_sky_360p_60f")
    options = parser.parse_args()
    image = default_codec().body().eval().requires_grad_(False)
    bodies = {name: network(name, options.networks, options.steps) for name in _SHOWN}
    _, photographs = learned_and_watched(round(1.5 * TEST_SIZE))
    rows = [(f"scene {number}", *scene(photographs, number)) for number in options.scenes]
    for clip in raw_clips(4):
        if clip.name == options.clip:
            frames = padded_frames(clip)
            before, x = next(pairwise(frames))
            pair = torch.stack([before, x])[None].float()
            hidden, _ = estimated(pair)
            hidden[0, clip.height :] = hidden[0, :, clip.width :] = False  # edges that are repeated
            rows.append((options.clip.split("_360p")[0], pair, hidden[0]))
    with rc_context(STYLE):
        draw(rows, bodies, image).savefig(OUT, dpi=120)
    print(f"Wrote {OUT}")


if __name__ == "__main__":
    main()
