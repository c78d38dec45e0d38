"""Whole pictures to the bytes of a file."""

from __future__ import annotations

import numpy as np

from covey.codec.container import (
    LEAST_TILE,
    MOST_TILE,
    Container,
    Header,
    TileStream,
    pack,
)
from covey.codec.image.at_once import Tick, each, silent
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Encoded, Picture
from covey.codec.image.refine import refine
from covey.codec.image.sections import sections_of
from covey.codec.image.tile_coding import CodedTile, encode_tile
from covey.codec.image.windows import Box, analyse, cells_of, padded
from covey.codec.rate_index import RATES, Numbers
from covey.types import UsageError

EFFORTS = (0, 1, 2)
"""Of the encoder."""


def encode_picture(
    codec: ImageCodec,
    picture: Picture,
    rate: Numbers,
    *,
    effort: int = 1,
    tile: int = 6,
    threads: int = 1,
    tick: Tick = silent,
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

    tiles = each(coded, header.boxes, threads, tick)
    streams = [TileStream(one.words, one.ends) for one in tiles]
    return Encoded(pack(Container(header, streams, sections_of(picture, rate))), tiles)


def _check_rate(rate: Numbers, header: Header) -> None:
    if np.min(rate) < 0 or np.max(rate) >= RATES:
        raise UsageError(f"rates are numbers of 0 to {RATES - 1}")
    wanted = tuple(side // 2 for side in header.latents)
    if not isinstance(rate, int) and rate.shape != wanted:
        raise UsageError(f"the map of rates is {rate.shape}, and the picture has {wanted} squares")
