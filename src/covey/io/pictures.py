"""Pictures of any kind that Pillow opens, and files of coded ones."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from covey.codec.image.picture import Picture
from covey.types import InputError, UsageError

SUFFIX = ".cvi"
_ORIENTATION = 0x0112  # tag of EXIF
_DEEP = ("I;16", "I;16B", "I;16L", "I", "F")
_CLEAR = ("RGBA", "LA", "PA", "La", "RGBa")


def read_picture(
    source: str | PathLike[str] | io.BufferedIOBase, most_pixels: int
) -> tuple[Picture, list[str]]:
    """Reads a picture.

    Args:
        source: A file.
        most_pixels: Larger ones are refused before they are decoded.

    Returns:
        The picture in 8 bits, and notes on what of it is not kept.

    Raises:
        InputError: If it is no picture that Pillow reads, or too large.
    """
    name = str(source) if isinstance(source, str | PathLike) else "the picture"
    try:
        with _any_size(), Image.open(source) as image:  # type: ignore[arg-type]
            if image.width * image.height > most_pixels:
                raise InputError(
                    f"{name}: has {image.width:,} x {image.height:,} pixels, more than "
                    f"{most_pixels:,}; allow more if you have the memory"
                )
            image.load()
            return picture_of(image)
    except InputError as error:
        raise InputError(f"{name}: {str(error).removeprefix(f'{name}: ')}") from None
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file") from None
    except Image.DecompressionBombError as error:
        raise InputError(f"{name}: {error}") from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise InputError(f"{name}: cannot be read as a picture: {error}") from None


def picture_of(image: Image.Image) -> tuple[Picture, list[str]]:
    """A picture in 8 bits, and notes on what of it is not kept.

    Raises:
        InputError: If it has no pixels.
    """
    if not (image.width and image.height):
        raise InputError("has no pixels")
    notes = []
    if (frames := getattr(image, "n_frames", 1)) > 1:
        notes.append(f"has {frames} frames; the first one is kept")
    orientation = image.getexif().get(_ORIENTATION, 1)
    profile = image.info.get("icc_profile") or b""
    if image.mode in _DEEP:
        notes.append("has more than 8 bits a channel; 8 are kept")
        image = Image.fromarray(_eight_bits(np.asarray(image)))
    clear = image.mode in _CLEAR or "transparency" in image.info
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode not in ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa"):
        image, profile, told = _as_rgb(image, profile)
        notes += told
    alpha = None
    if clear:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        alpha = None if (alpha == 255).all() else np.ascontiguousarray(alpha)
    pixels = np.ascontiguousarray(np.asarray(image.convert("RGB")))
    turned = orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1
    return Picture(pixels, grey, alpha, profile, turned), notes


def image_of(picture: Picture, *, upright: bool = True) -> Image.Image:
    """A picture as Pillow holds it, with its colour profile.

    Args:
        picture: Decoded.
        upright: Turn it as its orientation says; otherwise its EXIF says so.
    """
    if picture.grey:
        image = Image.fromarray(np.ascontiguousarray(picture.pixels[:, :, 0]))
    else:
        image = Image.fromarray(picture.pixels)
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(picture.alpha))
    if picture.profile:
        image.info["icc_profile"] = picture.profile
    if picture.orientation != 1:
        exif = Image.Exif()
        exif[_ORIENTATION] = picture.orientation
        image.info["exif"] = exif.tobytes()
        if upright:
            image = ImageOps.exif_transpose(image)
            image.info.pop("exif", None)
    return image


def picture_file(picture: Picture, path: Path) -> bytes:
    """The file of a picture, upright, in the format of a name.

    Raises:
        UsageError: If Pillow writes no such format, or not such pictures.
    """
    image = image_of(picture)
    kinds = Image.registered_extensions()
    kind = kinds.get(path.suffix.lower())
    if kind not in Image.SAVE:
        raise UsageError(f"{path}: Pillow writes no {path.suffix or 'files without a suffix'}")
    options: dict[str, Any] = {"format": kind}
    if picture.profile:
        options["icc_profile"] = picture.profile
    if kind == "WEBP":
        options["lossless"] = True
    if kind == "AVIF":
        options |= {"quality": 100, "subsampling": "4:4:4"}
    if kind == "JPEG":
        options |= {"quality": 95, "subsampling": 0}
        if picture.alpha is not None:
            raise UsageError(f"{path}: JPEG has no transparency; write .png")
    data = io.BytesIO()
    try:
        image.save(data, **options)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"{path}: cannot be written as {kind}: {error}; write .png") from None
    return data.getvalue()


@contextmanager
def _any_size() -> Iterator[None]:
    """Lifts Pillow's own bound on pixels, as ours is checked, and its warnings."""
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Sixteen bits by their upper half; other numbers from their least to their largest."""
    if values.dtype.kind in "ui" and values.min(initial=0) >= 0 and values.max(initial=0) < 2**16:
        shift = 8 if values.max(initial=0) > 255 or values.dtype == np.uint16 else 0
        return (values.astype(np.int64) >> shift).astype(np.uint8)
    values = np.nan_to_num(values.astype(np.float64))
    low, high = values.min(), values.max()
    return np.round((values - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)


def _as_rgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, bytes, list[str]]:
    """Colours of another space as sRGB, by their profile where there is one."""
    note = f"is {image.mode}; it is kept as sRGB"
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(
                image, own, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if found is not None:
                return found, b"", [note]
        except (ImageCms.PyCMSError, OSError):
            note += ", without its profile, which cannot be used"
    return image.convert("RGB"), b"", [note]
