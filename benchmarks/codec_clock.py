"""Times the image codec in this process, and prints one JSON object: what `codec_speed.py` starts.

python benchmarks/codec_clock.py MODEL --rate 5000 [--images 24] [--repeats 3] [--refine]
python benchmarks/codec_clock.py MODEL --rate 5000 --tiles THREADS
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from codec import kodak
from covey.codec.entropy.coder import PartReader
from covey.codec.image import decoding
from covey.codec.image.encoding import encode_picture
from covey.codec.image.frozen import FrozenForesight
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Picture
from covey.codec_weights import load_codec
from covey.pictures import decode_bytes
from part_clock import Parts, clocked

Images = list[tuple[str, Picture]]

PARTS: Parts = {
    "entropy decoding": [(PartReader, "read")],
    "foresight": [(FrozenForesight, name) for name in ("hints", "step", "read")],
    "synthesis": [(decoding, "synthesise")],
}
"""Functions that a decoder spends its time in."""


class Seconds:
    """Seconds of several runs.

    Attributes:
        cpu, wall: Of each.
    """

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def of(self, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Calls a function, and clocks it."""
        used, began = time.process_time(), time.perf_counter()
        found = work(*given, **named)
        self.cpu.append(time.process_time() - used)
        self.wall.append(time.perf_counter() - began)
        return found

    def facts(self) -> dict[str, float]:
        """Medians."""
        return {"cpu": round(median(self.cpu), 4), "wall": round(median(self.wall), 4)}


def one_rate(codec: ImageCodec, images: Images, rate: int, repeats: int) -> dict[str, Any]:
    """Encoding and decoding of all images by a rate: medians over images and repetitions."""
    took: dict[str, Seconds] = defaultdict(Seconds)
    bpp: list[float] = []
    shares: list[dict[str, float]] = []
    for _, picture in [images[0], *images]:  # the first once more, so that all is loaded
        for _ in range(repeats):
            for effort in (0, 1):
                clock = took[f"encode, effort {effort}"]
                made = clock.of(encode_picture, codec, picture, rate, effort=effort)
            took["decode"].of(decode_bytes, made.data, "it", codec, threads=1)
        if not bpp:
            took.clear()
        bpp.append(8 * len(made.data) / picture.pixels[:, :, 0].size)
        shares.append(split(codec, made.data))
    return {
        "rate": rate,
        "bpp": round(float(np.mean(bpp[1:])), 4),
        "seconds": {name: each.facts() for name, each in took.items()},
        "decode_split": {
            name: round(median(each[name] for each in shares[1:]), 4) for name in shares[0]
        },
    }


def split(codec: ImageCodec, data: bytes) -> dict[str, float]:
    """Seconds of the processor of each part of a decoder."""
    took = dict.fromkeys(PARTS, 0.0)
    began = time.thread_time()
    with clocked(PARTS, took):
        decode_bytes(data, "it", codec, threads=1)
    whole = time.thread_time() - began
    return {**took, "the rest": whole - sum(took.values())}


def refined(codec: ImageCodec, picture: Picture, rate: int) -> dict[str, float]:
    """One image by effort 2."""
    took = Seconds()
    took.of(encode_picture, codec, picture, rate, effort=2)
    return took.facts()


def four_tiles(
    codec: ImageCodec, images: Images, rate: int, threads: int, repeats: int
) -> dict[str, Any]:
    """A picture of four tiles on some threads."""
    picture = mosaic(images, 2048, 2048)
    took: dict[str, Seconds] = defaultdict(Seconds)
    for number in range(repeats + 1):
        clock = took["encode, effort 1"]
        made = clock.of(encode_picture, codec, picture, rate, threads=threads)
        took["decode"].of(decode_bytes, made.data, "it", codec, threads=threads)
        if number == 0:
            took.clear()
    return {"threads": threads, "seconds": {name: each.facts() for name, each in took.items()}}


def mosaic(images: Images, height: int, width: int) -> Picture:
    """A large picture of small ones side by side, half of them mirrored."""
    tall, wide = images[0][1].pixels.shape[:2]
    found = np.empty((-(-height // tall) * tall, -(-width // wide) * wide, 3), np.uint8)
    number = 0
    for top in range(0, height, tall):
        for left in range(0, width, wide):
            pixels = images[number % len(images)][1].pixels
            pixels = pixels if pixels.shape[:2] == (tall, wide) else pixels.transpose(1, 0, 2)
            turned = number // len(images) % 2
            found[top : top + tall, left : left + wide] = pixels[:, :: -1 if turned else 1]
            number += 1
    return Picture(np.ascontiguousarray(found[:height, :width]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--refine", action="store_true", help="one image by effort 2, too")
    parser.add_argument("--tiles", type=int, help="a picture of four tiles on so many threads")
    options = parser.parse_args()
    codec, images = load_codec(options.model), kodak(options.images)
    if options.tiles:
        found = four_tiles(codec, images, options.rate, options.tiles, options.repeats)
    else:
        torch.set_num_threads(1)
        found = one_rate(codec, images, options.rate, options.repeats)
    if options.refine:
        found["seconds"]["encode, effort 2"] = refined(codec, images[0][1], options.rate)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
