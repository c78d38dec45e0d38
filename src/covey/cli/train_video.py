"""`covey train video`: a video codec from photographs and clips."""

from __future__ import annotations

import shlex
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal
from covey.codec.video.config import Branch

if TYPE_CHECKING:
    from covey.codec.video.body import VideoBody
    from covey.training.loop import Checkpoint
    from covey.training.motion import MotionValidation
    from covey.training.video import VideoValidation

_ONE_IN = 20  # scenes and clips that are watched and not learned from
_SIZE = 128
_MARGIN = 16  # pixels that scenes are larger by
_SHARES = {"motion": 0.3, "behind": 0.5, "joint": 0.2}  # of the steps
_JOINT_RATE = 0.3  # of the rate


@options.flat
def video(
    *,
    data: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Photographs that moving scenes are made of.")
    ],
    clips: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Films to learn from as well.")
    ] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="MODEL", help="Folder for the codec.")
    ],
    image: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="Image codec that it adds to, by covey train codec; the one that ships with the "
            "package if not given.",
        ),
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--from", metavar="MODEL", help="Video codec to train on.")
    ] = None,
    branch: Annotated[
        Branch,
        typer.Option(
            help="What a predicted frame is made of: the frame before as it is, moved by flow, "
            "filtered, the mean of both, both under a mask, or moved in a scale space."
        ),
    ] = "mask",
    steps: Annotated[int, typer.Option(min=10, help="Steps of the optimiser in all.")] = 8000,
    scenes: Annotated[int, typer.Option(min=20, help="Scenes that are made.")] = 2000,
    batch: Annotated[int, typer.Option(min=2, help="Sequences a step, even.")] = 8,
    rate: Annotated[float, typer.Option(min=0, help="Learning rate at its highest.")] = 1e-3,
    work: options.Work = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the codec in MODEL.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train a video codec: prediction by motion, then what codes the rest, then both.

    It adds to an image codec, which stays as it is. Scenes are made of photographs that move over
    each other; films are learned from as they are. An interrupted run goes on.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.extras import require

    torch = require("torch", "codec")
    require("constriction", "codec")

    from covey.cli.interrupt import resumable
    from covey.cli.machine import peak_memory_mb
    from covey.codec.video.body import VideoBody
    from covey.codec.video.config import MotionConfig
    from covey.codec.video.model import VideoCodec
    from covey.codec_weights import default_codec, load_codec
    from covey.io.checkpoints import claim_training
    from covey.io.clips import clip_paths, read_clips
    from covey.io.model_card import without_folders
    from covey.io.model_folder import check_model_folder, work_folder
    from covey.io.photographs import photograph_paths, read_photographs
    from covey.io.video_codec_folder import write_video_codec
    from covey.resources import available_threads
    from covey.threads import bounded_threads
    from covey.training.motion import MotionPlan, Moving, train_motion
    from covey.training.moving_layers import scene_clips
    from covey.training.video import (
        FRAMES,
        VideoPlan,
        start_from_image,
        train_video,
        validated_video,
    )
    from covey.training.watch import Watch
    from covey.types import UsageError
    from covey.video_weights import load_video_codec

    if batch % 2:
        raise UsageError(f"--batch must be even, got {batch}")
    check_model_folder(out, force=force)
    begun_from = None if start is None else load_video_codec(start)
    codec = default_codec() if image is None else load_codec(image)
    if begun_from is not None and begun_from.image.mark != codec.mark:
        raise UsageError(
            f"--from {start}: adds to the image codec {begun_from.image.mark.hex()} and not to "
            f"{codec.mark.hex()}"
        )
    threads = threads or available_threads()
    torch.set_num_threads(threads)
    with terminal.progress() as tell, bounded_threads(threads):
        least = round(1.5 * (_SIZE + _MARGIN))
        paths = photograph_paths(data)
        films = [] if clips is None else clip_paths(clips)
        plans = _plans(steps, batch, rate, seed)
        facts: dict[str, Any] = {
            "kind": "video codec",
            "data": [str(path.relative_to(data)) for path in paths],
            "clips": [] if clips is None else [str(path.relative_to(clips)) for path in films],
            "scenes": scenes,
            "image": codec.mark.hex(),
            "branch": branch,
            "from": None if begun_from is None else begun_from.mark.hex(),
            "plans": {name: asdict(plan) for name, plan in plans.items()},
        }
        with claim_training(work or work_folder(out), out, facts) as kept:
            stopped = Event()

            def trained() -> tuple[VideoBody, VideoValidation]:
                with bounded_threads(threads):
                    torch.set_num_threads(threads)
                    photographs, _ = read_photographs(
                        paths, least, tell=lambda done: tell("reading photographs", done)
                    )
                    made = scene_clips(
                        photographs,
                        _SIZE + _MARGIN,
                        FRAMES,
                        scenes,
                        seed,
                        lambda done: tell("making scenes", done),
                    )
                    del photographs
                    real = (
                        read_clips(
                            films, FRAMES, _SIZE, tell=lambda done: tell("reading clips", done)
                        )
                        if films
                        else []
                    )
                    learned = Moving(_others(made), _others(real))
                    watched = Moving(made[::_ONE_IN], real[::_ONE_IN])
                    transforms = codec.body().eval().requires_grad_(False)
                    torch.manual_seed(seed)
                    if begun_from is None:
                        body = VideoBody(MotionConfig(branch), codec.config)
                        start_from_image(body, transforms)
                    else:
                        body = begun_from.body()

                    def watch(phase: str) -> Watch[Any]:
                        return _watch(phase, plans[phase].schedule.steps, kept, stopped, terminal)

                    motion = plans["motion"]
                    assert isinstance(motion, MotionPlan)
                    if body.motion.config.branch != "copy":
                        train_motion(
                            learned, watched, transforms, body.motion, motion, watch("motion")
                        )
                    for phase in ("behind", "joint"):
                        plan = plans[phase]
                        assert isinstance(plan, VideoPlan)
                        train_video(learned, watched, transforms, body, plan, watch(phase))
                    import numpy as np

                    rng = np.random.default_rng([seed, 1])
                    last = plans["joint"]
                    seen = watched.draw(last.size, FRAMES, last.watched, rng)
                    return body, validated_video(transforms, body, seen, seed, joint=True)

            body, found = resumable(trained, kept, stopped, terminal)
            about: dict[str, Any] = {
                "covey": __version__,
                "scenes": f"{scenes}, made of {len(paths)} photographs of {data.name}",
                "clips": f"{len(films)} films" + ("" if clips is None else f" of {clips.name}"),
                "steps": ", ".join(f"{p.schedule.steps} {name}" for name, p in plans.items()),
                "sequences a step": f"{batch} of {FRAMES} frames of {_SIZE} x {_SIZE} pixels",
                "learning rate": rate,
                "seed": seed,
                "begun from": "motion of squares" if begun_from is None else begun_from.mark.hex(),
                "validation": asdict(found),
            }
            made_codec = VideoCodec.of(body, codec, about)
            command = shlex.join(["covey", *map(without_folders, sys.argv[1:])])
            write_video_codec(out, made_codec, command, force=force)
            kept.remove()
    terminal.answer(
        [
            f"Trained on scenes, {about['scenes']}, and {about['clips']}; {about['steps']} steps.",
            f"On others: {found.told()}.",
            f"Wrote {out}; use it by --model {shlex.quote(str(out))} of covey compress and of "
            "decompress",
        ],
        {
            "version": __version__,
            "about": about,
            "mark": made_codec.mark.hex(),
            "outputs": [str(out)],
            "seconds": round(terminal.seconds, 3),
            "peak_memory_mb": peak_memory_mb(),
        },
    )


def _plans(steps: int, batch: int, rate: float, seed: int) -> dict[str, Any]:
    """The training of each phase."""
    from covey.training.motion import MotionPlan
    from covey.training.video import VideoPlan

    found: dict[str, Any] = {}
    for name, share in _SHARES.items():
        plan = MotionPlan() if name == "motion" else VideoPlan(joint=name == "joint")
        some = max(1, round(share * steps))
        schedule = replace(
            plan.schedule,
            steps=some,
            rate=rate * (_JOINT_RATE if name == "joint" else 1.0),
            seed=seed,
            every=min(500, some),
        )
        found[name] = replace(plan, schedule=schedule, batch=batch)
    return found


def _others(of: list[Any]) -> list[Any]:
    return [each for number, each in enumerate(of) if number % _ONE_IN]


def _watch(phase: str, steps: int, kept: Any, stopped: Event, terminal: Terminal) -> Any:
    """Progress of a phase, and how to go on in it."""
    from covey.training.watch import Watch

    checkpoint: Checkpoint | None = kept.start(phase)
    before, begun = 0 if checkpoint is None else checkpoint.step, time.perf_counter()
    if before:
        terminal.remark(f"covey: goes on from step {before} of {steps} of {phase}")

    def told(step: int, loss: float, seen: MotionValidation | VideoValidation | None) -> None:
        if seen is None or stopped.is_set():
            return
        speed = (step - before) / (time.perf_counter() - begun)
        terminal.remark(
            f"covey: {phase}, step {step} of {steps}, {speed:.2f} a second: {seen.told()}"
        )

    return Watch(told, lambda state: kept.keep(phase, state), checkpoint)
