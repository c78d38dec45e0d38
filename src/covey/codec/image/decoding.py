"""The bytes of a file to a picture, as much as there is of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.codec.container import Container
from covey.codec.image.at_once import Tick, each, silent
from covey.codec.image.config import LATENT
from covey.codec.image.frozen import SIXTEENTHS
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Decoded, Picture
from covey.codec.image.sections import alpha_of, rate_of
from covey.codec.image.tile_coding import PARTS, decode_tile
from covey.codec.image.windows import Box, Pixels, cells_of, synthesise
from covey.codec.rate_index import Numbers
from covey.types import Float32, InputError


def decode_picture(
    codec: ImageCodec,
    container: Container,
    *,
    threads: int = 1,
    tick: Tick = silent,
) -> Decoded:
    """Reads a picture, as much as there is of it.

    Args:
        codec: The model that it was coded by.
        container: The file.
        threads: Tiles at a time; of torch where there is a single tile, at most.
        tick: Called with the share done.

    Returns:
        The picture. Tiles that are damaged have the mean of what is sound; of tiles that are cut
        off, what is missing is foreseen from what is there.

    Raises:
        InputError: If it was coded by another model, or its map of rates is damaged.
    """
    header = container.header
    if header.mark != codec.mark:
        raise InputError(
            f"was coded by the model {header.mark.hex()}, and this one is {codec.mark.hex()}; "
            "decode it by the one that coded it"
        )
    rate = rate_of(container)
    read = read_latents(codec, container, rate, threads=threads, tick=lambda done: tick(done / 2))
    latents, boxes = read.latents, header.boxes
    conceal(latents, boxes, read.bad, read.parts, codec.steps(rate))
    _, height, width = latents.shape
    pixels = np.empty((LATENT * height, LATENT * width, 3), np.uint8)

    def painted(box: Box, tell: Tick) -> None:
        rows, columns = (slice(LATENT * side.start, LATENT * side.stop) for side in box)
        part = synthesise(codec, latents, box, rate)
        pixels[rows, columns] = _grey(part) if header.grey else part

    each(painted, boxes, threads, lambda done: tick(0.5 + 0.5 * done))
    pixels = np.ascontiguousarray(pixels[: header.height, : header.width])
    damage = list(_damage(container, read.bad, read.parts))
    alpha, told = alpha_of(container)
    picture = Picture(
        pixels,
        header.grey,
        alpha,
        container.sections.get("profile", b""),
        header.orientation,
    )
    return Decoded(picture, (*damage, *told))


@dataclass(frozen=True, slots=True)
class ReadLatents:
    """Latents of a file, as far as they can be read.

    Attributes:
        latents: (latents, h, w) float32, whole sixteenths, 0 where a tile is damaged.
        bad: Which tiles are damaged.
        parts: How many parts of each were read.
    """

    latents: Float32
    bad: list[bool]
    parts: list[int]


def read_latents(
    codec: ImageCodec,
    container: Container,
    rate: Numbers,
    *,
    threads: int = 1,
    tick: Tick = silent,
) -> ReadLatents:
    """Reads latents: whole sixteenths, the same on any machine and any number of threads.

    Args:
        codec: The model that they were coded by.
        container: The file.
        rate: As `sections.rate_of` gives it.
        threads: Tiles at a time; of torch where there is a single tile, at most.
        tick: Called with the share done.
    """
    boxes = container.header.boxes
    latents = np.zeros((len(codec.foresight.places), *container.header.latents), np.float32)
    bad, parts = [False] * len(boxes), [0] * len(boxes)

    def read(number: int, tell: Tick) -> None:
        stream, box = container.tiles[number], boxes[number]
        if stream.whole and not stream.sound:
            bad[number] = True
            return
        shape = (box[0].stop - box[0].start, box[1].stop - box[1].start)
        try:
            found = decode_tile(
                codec.foresight, codec.coder, stream.words, stream.ends, shape, cells_of(rate, box)
            )
        except InputError:
            bad[number] = True
            return
        parts[number] = found.parts
        latents[:, *box] = found.latents.astype(np.float32) / SIXTEENTHS

    each(read, range(len(boxes)), threads, tick)
    return ReadLatents(latents, bad, parts)


def conceal(
    latents: NDArray[np.float32],
    boxes: Sequence[Box],
    bad: Sequence[bool],
    parts: Sequence[int],
    steps: Float32,
) -> None:
    """Gives tiles of which nothing could be read the mean of all others, in place.

    Args:
        latents: (latents, h, w).
        boxes: Of the tiles.
        bad: Which are damaged.
        parts: How many parts of each were read.
        steps: What a latent is worth before the synthesis: (latents, 1, 1), or one for each cell,
            (latents, h / 2, w / 2).
    """
    lost = [a or not b for a, b in zip(bad, parts, strict=True)]
    if not any(lost) or all(lost):
        return
    sound = [box for box, gone in zip(boxes, lost, strict=True) if not gone]
    means = [(latents[:, *box] * _of_box(steps, box)).mean(axis=(1, 2)) for box in sound]
    mean = np.mean(means, axis=0)[:, None, None]
    for box, gone in zip(boxes, lost, strict=True):
        if gone:
            latents[:, *box] = mean / _of_box(steps, box)


def _of_box(steps: Float32, box: Box) -> Float32:
    """Steps of the latents of a tile."""
    if steps.shape[1:] == (1, 1):
        return steps
    rows, columns = (slice(side.start // 2, side.stop // 2) for side in box)
    return steps[:, rows, columns].repeat(2, axis=1).repeat(2, axis=2)


def _damage(container: Container, bad: Sequence[bool], parts: Sequence[int]) -> Sequence[str]:
    told = [f"its {name} is damaged or missing" for name in container.lost]
    n = len(parts)
    if any(bad):
        told.append(f"{sum(bad)} of {n} tiles are damaged, and painted over")
    short = [each for each, gone in zip(parts, bad, strict=True) if not gone and each < PARTS]
    if short:
        told.append(
            f"it is cut off: of {len(short)} of {n} tiles parts are missing, and foreseen "
            f"({min(short)} of {PARTS} parts are there of the worst)"
        )
    return told


def _grey(pixels: Pixels) -> Pixels:
    """The luma of all, three times."""
    luma = (pixels @ np.array([299, 587, 114], np.int32) + 500) // 1000
    return np.repeat(luma[:, :, None].astype(np.uint8), 3, axis=2)
