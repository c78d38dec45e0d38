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
from covey.io.deep_pixels import DEEP, eight_bits
from covey.types import InputError, UsageError

SUFFIX = ".cvi"
_ORIENTATION = 0x0112  # tag of EXIF
_GREY = ("1", "L", "LA", "La")
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
        InputError: If it has no pixels, or holds NaN.
    """
    if not (image.width and image.height):
        raise InputError("has no pixels")
    notes = ["has more than 8 bits a channel; the upper 8 are kept"] if _was_deep(image) else []
    image.load()  # turns a TIFF upright, and finds EXIF behind the pixels
    if (frames := getattr(image, "n_frames", 1)) > 1:
        notes.append(f"has {frames} frames; the first one is kept")
    orientation, told = _orientation_of(image)
    notes += told
    profile = image.info.get("icc_profile") or b""
    key = image.info.get("transparency")
    alpha = None
    if image.mode in DEEP:
        if isinstance(key, int):
            alpha = np.where(np.asarray(image) == key, 0, 255).astype(np.uint8)
        values, note = eight_bits(image)
        image, key = Image.fromarray(values), None
        notes.append(note)
    grey = image.mode in _GREY
    if image.mode not in (*_GREY, "P", "PA", "RGB", "RGBA", "RGBa"):
        image, profile, told = _as_rgb(image, profile)
        notes += told
    if image.mode in _CLEAR or key is not None:
        alpha, image = _alpha_of(image, key)
    pixels = np.ascontiguousarray(np.asarray(image.convert("RGB")))
    if alpha is not None and (alpha == 255).all():
        alpha = None
    return Picture(pixels, grey, alpha, profile, orientation), notes


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


def _was_deep(image: Image.Image) -> bool:
    """Whether Pillow makes 8 bits of more, in colours, when it loads a file.

    It tells of PNG, TIFF and PPM, by what it decodes: as "RGB;16B", or a largest value.
    """
    if image.mode in DEEP:
        return False
    for tile in getattr(image, "tile", []):
        arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if any(isinstance(each, str) and ";16" in each for each in arguments):
            return True
        if tile[0].startswith("ppm") and any(isinstance(x, int) and x > 255 for x in arguments):
            return True
    return False


def _orientation_of(image: Image.Image) -> tuple[int, list[str]]:
    """As EXIF numbers it; upright where that is damaged."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # whatever Pillow meets in damaged data
        return 1, ["has EXIF data that cannot be read; it is taken as upright"]
    return (found if isinstance(found, int) and 1 <= found <= 8 else 1), []


def _alpha_of(image: Image.Image, key: Any) -> tuple[NDArray[np.uint8], Image.Image]:
    """The alpha of a picture, and its pixels with it; a key is a colour that is transparent."""
    if isinstance(key, tuple) and max(key) > 255:  # of 16 bits, of which Pillow keeps the upper 8
        image = image.copy()
        image.info["transparency"] = tuple(value >> 8 for value in key)
    if image.mode == "La":
        image = image.convert("LA")
    image = image.convert("RGBA")
    return np.array(image.getchannel("A")), image


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
