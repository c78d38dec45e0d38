"""What is coded, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from covey.codec.image.tile_coding import CodedTile
from covey.codec.image.windows import Pixels


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
