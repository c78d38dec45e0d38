"""Pictures of items made small, once, and kept in the folder of the project."""

from __future__ import annotations

import hashlib
import stat
import struct
import warnings
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Header, Response
from PIL import Image, ImageOps

from covey.io.atomic import atomic_file
from covey.io.deep_pixels import DEEP, eight_bits
from covey.io.files import shown
from covey.server.problems import NotThereError
from covey.server.session import Opened
from covey.types import CoveyError

router = APIRouter(tags=["items"])

_KEEPING = "private, no-cache"  # kept, but asked for again: other projects come to the same port
_IN_A_FOLDER = 1000
_QUALITY = 82
_FORMATS = (
    *("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "HEIF", "CVI"),
    *("JXL", "QOI", "ICO"),
)
_MOST_PIXELS = 1 << 27
_UNREADABLE = (
    struct.error,
    EOFError,
    KeyError,
    IndexError,
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    MemoryError,
    CoveyError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class Side(IntEnum):
    """Pixels of the longer side at most."""

    SMALL = 160
    LARGE = 640


@router.get(
    "/v1/items/{item}/thumbnail",
    response_class=Response,
    responses={
        200: {"content": {"image/webp": {}}},
        304: {"description": "The client has it already, as its If-None-Match says."},
    },
)
def thumbnail(
    session: Opened,
    item: int,
    size: Side = Side.SMALL,
    if_none_match: Annotated[str, Header(description="ETags of pictures that are there.")] = "",
) -> Response:
    """The picture of an item, small, as WebP; transparent where it is."""
    with session.reading() as review:
        source = review.items.picture_of(session.item(item))
        name = review.items.id_of(item)
        folder = review.project.thumbnails / str(int(size)) / f"{item // _IN_A_FOLDER:06d}"
    if source is None:
        raise NotThereError(f"item {item} ({shown(name)}) has no picture")
    path = folder / f"{item}.webp"
    data = _kept(path)
    if not data:
        found = session.moved.now_at(Path(source))
        picture = _opened(found, size, f"item {item} ({shown(name)})")
        data = _written(picture, path)
    headers = {"Cache-Control": _KEEPING, "ETag": f'"{hashlib.sha256(data).hexdigest()[:32]}"'}
    if headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type="image/webp", headers=headers)


def _opened(source: Path, size: int, of: str) -> Image.Image:
    """A picture made small.

    Raises:
        NotThereError: If it is not there or cannot be read. It names the file, not its folder.
    """
    try:
        return small_picture(source, size)
    except FileNotFoundError:
        raise NotThereError(
            f"the picture of {of}, {source.name}, is not where it was when it was added; if "
            "pictures were moved, begin covey review with --images FOLDER"
        ) from None
    except _UNREADABLE as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        why = why.replace(str(source), source.name)
        raise NotThereError(f"the picture of {of}, {source.name}, cannot be read: {why}") from error


def _kept(path: Path) -> bytes:
    """A small picture that was made before; what else has its name goes, and is never followed."""
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            return path.read_bytes()
        path.unlink()
    except OSError:
        pass
    return b""


def _written(picture: Image.Image, path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        picture.save(temporary, "WEBP", quality=_QUALITY, method=2)
    return path.read_bytes()


def _known_formats() -> list[str]:
    """Formats of pictures that are opened; none that runs another program (EPS, PDF)."""
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def small_picture(source: Path, size: int) -> Image.Image:
    """A picture upright, in RGB or RGBA, whose longer side has `size` pixels at most.

    Raises:
        OSError, ValueError, CoveyError: If it cannot be read, or has far too many pixels.
    """
    if source.suffix.lower() == ".cvi":
        import covey.pillow_plugin  # noqa: F401
    if not stat.S_ISREG(source.stat().st_mode):  # a pipe would be waited for, for good
        raise ValueError("it is no regular file")
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(source, formats=_known_formats()) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise ValueError(f"it has more than {_MOST_PIXELS:,} pixels")
            opened.draft("RGB", (2 * size, 2 * size))
            if opened.mode in DEEP:
                values, _ = eight_bits(opened)
                found: Image.Image = Image.fromarray(np.ascontiguousarray(values))
            else:
                found = ImageOps.exif_transpose(opened)
            clear = "transparency" in found.info or found.mode in ("LA", "PA", "RGBA", "La", "RGBa")
            found = found.convert("RGBA" if clear else "RGB")
    found.thumbnail((size, size), Image.Resampling.LANCZOS)
    return found
