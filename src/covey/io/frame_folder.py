"""A folder of numbered pictures as a video, in and out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image

from covey.io.atomic import atomic_folder
from covey.io.pictures import image_of, read_picture
from covey.io.video_source import MOST_PIXELS, Frame, Pixels
from covey.types import InputError

SUFFIXES = {".png", ".jpg", ".jpeg"}
RATE = Fraction(25)
"""Frames a second, unless another is given: pictures do not say."""


class FolderSource:
    """The PNG and JPEG files of a folder, a frame each, in the natural order of their names.

    Attributes:
        As of `VideoSource`; time stamps count frames.
    """

    def __init__(
        self, folder: Path, frame_rate: Fraction = RATE, most_pixels: int = MOST_PIXELS
    ) -> None:
        """Lists the folder and reads the first picture.

        Raises:
            InputError: If there is no picture, or it cannot be read.
        """
        self.name, self._most = str(folder), most_pixels
        self._paths = frame_paths(folder)
        if not self._paths:
            raise InputError(
                f"{folder}: has no PNG or JPEG files to take as frames; for a folder of clips name "
                "a folder to write"
            )
        self.notes: list[str] = gaps([path.stem for path in self._paths])
        self.frame_rate, self.time_base = frame_rate, 1 / frame_rate
        self.expected_frames: int | None = len(self._paths)
        first = self._read(self._paths[0])
        self.height, self.width = first.shape[:2]

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """As `VideoSource` says."""
        for number, path in enumerate(self._paths[start:], start):
            pixels = self._read(path)
            height, width = pixels.shape[:2]
            if (width, height) != (self.width, self.height):
                raise InputError(
                    f"{path}: frame {number} has {width} x {height} pixels, and the first one "
                    f"{self.width} x {self.height}; all must have one size"
                )
            yield number, pixels

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def _read(self, path: Path) -> Pixels:
        picture, notes = read_picture(path, self._most)
        if picture.alpha is not None:
            notes.append("has transparency, which is not kept")
        for note in notes:
            if not any(told.endswith(note) for told in self.notes):
                self.notes.append(f"{path.name} {note}")
        return np.array(image_of(picture).convert("RGB"))


def frame_paths(folder: Path) -> list[Path]:
    """Files of a folder that are frames of a clip, in their order; hidden ones are none."""
    found = (
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.name[0] != "." and path.is_file()
    )
    return sorted(found, key=lambda path: natural(path.name))


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts names as people do: f2 before f10."""
    pieces = re.split(r"([0-9]+)", name)
    return [(int(piece), piece) if at % 2 else (-1, piece) for at, piece in enumerate(pieces)]


def gaps(stems: Sequence[str]) -> list[str]:
    """What is missing among numbered names, in words; nothing where names are no series.

    Args:
        stems: Names without suffixes, in order. They are a series if they differ in their last
            number alone; its least step is that of the series.
    """
    found = [re.fullmatch(r"(.*?)([0-9]+)([^0-9]*)", stem, re.DOTALL) for stem in stems]
    series = [each for each in found if each is not None]
    if len(series) < len(stems) or len({(each[1], each[3]) for each in series}) > 1:
        return []
    numbers = [int(each[2]) for each in series]
    steps = [b - a for a, b in pairwise(numbers)]
    if not steps or min(steps) < 1:
        return []
    wide = [at for at, step in enumerate(steps) if step > min(steps)]
    if not wide:
        return []
    missing = sum(-(-steps[at] // min(steps)) - 1 for at in wide)
    more = f" and in {len(wide) - 1} more places" if len(wide) > 1 else ""
    return [
        f"lacks {missing} of its numbers, between {stems[wide[0]]} and {stems[wide[0] + 1]}{more}; "
        "the frames that are there follow each other without a pause"
    ]


def write_folder(out: Path, frames: Iterable[Pixels], *, overwrite: bool = False) -> int:
    """Writes frames as 000001.png and so on, without loss.

    Returns:
        How many.

    Raises:
        UsageError: As `atomic_folder` does.
    """
    count = 0
    with atomic_folder(out, overwrite=overwrite) as folder:
        for count, pixels in enumerate(frames, 1):
            Image.fromarray(pixels).save(folder / f"{count:06d}.png", compress_level=3)
    return count
