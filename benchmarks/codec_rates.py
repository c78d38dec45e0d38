"""Are the 9000 rates of one file of weights a dial: ever more bits, in steps that are small enough?

All by effort 0, on Kodak images. `sweep`: every 50th rate and the last, all images. `fine`: 20
neighbouring rates at each of 12 places, four of them over a seam between two levels, six images;
the mean of the steps there, signs counted, is what the dial has to give, their median size the
unevenness in it, too.

A file is whole words of 4 bytes: one of 768 x 512 pixels moves by 0.00008 bits a pixel or not at
all, the mean of 24 by a 24th of that. So beside real files stand the bits that their values should
take by the tables of the codec, which have no such steps: `file` and `expected`. A step back is
measured from the largest value at any lower rate. Steps of PSNR are of decoded pixels of 8 bits.

    COVEY_DATA=... python benchmarks/codec_rates.py [--model MODEL] [--images 24] [--stride 50]

Ten minutes; sweep and fine are kept once they are done.
"""

from __future__ import annotations

import sys
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from codec_start import options_of, start
from covey.codec.container import Header
from covey.codec.entropy.coder import Coder, PartWriter
from covey.codec.image.encoding import encode_picture
from covey.codec.image.frozen import SIXTEENTHS
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Encoded, Picture
from covey.codec.image.windows import synthesise
from covey.codec.rate_index import RATES
from covey.metrics.rate import psnr

GOALS = {"step_back_percent": 0.1, "bpp_step": 0.0001, "psnr_step": 0.001}
PLACES = (0, 990, 1500, 2500, 2990, 3700, 4500, 4990, 5800, 6990, 7900, 8980)
NEIGHBOURS = 20
FINE_IMAGES = 6
KINDS = ("file", "expected")

Table = NDArray[np.float64]
"""(rates, images)."""


class Counting(Coder):
    """A coder that adds up the bits that values should take.

    Attributes:
        bits_written: Of all so far.
    """

    bits_written = 0.0

    def writer(self) -> PartWriter:
        return _CountingWriter(self, self._stream.queue.RangeEncoder())


class _CountingWriter(PartWriter):
    _coder: Counting

    def write(self, values: NDArray[np.int32], table: NDArray[np.uint8]) -> None:
        super().write(values, table)
        coded = table > 0
        values, table = values[coded], table[coded]
        beyond = np.abs(values) - self._coder.tables.radius[table] - 1
        escapes = 2 * beyond[beyond >= 0] + (values[beyond >= 0] < 0) + 1
        golomb = 2 * np.floor(np.log2(escapes)) + 1
        bits = self._coder.bits(values, table).sum(dtype=np.float64)
        self._coder.bits_written += float(bits + golomb.sum())


class CountingCodec(ImageCodec):
    """The same codec with a coder that counts."""

    @cached_property
    def coder(self) -> Counting:
        return Counting(super().coder.tables)


def coded(codec: CountingCodec, picture: Picture, rate: int) -> tuple[Encoded, dict[str, float]]:
    """A picture by a rate, and what it takes in bits a pixel."""
    before = codec.coder.bits_written
    made = encode_picture(codec, picture, rate, effort=0)
    pixels = picture.pixels[:, :, 0].size
    expected = codec.coder.bits_written - before
    return made, {"file": 8 * len(made.data) / pixels, "expected": expected / pixels}


def painted(codec: ImageCodec, made: Encoded, like: Picture, rate: int) -> NDArray[np.uint8]:
    """What a coded picture decodes to, without reading its stream."""
    height, width = like.pixels.shape[:2]
    header = Header(width, height, codec.mark, rate)
    latents = np.empty((codec.config.latents, *header.latents), np.float32)
    for tile, box in zip(made.tiles, header.boxes, strict=True):
        latents[:, *box] = tile.latents.astype(np.float32) / SIXTEENTHS
    pixels = np.empty((16 * latents.shape[1], 16 * latents.shape[2], 3), np.uint8)
    with torch.inference_mode():
        for box in header.boxes:
            rows, columns = (slice(16 * side.start, 16 * side.stop) for side in box)
            pixels[rows, columns] = synthesise(codec, latents, box, rate)
    return pixels[:height, :width]


def setbacks(values: Table) -> Table:
    """By how many percent each is below the largest before it, along the first axis."""
    largest = np.maximum.accumulate(values, axis=0)
    return 100 * (largest - values) / largest


def worst(rates: list[int], names: list[str], values: Table) -> dict[str, Any]:
    """The largest step back of the mean over images, and of any image, and where."""
    of_mean, of_each = setbacks(values.mean(axis=1)), setbacks(values)
    row, column = np.unravel_index(int(of_each.argmax()), of_each.shape)
    return {
        "mean_percent": round(float(of_mean.max()), 4),
        "mean_at": rates[int(of_mean.argmax())],
        "image_percent": round(float(of_each.max()), 4),
        "image_at": rates[row],
        "image": names[column],
    }


def sweep(codec: CountingCodec, images: list[tuple[str, Picture]], stride: int) -> dict[str, Any]:
    """All images over the whole dial."""
    rates = sorted({*range(0, RATES, stride), RATES - 1})
    tables = {kind: np.empty((len(rates), len(images))) for kind in KINDS}
    for place, rate in enumerate(rates):
        for column, (_, picture) in enumerate(images):
            for kind, bpp in coded(codec, picture, rate)[1].items():
                tables[kind][place, column] = bpp
        if place % 20 == 0:
            print(rate, round(float(tables["file"][place].mean()), 4), flush=True)
    names = [name for name, _ in images]
    means = {kind: table.mean(axis=1).round(5).tolist() for kind, table in tables.items()}
    return {
        "step_back": {kind: worst(rates, names, tables[kind]) for kind in KINDS},
        "points": [
            {"rate": rate, **{kind: means[kind][place] for kind in KINDS}}
            for place, rate in enumerate(rates)
        ],
    }


def fine(codec: CountingCodec, images: list[tuple[str, Picture]]) -> dict[str, Any]:
    """Neighbouring rates at places all over the dial."""
    names = [name for name, _ in images]
    runs, steps = [], []
    for first in PLACES:
        rates = list(range(first, first + NEIGHBOURS))
        tables = {kind: np.empty((len(rates), len(images))) for kind in (*KINDS, "psnr")}
        for place, rate in enumerate(rates):
            for column, (_, picture) in enumerate(images):
                made, found = coded(codec, picture, rate)
                found["psnr"] = psnr(picture.pixels, painted(codec, made, picture, rate))
                for kind, value in found.items():
                    tables[kind][place, column] = value
        means = {kind: table.mean(axis=1) for kind, table in tables.items()}
        steps.append({kind: np.diff(mean) for kind, mean in means.items()})
        run: dict[str, Any] = {"first": first}
        run |= {kind: round(float(mean[0]), 5) for kind, mean in means.items()}
        run |= step_facts(steps[-1])
        run["step_back"] = {kind: worst(rates, names, tables[kind]) for kind in KINDS}
        runs.append(run)
        print("fine", first, step_facts(steps[-1]), flush=True)
    joined = {kind: np.concatenate([each[kind] for each in steps]) for kind in steps[0]}
    return {"images": names, "all": step_facts(joined), "runs": runs}


def step_facts(steps: dict[str, Table]) -> dict[str, Any]:
    """Of steps of means between neighbouring rates: median size, mean, and the share backwards."""
    facts: dict[str, Any] = {"median_step": {}, "mean_step": {}, "back_percent": {}}
    for kind, each in steps.items():
        facts["median_step"][kind] = float(f"{np.median(np.abs(each)):.3g}")
        facts["mean_step"][kind] = float(f"{each.mean():.3g}")
        facts["back_percent"][kind] = round(100 * float((each < 0).mean()), 1)
    return facts


def main() -> None:
    parser = options_of(__doc__, "codec_rates")
    parser.add_argument("--stride", type=int, default=50)
    options = parser.parse_args()
    torch.set_num_threads(1)
    begun = start(__doc__, options, ("sweep", "fine"), stride=options.stride)
    codec = CountingCodec(begun.codec.config, begun.codec.weights, begun.codec.about)
    facts, images = begun.result.facts, begun.images
    facts["goals"] = GOALS
    if "sweep" not in facts:
        begun.result.keep("sweep", sweep(codec, images, options.stride))
    if "fine" not in facts:
        some = images[:: max(1, len(images) // FINE_IMAGES)][:FINE_IMAGES]
        begun.result.keep("fine", fine(codec, some))
    print(facts["sweep"]["step_back"], facts["fine"]["all"], file=sys.stderr)


if __name__ == "__main__":
    main()
