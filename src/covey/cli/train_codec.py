"""`covey train codec`: an image codec from photographs."""

from __future__ import annotations

import shlex
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal
from covey.types import UsageError

if TYPE_CHECKING:
    from covey.codec.image.body import Body
    from covey.training.codec import CodecValidation
    from covey.training.loop import Checkpoint

_ONE_IN = 20  # photographs that is watched and not learned from
_PHASE = "codec"


@options.flat
def codec(
    *,
    data: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Photographs to learn from, in any folder of it.")
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="MODEL", help="Folder for the codec.")
    ],
    body: Annotated[
        Literal["default"],
        typer.Option(
            help="Its network. The published one is for studies: it decodes a place at a time, and "
            "on the machine that wrote it only."
        ),
    ] = "default",
    size: Annotated[
        Literal["S", "M"], typer.Option(help="S has 2.5 million weights, M 6.2 million.")
    ] = "S",
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="MODEL", help="Codec to train on, of the same size."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of the optimiser.")] = 20_000,
    batch: Annotated[int, typer.Option(min=1, help="Squares a step.")] = 8,
    crop: Annotated[
        int, typer.Option(min=64, help="Pixels in a row of a square, a multiple of 64.")
    ] = 128,
    rate: Annotated[float, typer.Option(min=0, help="Learning rate at its highest.")] = 1e-3,
    work: options.Work = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the codec in MODEL.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train an image codec on photographs: one network for all rates.

    One photograph in twenty is not learned from and says how it goes. Rates are drawn for each
    square. Days on a CPU make a good codec, hours a usable one; an interrupted run goes on.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.extras import require

    torch = require("torch", "codec")
    require("constriction", "codec")
    import numpy as np

    from covey.cli.interrupt import resumable
    from covey.cli.machine import peak_memory_mb
    from covey.codec.image.config import SIZES
    from covey.codec_weights import load_codec
    from covey.io.checkpoints import claim_training
    from covey.io.codec_folder import write_codec
    from covey.io.model_card import without_folders
    from covey.io.model_folder import check_model_folder, work_folder
    from covey.io.photographs import photograph_paths, read_photographs
    from covey.resources import available_threads
    from covey.threads import bounded_threads
    from covey.training.codec import CodecPlan, new_body, train_codec, validated
    from covey.training.codec_finish import finished_codec
    from covey.training.photographs import draw_squares
    from covey.training.watch import Watch

    if crop % 64:
        raise UsageError(f"--crop must be a multiple of 64, got {crop}")
    check_model_folder(out, force=force)
    config = SIZES[size]
    first = None if start is None else load_codec(start)
    if first is not None and first.config != config:
        raise UsageError(f"--from {start}: is a codec of another size; give its --size")
    threads = threads or available_threads()
    torch.set_num_threads(threads)
    plan = CodecPlan(size=crop, batch=batch)
    schedule = replace(plan.schedule, steps=steps, rate=rate, seed=seed)
    plan = replace(plan, schedule=schedule)
    with terminal.progress() as tell, bounded_threads(threads):
        paths = photograph_paths(data)
        photographs, small = read_photographs(
            paths, crop, tell=lambda done: tell("reading photographs", done)
        )
        names = [str(path.relative_to(data)) for path in paths]
        facts: dict[str, Any] = {
            "kind": _PHASE,
            "data": names,
            "config": asdict(config),
            "plan": asdict(plan),
            "from": None if first is None else first.mark.hex(),
        }
        watched = photographs[::_ONE_IN]
        learned = [each for number, each in enumerate(photographs) if number % _ONE_IN]
        with claim_training(work or work_folder(out), out, facts) as kept:
            stopped = Event()
            begun = time.perf_counter()
            checkpoint = kept.start(_PHASE)
            before = 0 if checkpoint is None else checkpoint.step
            if before:
                terminal.remark(f"covey: goes on from step {before} of {steps}")
            seen: dict[int, CodecValidation] = {}  # by step

            def told(step: int, loss: float, validation: CodecValidation | None) -> None:
                tell("training", step / steps)
                if validation is None or stopped.is_set():
                    return
                seen[step] = validation
                speed = (step - before) / (time.perf_counter() - begun)
                terminal.remark(
                    f"covey: step {step} of {steps}, {speed:.2f} a second: {validation.told()}"
                )

            def trained() -> tuple[Body, Checkpoint]:
                with bounded_threads(threads):
                    torch.set_num_threads(threads)
                    network = new_body(learned, config, seed) if first is None else first.body()
                    watch: Watch[CodecValidation] = Watch(
                        told, lambda state: kept.keep(_PHASE, state), checkpoint
                    )
                    state = train_codec(learned, watched, network, plan, watch)
                    if state.best_step not in seen:  # an earlier run has
                        seen[state.best_step] = judged(network)
                    return network, state

            def judged(network: Body) -> CodecValidation:
                rng = np.random.default_rng([seed, 1])  # the squares that the training looks at
                squares = draw_squares(watched, plan.size, plan.watched, rng)
                return validated(network, torch.from_numpy(squares), plan)

            network, state = resumable(trained, kept, stopped, terminal)
            best = seen[state.best_step]
            about: dict[str, Any] = {
                "covey": __version__,
                "photographs": f"{len(learned)} of {data.name}, {_megapixels(learned):.0f} "
                "megapixels",
                "steps": state.best_step,
                "squares a step": f"{batch} of {crop} x {crop} pixels",
                "learning rate": rate,
                "seed": seed,
                "begun from": "principal axes" if first is None else first.mark.hex(),
                "steps before": 0 if first is None else _steps_of(first.about),
                "validation": [asdict(point) for point in best.points],
            }
            made = finished_codec(
                network, learned, seed, about, lambda done: tell("counting", done)
            )
            command = shlex.join(["covey", *map(without_folders, sys.argv[1:])])
            write_codec(out, made, command, force=force)
            kept.remove()
    answer = [
        f"Trained on {about['photographs']}; {state.best_step} steps.",
        f"On others: {best.told()}.",
    ]
    if small:
        answer.append(f"Left out, smaller than {crop} pixels: {len(small)} photographs.")
    answer.append(f"Wrote {out}; use it by covey compress IN --model {shlex.quote(str(out))}")
    terminal.answer(
        answer,
        {
            "version": __version__,
            "about": about,
            "mark": made.mark.hex(),
            "left_out": [str(path) for path in small],
            "outputs": [str(out)],
            "seconds": round(terminal.seconds, 3),
            "peak_memory_mb": peak_memory_mb(),
        },
    )


def _megapixels(photographs: list[Any]) -> float:
    return sum(each.shape[0] * each.shape[1] for each in photographs) / 1e6


def _steps_of(about: dict[str, Any]) -> int:
    return int(about.get("steps", 0)) + int(about.get("steps before", 0))
