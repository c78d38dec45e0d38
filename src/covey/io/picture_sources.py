"""What may be given as a picture or as a mask of one: a file, an array, an image of Pillow."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from covey.codec.image.picture import Picture
from covey.io.pictures import image_of, picture_of, read_picture
from covey.types import InputError, UsageError

Source = str | PathLike[str] | NDArray[np.uint8] | Image.Image

_BACK = {6: 8, 8: 6}  # orientations that are not their own opposites


def picture_from(source: Source, most_pixels: int) -> tuple[Picture, list[str]]:
    """A picture in 8 bits, and notes on what of it is not kept.

    Args:
        source: A file that Pillow opens, an image of it, or (h, w) or (h, w, 1 to 4) uint8, alpha
            last where there are 2 or 4 channels.
        most_pixels: Larger ones are refused.

    Raises:
        InputError: If it is no picture, has no pixels, or too many.
        UsageError: If an array has another shape or number format.
    """
    if isinstance(source, str | PathLike):
        return read_picture(source, most_pixels)
    if isinstance(source, Image.Image):
        _check_size(source.width * source.height, most_pixels)
        return picture_of(source)
    array: NDArray[Any] = np.asarray(source)
    if array.dtype != np.uint8:
        raise UsageError(f"pixels must be uint8, got {array.dtype}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (2, 3, 4)):
        raise UsageError(f"pixels must be (h, w) or (h, w, 2 to 4), got {array.shape}")
    if not array.size:
        raise InputError("the picture has no pixels")
    _check_size(array.shape[0] * array.shape[1], most_pixels)
    return picture_of(Image.fromarray(np.ascontiguousarray(array)))


def mask_from(
    source: Source | NDArray[np.bool_], picture: Picture, most_pixels: int
) -> NDArray[np.bool_]:
    """Where a mask is white: a channel above 127, and not transparent.

    Args:
        source: As for `picture_from`, or (h, w) bool. It lies over the picture as that is seen,
            upright.
        picture: What it is a mask of.
        most_pixels: Larger ones are refused.

    Returns:
        (h, w) bool, of the pixels of the picture as they are stored.

    Raises:
        InputError: If it is no picture, or of another size.
        UsageError: As `picture_from` does.
    """
    given: Any = source
    if isinstance(source, np.ndarray) and source.dtype == np.bool_:
        given = source.astype(np.uint8) * np.uint8(255)
    mask, _ = picture_from(given, most_pixels)
    white = mask.pixels.max(axis=2) > 127
    if mask.alpha is not None:
        white &= mask.alpha > 127
    white = _turned(white, mask.orientation)
    height, width = picture.pixels.shape[:2]
    stored = _turned(white, _BACK.get(picture.orientation, picture.orientation))
    if stored.shape != (height, width):
        name = f"{source}: " if isinstance(source, str | PathLike) else "the mask "
        seen = (width, height) if picture.orientation < 5 else (height, width)
        a, b = (f"{each[0]} x {each[1]}" for each in (white.shape[::-1], seen))
        raise InputError(f"{name}has {a} pixels, and the picture {b}")
    return stored


def _check_size(pixels: int, most: int) -> None:
    if pixels > most:
        raise InputError(f"the picture has more than {most:,} pixels")


def _turned(mask: NDArray[np.bool_], orientation: int) -> NDArray[np.bool_]:
    """A mask that is stored in some orientation, upright."""
    grey = np.repeat(mask[:, :, None].astype(np.uint8) * np.uint8(255), 3, axis=2)
    image = image_of(Picture(grey, grey=True, orientation=orientation))
    return np.asarray(image) > 127
