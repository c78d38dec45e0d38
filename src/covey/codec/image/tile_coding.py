"""Latents of one tile to words and back: hyper-latents first, then four steps.

    z      whole numbers, by tables that the rate decides; where the table is 0, z = 0
    step   q = round(y - mean), by the table of each; where the table is 0, q = 0
    y      = q + mean, in sixteenths

Only whole numbers are computed here but for `y - mean` in the encoder, where a half may come out
one way or the other without harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from covey.codec.entropy.coder import LOOK_AHEAD, Coder, Words
from covey.codec.image.cells import STEPS, from_cells, to_cells
from covey.codec.image.frozen import SIXTEENTHS
from covey.codec.rate_index import Numbers
from covey.types import Float32

PARTS = 1 + STEPS
"""Parts of a tile's stream: hyper-latents and the steps."""

MOST_LATENT = 2**20
"""Largest whole number that is coded."""


class Foreseeing(Protocol):
    """What says by which tables latents are coded, see `FrozenForesight`."""

    @property
    def hyper_scale(self) -> NDArray[np.int16]:
        """(levels, hyper)."""

    @property
    def places(self) -> NDArray[np.int8]:
        """(latents,)."""

    def hyper_tables(self, rate: Numbers) -> NDArray[np.uint8]:
        """Of hyper-latents."""

    def hints(self, z: NDArray[np.int32], rate: Numbers) -> Tensor:
        """From hyper-latents."""

    def read(self, decoded: NDArray[np.int32]) -> Tensor:
        """Decoded latents as steps read them."""

    def step(
        self, number: int, hints: Tensor, read: list[Tensor], rate: Numbers
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Means and tables of a step."""


@dataclass(frozen=True, slots=True)
class CodedTile:
    """What a tile is in a file.

    Attributes:
        words: The stream.
        ends: After how many words each of the `PARTS` ends.
        latents: (latents, h, w) int32, as they will be decoded, in sixteenths.
    """

    words: Words
    ends: tuple[int, ...]
    latents: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class DecodedTile:
    """What a stream says, as far as it goes.

    Attributes:
        latents: (latents, h, w) int32 sixteenths; means, where a step is missing.
        parts: How many parts were there.
    """

    latents: NDArray[np.int32]
    parts: int


def encode_tile(
    foresight: Foreseeing,
    coder: Coder,
    y: Float32,
    z: Float32,
    rate: Numbers,
    *,
    worth: Float32 | None = None,
) -> CodedTile:
    """Codes the latents of a tile.

    Args:
        foresight: Of the model.
        coder: Of its tables.
        y: (latents, h, w), h and w even.
        z: (hyper, ceil(h / 4), ceil(w / 4)).
        rate: Number of a rate, or (h / 2, w / 2) of them, one a cell.
        worth: (latents, 1, 1) or (latents, h / 2, w / 2) float32, bits that the square of a
            latent's error is worth: each value may then be a step nearer to 0, where that saves
            more (rate-distortion optimised quantisation). None rounds.
    """
    writer = coder.writer()
    whole = _whole(z)
    above = hyper_rates(rate, whole.shape[1:])
    tables = _spread(foresight.hyper_tables(above), whole.shape)
    whole[tables.reshape(whole.shape) == 0] = 0
    writer.write(whole.ravel(), tables)
    cells = to_cells(torch.from_numpy(y)[None])[0].numpy()
    hints = _hints(foresight, whole, above, cells.shape[2:])
    decoded = np.empty(cells.shape, np.int32)
    read: list[Tensor] = []
    for number in range(STEPS):
        mean, table = foresight.step(number, hints, read, rate)
        off = cells[number] - mean.astype(np.float32) / SIXTEENTHS
        q = _whole(off)
        q[table == 0] = 0
        if worth is not None:
            q = _cheaper(q, off, table, coder, worth)
        writer.write(q.ravel(), table.ravel())
        decoded[number] = q * SIXTEENTHS + mean
        read.append(foresight.read(decoded[number]))
    words, ends = writer.words()
    return CodedTile(words, ends, _latents(decoded))


def decode_tile(
    foresight: Foreseeing,
    coder: Coder,
    words: Words,
    ends: tuple[int, ...],
    size: tuple[int, int],
    rate: Numbers,
) -> DecodedTile:
    """Reads the latents of a tile, or as many parts of them as its words hold.

    Args:
        foresight: Of the model.
        coder: Of its tables.
        words: The stream, which may be cut off.
        ends: Of its parts, as written.
        size: h and w of the latents, even.
        rate: As it was coded.

    Raises:
        InputError: If it makes no sense.
    """
    whole = len(words) >= ends[-1]
    there = PARTS if whole else sum(end + LOOK_AHEAD <= len(words) for end in ends[:-1])
    reader = coder.reader(words)
    height, width = size
    shape = (foresight.hyper_scale.shape[1], -(-height // 4), -(-width // 4))
    above = hyper_rates(rate, shape[1:])
    z = np.zeros(shape, np.int32)
    if there:
        z = reader.read(_spread(foresight.hyper_tables(above), shape)).reshape(shape)
    cells = (len(foresight.places), height // 2, width // 2)
    hints = _hints(foresight, z, above, cells[1:])
    decoded = np.empty((STEPS, *cells), np.int32)
    read: list[Tensor] = []
    for number in range(STEPS):
        mean, table = foresight.step(number, hints, read, rate)
        decoded[number] = mean
        if number + 1 < there:
            decoded[number] += reader.read(table.ravel()).reshape(cells) * SIXTEENTHS
        read.append(foresight.read(decoded[number]))
    return DecodedTile(_latents(decoded), there)


def hyper_rates(rate: Numbers, size: tuple[int, ...]) -> Numbers:
    """The highest of the rates of the 2 x 2 cells of each hyper-latent."""
    if isinstance(rate, int):
        return rate
    height, width = size
    full = np.zeros((2 * height, 2 * width), np.int64)
    full[: rate.shape[0], : rate.shape[1]] = rate
    return full.reshape(height, 2, width, 2).max(axis=(1, 3))


def _cheaper(
    q: NDArray[np.int32],
    off: Float32,
    table: NDArray[np.uint8],
    coder: Coder,
    worth: Float32,
) -> NDArray[np.int32]:
    """Each value, or the next one nearer to 0, whichever costs less in bits and error together."""
    nearer = q - np.sign(q)
    saved = coder.bits(q, table) - coder.bits(nearer, table)
    lost = worth * (np.square(off - nearer) - np.square(off - q))
    return np.where(saved > lost, nearer, q)


def _hints(
    foresight: Foreseeing, z: NDArray[np.int32], rate: Numbers, size: tuple[int, ...]
) -> Tensor:
    return foresight.hints(z, rate)[:, :, : size[0], : size[1]].contiguous()


def _spread(table: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.broadcast_to(table, shape).ravel()


def _whole(x: Float32) -> NDArray[np.int32]:
    x = np.nan_to_num(x, nan=0.0, posinf=MOST_LATENT, neginf=-MOST_LATENT)
    return np.clip(np.floor(x + np.float32(0.5)), -MOST_LATENT, MOST_LATENT).astype(np.int32)


def _latents(decoded: NDArray[np.int32]) -> NDArray[np.int32]:
    """(steps, latents, h, w) cells to (latents, 2 h, 2 w)."""
    return from_cells(torch.from_numpy(decoded)[None])[0].numpy()
