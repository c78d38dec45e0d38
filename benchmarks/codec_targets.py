"""How close does the image codec come to a size or quality that is asked for, in how many passes?

Each Kodak image by effort 1 for each target, by `covey.pictures.encode_to`: bits a pixel and bytes
at most, PSNR at least; and all of them together for a total, by `covey.picture_set.encode_set`,
which finds one rate. What came out is looked at anew: the length of the file, the PSNR of what it
decodes to. A pass codes a picture, or all of a set, once, and decodes it where PSNR is asked for;
seconds are of the processor, on one thread.

A target that is out of reach of an image is refused; one that even the last rate of the dial stays
short of, or the first one is above, is met by the end of the dial. Both are counted and named, and
in no mean.

    COVEY_DATA=... python benchmarks/codec_targets.py [--model MODEL] [--images 24]

Five minutes; targets are kept once they are done.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from codec_start import Start, options_of, start
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Picture
from covey.codec.rate_index import RATES
from covey.metrics.rate import psnr
from covey.picture_folder import Job
from covey.picture_set import encode_set
from covey.pictures import Target, decode_bytes, encode_to
from covey.types import InputError
from labelled_sets import data_root

GOALS = {"percent_under": 0.5, "db_above": 0.02}
TARGETS = [
    *(Target(bpp=bpp) for bpp in (0.15, 0.3, 0.6, 1.2)),
    *(Target(size=size) for size in (20_000, 60_000)),
    *(Target(psnr=dB) for dB in (28, 32, 36)),
]
TOTALS = (15_000, 35_000, 70_000)
"""Bytes for each picture of a set."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a target.

    Attributes:
        off: How far it is on the side that was asked for: percent under, or dB above.
        rate: What it was coded by.
        passes: How often it was coded.
        seconds: Of the processor.
    """

    off: float
    rate: int
    passes: int
    seconds: float


def tried(codec: ImageCodec, picture: Picture, target: Target) -> Tried:
    """Codes a picture for a target.

    Raises:
        InputError: If it is out of reach.
    """
    began = time.process_time()
    found = encode_to(picture, target, codec, effort=1, threads=1)
    seconds = time.process_time() - began
    data = found.made.data
    if target.psnr is not None:
        pixels = decode_bytes(data, "it", codec, threads=1).picture.pixels
        off = psnr(picture.pixels, pixels) - target.psnr
        return Tried(off, found.rate, found.passes, seconds)
    most = target.size
    if target.bpp is not None:
        most = target.bpp * picture.pixels[:, :, 0].size / 8
    assert most is not None
    return Tried(100 * (1 - len(data) / most), found.rate, found.passes, seconds)


def of_each(codec: ImageCodec, images: list[tuple[str, Picture]], target: Target) -> dict[str, Any]:
    """What came of a target for all images."""
    found: dict[str, Tried] = {}
    refused: dict[str, str] = {}
    for name, picture in images:
        try:
            found[name] = tried(codec, picture, target)
        except InputError as error:
            refused[name] = str(error)
    return summary(found, refused, "percent_under" if target.psnr is None else "db_above")


def of_set(codec: ImageCodec, names: Sequence[str], total: int) -> dict[str, Any]:
    """What came of a total."""
    root = data_root()
    assert root is not None
    folder = root / "codec" / "kodak"
    jobs = [Job(folder / f"{name}.png", Path(f"{name}.cvi")) for name in names]
    began = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            made = encode_set(jobs, total, codec, Path(scratch), effort=1, threads=1)
        except InputError as error:
            return summary({}, {"all": str(error)}, "percent_under")
        size = sum(each.path.stat().st_size for each in made.files)
    seconds = (time.process_time() - began) / len(names)
    found = Tried(100 * (1 - size / total), made.rate, made.passes, seconds)
    return summary({"all": found}, {}, "percent_under")


def summary(found: dict[str, Tried], refused: dict[str, str], aim: str) -> dict[str, Any]:
    """Means and the worst; seconds are of one image.

    Args:
        found: What came of each image that was coded.
        refused: Why others were not.
        aim: Name of the goal.
    """
    goal, end = GOALS[aim], 0 if aim == "db_above" else RATES - 1
    ends = {name: each for name, each in found.items() if each.rate == end and each.off > goal}
    named = {
        "out_of_reach": refused,
        "end_of_dial": {name: round(each.off, 4) for name, each in ends.items()},
    }
    rest = {name: each for name, each in found.items() if name not in ends}
    if not rest:
        return {"aim": aim, "coded": 0, **named}
    off = {name: each.off for name, each in rest.items()}
    passes = [each.passes for each in rest.values()]
    last = max(off, key=lambda name: off[name])
    return {
        "aim": aim,
        "coded": len(rest),
        "met": sum(each >= 0 for each in off.values()),
        "within_goal": sum(0 <= each <= goal for each in off.values()),
        "off": {
            "mean": round(float(np.mean(list(off.values()))), 4),
            "worst": round(off[last], 4),
            "image": last,
        },
        "passes": {"mean": round(float(np.mean(passes)), 2), "worst": max(passes)},
        "seconds": round(float(np.mean([each.seconds for each in rest.values()])), 3),
        **named,
    }


def name_of(target: Target) -> str:
    """A target in words."""
    if target.bpp is not None:
        return f"{target.bpp:g} bits a pixel"
    if target.size is not None:
        return f"{target.size / 1000:g} KB"
    return f"{target.psnr:g} dB"


def measure(begun: Start) -> None:
    """All targets that are not measured yet."""
    codec, images, result = begun.codec, begun.images, begun.result
    done = result.facts.setdefault("targets", {})

    def keep(name: str, found: dict[str, Any]) -> None:
        done[name] = found
        result.keep("targets", done)
        print(name, found, flush=True)

    for target in TARGETS:
        if (name := name_of(target)) not in done:
            keep(name, of_each(codec, images, target))
    for each in TOTALS:
        total = each * len(images)
        if (name := f"all in {total / 1000:g} KB") not in done:
            keep(name, of_set(codec, [name for name, _ in images], total))


def main() -> None:
    options = options_of(__doc__, "codec_targets").parse_args()
    torch.set_num_threads(1)
    begun = start(__doc__, options, ("targets",))
    begun.result.facts["goals"] = GOALS
    measure(begun)


if __name__ == "__main__":
    main()
