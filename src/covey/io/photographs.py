"""Photographs of a folder, to learn from."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from covey.io.files import listed, paths_in
from covey.types import InputError

SUFFIXES = (
    ".avif",
    ".bmp",
    ".gif",
    ".heic",
    ".jp2",
    ".jpeg",
    ".jpg",
    ".jxl",
    ".pgm",
    ".png",
    ".ppm",
    ".tga",
    ".tif",
    ".tiff",
    ".webp",
)
"""Of files in folders that are taken; not all can be read without plug-ins of Pillow."""


def photograph_paths(folder: Path) -> list[Path]:
    """Files of a folder and those in it that look like pictures, by name.

    Raises:
        InputError: If there are none.
    """
    return paths_in(folder, SUFFIXES, "photographs")


def read_photographs(
    paths: list[Path], least: int, *, tell: Callable[[float], None] = lambda done: None
) -> tuple[list[NDArray[np.uint8]], list[Path]]:
    """Reads photographs as colours of 8 bits.

    Args:
        paths: Their files.
        least: Pixels in a row and a column that each must have.
        tell: Called with the share done.

    Returns:
        (h, w, 3) uint8 each, and those that are left out because they are too small.

    Raises:
        InputError: If one cannot be read, or fewer than two are large enough.
    """
    found: list[NDArray[np.uint8]] = []
    small: list[Path] = []
    for number, path in enumerate(paths, 1):
        try:
            with warnings.catch_warnings(), Image.open(path) as image:
                warnings.simplefilter("ignore")
                pixels = np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise InputError(f"{path}: cannot be read as a picture: {error}; remove it") from None
        if min(pixels.shape[:2]) < least:
            small.append(path)
        else:
            found.append(pixels)
        tell(number / len(paths))
    if len(found) < 2:
        raise InputError(
            f"{listed([str(path) for path in small])}: smaller than {least} pixels; at least two "
            "larger photographs are needed"
        )
    return found, small
