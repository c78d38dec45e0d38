"""Items made visible: thumbnails where there are images, else snippets of text, else names."""

from __future__ import annotations

import base64
import io
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from covey.io.report.words import safe
from covey.types import Int64

THUMBNAIL_SIDE = 112
IMAGE_BUDGET = 7_000_000
_SMALL = 40
_UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    MemoryError,
    Image.DecompressionBombError,
)


class ContactSheet:
    """Draws items as HTML, with a budget of bytes for all thumbnails together.

    Attributes:
        ids: n names, or None for the item numbers.
        images: n arrays (h, w[, 1 | 3 | 4]) or paths of image files, or None.
        texts: n texts, or None.
        left: Bytes of the budget that are not yet spent; items drawn later get their name only.
        unreadable: Images that could not be opened.
    """

    def __init__(
        self,
        ids: Sequence[Any] | NDArray[Any] | None,
        images: Sequence[Any] | NDArray[Any] | None,
        texts: Sequence[Any] | NDArray[Any] | None,
        budget: int = IMAGE_BUDGET,
    ) -> None:
        self.ids, self.images, self.texts = ids, images, texts
        self.left = budget
        self.unreadable = 0
        self._drawn: dict[int, str | None] = {}
        self._white = None if images is None or not len(images) else white_level(images)

    @property
    def kind(self) -> str:
        """`images`, `texts` or `names`: what the items are drawn as."""
        if self.images is not None:
            return "images"
        return "names" if self.texts is None else "texts"

    def name(self, item: int) -> str:
        """The item's identifier as plain text."""
        return str(item if self.ids is None else self.ids[item])

    def captions(self, items: Int64, *, most: int) -> list[str] | None:
        """Plain texts, else names, cut at `most` characters; None where there are only numbers."""
        if self.texts is not None:
            return [str(self.texts[int(i)])[:most] for i in items]
        return None if self.ids is None else [self.name(int(i))[:most] for i in items]

    def sheet(self, items: Int64, strength: NDArray[np.float32]) -> str:
        """A list of items, `strength` (n,) shown on hover."""
        cells = "".join(
            f"<li>{self.cell(int(i), f'strength {strength[i]:.2f}')}</li>" for i in items
        )
        return f'<ul class="sheet {self.kind}">{cells}</ul>'

    def cell(self, item: int, about: str) -> str:
        """One item; its name and `about` are shown on hover."""
        name = safe(self.name(item))
        hover = f'title="{name}&#10;{safe(about)}"'
        if self.texts is not None and self.images is None:
            return f'<span class="snippet" {hover}>{safe(self.texts[item], most=140)}</span>'
        source = self._source(item)
        if source is None:
            return f'<span class="name" {hover}>{safe(self.name(item), most=60)}</span>'
        told = name if self.texts is None else safe(self.texts[item])
        return f'<img src="{source}" alt="{told}" {hover} loading="lazy">'

    def _source(self, item: int) -> str | None:
        if self.images is None:
            return None
        source = self._drawn.get(item)
        if item not in self._drawn:
            try:
                source = thumbnail(self.images[item], self._white)
            except _UNREADABLE:
                self.unreadable += 1
                source = None
            self._drawn[item] = source
        if source is None or len(source) > self.left:
            return None
        self.left -= len(source)
        return source


def thumbnail(image: Any, white: float | None = None) -> str:
    """A `data:` address of at most 112 pixels a side: PNG where small, WebP otherwise.

    Args:
        image: Array (h, w[, 1 | 3 | 4]), or the path of an image file.
        white: The value that is drawn as white, for arrays of floats; 1 where not given.

    Raises:
        OSError: If a file cannot be read as an image.
        ValueError: If an array has no shape of an image.
    """
    if isinstance(image, (str, os.PathLike)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            try:
                picture = _from_file(image)
            except Image.DecompressionBombWarning as error:
                raise OSError(f"{image}: too many pixels for a thumbnail") from error
    else:
        picture = picture_from_array(np.asarray(image), white)
    out = io.BytesIO()
    if max(picture.size) <= _SMALL:
        picture.save(out, "PNG", optimize=True)
        kind = "png"
    else:
        picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
        picture.save(out, "WEBP", quality=72, method=2)
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def _from_file(path: str | os.PathLike[str]) -> Image.Image:
    with Image.open(path) as opened:
        opened.draft("RGB", (2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE))
        if opened.mode.startswith(("I", "F")):
            return picture_from_array(np.asarray(opened).astype(np.float64), None)
        turned = ImageOps.exif_transpose(opened)
        see_through = "transparency" in turned.info or turned.mode in ("LA", "PA", "RGBA")
        mode = "L" if turned.mode in ("1", "L") else "RGBA" if see_through else "RGB"
        return turned.convert(mode)


def picture_from_array(array: NDArray[Any], white: float | None) -> Image.Image:
    """(h, w) or (h, w, 1 to 4) numbers as a picture; `white` is the value of white, see there."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[2] > 4):
        raise ValueError(f"an image must have shape (h, w) or (h, w, 3), got {array.shape}")
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        level = white if white is not None else _level(array)
        scaled = np.nan_to_num(array.astype(np.float64), posinf=level, neginf=0.0) / level
        array = (np.clip(scaled, 0.0, 1.0) * 255.0).round().astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(array))


def white_level(images: Sequence[Any] | NDArray[Any]) -> float | None:
    """One white for a whole collection of arrays, from 64 of them; None for files."""
    if isinstance(images[0], (str, os.PathLike)):
        return None
    chosen = np.linspace(0, len(images) - 1, min(len(images), 64)).astype(int)
    return max(_level(np.asarray(images[int(i)])) for i in chosen)


def _level(array: NDArray[Any]) -> float:
    """1 for values in [0, 1], 255 for bytes kept in another type, else the largest value."""
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    most = float(finite.max(initial=0))
    if most <= 1.0:
        return 1.0
    return 255.0 if 128.0 <= most <= 255.0 else most
