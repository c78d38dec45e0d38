"""Whole pictures to the bytes of a file and back."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from covey.codec.container import (
    LEAST_TILE,
    MOST_TILE,
    Container,
    Header,
    TileStream,
    pack,
)
from covey.codec.image.frozen import SIXTEENTHS
from covey.codec.image.model import ImageCodec
from covey.codec.image.refine import refine
from covey.codec.image.tile_coding import PARTS, CodedTile, decode_tile, encode_tile
from covey.codec.image.windows import Box, Pixels, analyse, cells_of, padded, synthesise
from covey.codec.rate_index import RATES, Numbers
from covey.threads import torch_threads
from covey.types import Float32, InputError, UsageError

EFFORTS = (0, 1, 2)
"""Of the encoder."""

Tick = Callable[[float], None]
One = TypeVar("One")
Done = TypeVar("Done")


def _silent(done: float) -> None:
    """Nobody follows."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is coded.

    Attributes:
        pixels: (height, width, 3) uint8; three equal channels of a grey picture.
        grey: Whether it has one channel.
        alpha: (height, width) uint8, kept exactly; None where nothing is transparent.
        profile: ICC colour profile; empty if there is none.
        orientation: As EXIF numbers it, 1 to 8.
    """

    pixels: Pixels
    grey: bool = False
    alpha: NDArray[np.uint8] | None = None
    profile: bytes = b""
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a file says.

    Attributes:
        picture: As far as it could be read.
        damage: What could not, in words; empty for a sound file.
    """

    picture: Picture
    damage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A coded picture.

    Attributes:
        data: The file.
        tiles: What its tiles became.
    """

    data: bytes
    tiles: Sequence[CodedTile] = field(repr=False)


def encode_picture(
    codec: ImageCodec,
    picture: Picture,
    rate: Numbers,
    *,
    effort: int = 1,
    tile: int = 6,
    threads: int = 1,
    tick: Tick = _silent,
) -> Encoded:
    """Codes a picture.

    Args:
        codec: The model.
        picture: At least one pixel.
        rate: Number of a rate in [0, 8999], or (rows, columns) of them, one for each square of 32
            pixels from the top left corner.
        effort: 0 rounds latents; 1 weighs the bits of each against its error; 2 refines them by
            gradients, some hundred times as long, see `refine`.
        tile: Side of a tile in latents of 16 pixels, as a power of two in [4, 8].
        threads: Tiles at a time; of torch where there is a single tile, at most.
        tick: Called with the share done.

    Raises:
        UsageError: If the rate or the effort is none, or the map of rates has another size.
    """
    if effort not in EFFORTS:
        raise UsageError(f"effort must be 0, 1 or 2, got {effort}")
    height, width = size = picture.pixels.shape[:2]
    rate = int(rate) if np.ndim(rate) == 0 else rate
    header = Header(
        width,
        height,
        codec.mark,
        int(np.min(rate)),
        tile,
        grey=picture.grey,
        orientation=picture.orientation,
    )
    _check_rate(rate, header)
    if not LEAST_TILE <= tile <= MOST_TILE:
        raise UsageError(f"tile must be a power of 2 of {LEAST_TILE} to {MOST_TILE}, got {tile}")
    pixels = padded(picture.pixels)

    def coded(box: Box, tell: Tick) -> CodedTile:
        start = analyse(codec, pixels, box, rate)
        y, z = start
        if effort > 1:
            y, z = refine(codec, pixels, size, box, rate, start, tick=tell)
        within = cells_of(rate, box)
        worth = codec.worth(within) if effort == 1 else None
        return encode_tile(codec.foresight, codec.coder, y, z, within, worth=worth)

    tiles = _each(coded, header.boxes, threads, tick)
    streams = [TileStream(each.words, each.ends) for each in tiles]
    return Encoded(pack(Container(header, streams, sections_of(picture, rate))), tiles)


def decode_picture(
    codec: ImageCodec,
    container: Container,
    *,
    threads: int = 1,
    tick: Tick = _silent,
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
    rate = _rate_of(container)
    size = (len(codec.foresight.places), *header.latents)
    latents = np.zeros(size, np.float32)
    boxes = header.boxes
    parts = [0] * len(boxes)
    bad = [False] * len(boxes)

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

    _each(read, range(len(boxes)), threads, lambda done: tick(0.5 * done))
    conceal(latents, boxes, bad, parts, codec.steps(rate))
    pixels = np.empty((16 * size[1], 16 * size[2], 3), np.uint8)

    def painted(box: Box, tell: Tick) -> None:
        rows, columns = (slice(16 * side.start, 16 * side.stop) for side in box)
        part = synthesise(codec, latents, box, rate)
        pixels[rows, columns] = _grey(part) if header.grey else part

    _each(painted, boxes, threads, lambda done: tick(0.5 + 0.5 * done))
    pixels = np.ascontiguousarray(pixels[: header.height, : header.width])
    damage = list(_damage(container, bad, parts))
    alpha, told = _alpha_of(container)
    picture = Picture(
        pixels,
        header.grey,
        alpha,
        container.sections.get("profile", b""),
        header.orientation,
    )
    return Decoded(picture, (*damage, *told))


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


def sections_of(picture: Picture, rate: Numbers) -> dict[str, bytes]:
    """What stands beside the streams."""
    found = {}
    if not isinstance(rate, int):
        found["map"] = zlib.compress(np.ascontiguousarray(rate, "<u2").tobytes(), 9)
    if picture.profile:
        found["profile"] = picture.profile
    if picture.alpha is not None:
        found["alpha"] = zlib.compress(_rises(picture.alpha).tobytes(), 9)
    return found


def _each(
    work: Callable[[One, Tick], Done], of: Sequence[One], threads: int, tick: Tick
) -> list[Done]:
    """Does some work for each, several at a time; on one thread each, a single one on all."""
    found: list[Done] = []
    workers = min(threads, len(of))
    shares = [0.0] * len(of)

    def alone(number: int) -> Done:
        def tell(done: float) -> None:
            shares[number] = done
            tick(sum(shares) / len(shares))

        with torch.inference_mode():
            return work(of[number], tell)

    with torch_threads(1 if workers > 1 else threads), ExitStack() as stack:
        results: Iterable[Done] = map(alone, range(len(of)))
        if workers > 1:
            pool = stack.enter_context(ThreadPoolExecutor(workers, initializer=_on_one_thread))
            results = pool.map(alone, range(len(of)))
        for number, result in enumerate(results):
            found.append(result)
            shares[number] = 1.0
            tick(sum(shares) / len(shares))
    return found


def _on_one_thread() -> None:
    torch.set_num_threads(1)


def _check_rate(rate: Numbers, header: Header) -> None:
    if np.min(rate) < 0 or np.max(rate) >= RATES:
        raise UsageError(f"rates are numbers of 0 to {RATES - 1}")
    wanted = tuple(side // 2 for side in header.latents)
    if not isinstance(rate, int) and rate.shape != wanted:
        raise UsageError(f"the map of rates is {rate.shape}, and the picture has {wanted} squares")


def _rate_of(container: Container) -> Numbers:
    header = container.header
    if "map" in container.lost:
        raise InputError("its map of rates is damaged or missing, and nothing can be read without")
    if "map" not in container.sections:
        return header.rate
    shape = tuple(side // 2 for side in header.latents)
    found = _inflated(container.sections["map"], 2 * shape[0] * shape[1])
    rate = np.frombuffer(found or b"", "<u2").astype(np.int64)
    if found is None or rate.max() >= RATES:
        raise InputError("its map of rates is damaged")
    return rate.reshape(shape)


def _alpha_of(container: Container) -> tuple[NDArray[np.uint8] | None, tuple[str, ...]]:
    data = container.sections.get("alpha")
    if data is None:
        return None, ()
    shape = (container.header.height, container.header.width)
    found = _inflated(data, shape[0] * shape[1])
    if found is None:
        return None, ("its alpha does not fit",)
    rises = np.frombuffer(found, np.uint8).reshape(shape)
    return np.cumsum(rises, axis=0, dtype=np.uint8), ()


def _rises(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """By how much each row is more than the one above, modulo 256."""
    return np.diff(alpha, axis=0, prepend=np.uint8(0))


def _inflated(data: bytes, size: int) -> bytes | None:
    """Exactly so many bytes, or None; no more memory is taken whatever the data say."""
    try:
        found = zlib.decompressobj().decompress(data, size + 1)
    except zlib.error:
        return None
    return found if len(found) == size else None


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
