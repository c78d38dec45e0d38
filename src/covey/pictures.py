"""Pictures to bytes and back: what `covey.codec.encode` and `decode` are."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from covey.codec.container import MOST_PIXELS, unpack
from covey.codec.image.decoding import decode_picture
from covey.codec.image.encoding import encode_picture
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Decoded, Encoded, Picture
from covey.codec.rate_index import RATES, Numbers
from covey.codec.rate_search import Found, largest_below, smallest_above
from covey.codec.region import GAIN, region_rates
from covey.codec_weights import default_codec
from covey.io.picture_sources import Source, mask_from, picture_from
from covey.io.pictures import image_of
from covey.metrics.rate import psnr
from covey.resources import available_threads
from covey.types import InputError, UsageError

QUALITY = 50.0
"""Where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a file should be; one of these, or none for quality 50.

    Attributes:
        quality: From 0 to 100, evenly over all rates.
        bpp: Bits a pixel at most.
        size: Bytes at most.
        psnr: In dB at least.
    """

    quality: float | None = None
    bpp: float | None = None
    size: float | None = None
    psnr: float | None = None

    def __post_init__(self) -> None:
        given = [
            name for name in ("quality", "bpp", "size", "psnr") if getattr(self, name) is not None
        ]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} cannot both be met; give one of them")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise UsageError(f"quality must lie in [0, 100], got {self.quality}")
        for name in ("bpp", "size", "psnr"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{name} must be a number above 0, got {value}")


def rate_of(quality: float) -> int:
    """The number of the rate of a quality in [0, 100]."""
    return round(quality / 100 * (RATES - 1))


def encode(
    source: Source,
    *,
    quality: float | None = None,
    bpp: float | None = None,
    size: float | None = None,
    psnr: float | None = None,
    region: Source | NDArray[np.bool_] | None = None,
    region_gain: float = GAIN,
    codec: ImageCodec | None = None,
    effort: int = 1,
    threads: int | None = None,
    max_pixels: int = MOST_PIXELS,
) -> bytes:
    """Codes a picture as the bytes of a .cvi file, and warns of what of it is not kept.

    Args:
        source: A file that Pillow opens, (h, w) or (h, w, 1 to 4) uint8, alpha last where there
            are 2 or 4 channels, or an image of Pillow.
        quality, bpp, size, psnr: What it should be, see `Target`; quality 50 if all are None.
        region: What should be better: a mask of the picture as it is seen, (h, w) bool or a
            picture, white there. Squares of 32 pixels that it touches are.
        region_gain: By how much quality they are, in [0, 100].
        codec: The model; the one that ships with the package if None.
        effort: 0 rounds latents; 1 weighs the bits of each against its error; 2 refines them for
            this picture, which takes some hundred times as long.
        threads: At most so many, those of torch counted; all cores if None.
        max_pixels: Larger pictures are refused.

    Raises:
        InputError: If it is no picture, or a size or quality cannot be met.
        UsageError: If a value is out of range.
        MissingExtraError: If torch or constriction is not installed.
    """
    target = Target(quality, bpp, size, psnr)
    picture, notes = picture_from(source, max_pixels)
    for note in notes:
        warnings.warn(f"the picture {note}", stacklevel=2)
    rates: Callable[[int], Numbers] = int
    if region is not None:
        rates = region_rates(mask_from(region, picture, max_pixels), region_gain)
    codec = codec or default_codec()
    found = encode_to(picture, target, codec, rates=rates, effort=effort, threads=threads)
    return found.made.data


def decode(
    source: bytes | str | PathLike[str],
    *,
    codec: ImageCodec | None = None,
    force: bool = False,
    threads: int | None = None,
    max_pixels: int = MOST_PIXELS,
) -> NDArray[np.uint8]:
    """Decodes a .cvi file, or its bytes.

    Args:
        source: The file.
        codec: The model that it was coded by; the one that ships with the package if None.
        force: Give what can be read of a damaged file.
        threads: At most so many, those of torch counted; all cores if None.
        max_pixels: Larger pictures are refused.

    Returns:
        (h, w), (h, w, 2), (h, w, 3) or (h, w, 4) uint8, upright: grey or colours, alpha last where
        something is transparent.

    Raises:
        InputError: If it is no such file, is of another model, or is damaged and `force` is not
            set.
        MissingExtraError: If torch or constriction is not installed.
    """
    data, name = (source, "the file") if isinstance(source, bytes) else _read(Path(source))
    found = decode_bytes(data, name, codec or default_codec(), max_pixels, threads=threads)
    if found.damage and not force:
        raise InputError(f"{name}: {'; '.join(found.damage)}; force=True gives what can be read")
    return np.asarray(image_of(found.picture))


def encode_to(
    picture: Picture,
    target: Target,
    codec: ImageCodec,
    *,
    rates: Callable[[int], Numbers] = int,
    effort: int = 1,
    threads: int | None = None,
    tick: Callable[[float], None] = lambda done: None,
) -> Found[Encoded]:
    """Codes a picture as a target asks.

    Args:
        picture: What is coded.
        target: What it should be.
        codec: The model.
        rates: Makes rates of a number: itself, or a map, see `region_rates`.
        effort: As for `encode`.
        threads: At most so many, those of torch counted; all cores if None.
        tick: Called with the share done of each pass.

    Raises:
        InputError: If the target cannot be met.
        UsageError: If the effort is none.
    """
    threads = threads or available_threads()

    def made(rate: int, effort: int) -> Encoded:
        found = encode_picture(
            codec, picture, rates(rate), effort=effort, threads=threads, tick=tick
        )
        return Encoded(found.data, ())  # a search need not hold the latents of all it tried

    def seen(rate: int, effort: int) -> tuple[float, Encoded]:
        encoded = made(rate, effort)
        decoded = decode_picture(codec, unpack(encoded.data), threads=threads)
        return psnr(picture.pixels, decoded.picture.pixels), encoded

    def weighed(rate: int, effort: int) -> tuple[float, Encoded]:
        encoded = made(rate, effort)
        return float(len(encoded.data)), encoded

    height, width = picture.pixels.shape[:2]
    most = target.size if target.bpp is None else target.bpp * height * width / 8
    if target.psnr is None and most is None:
        quality = QUALITY if target.quality is None else target.quality
        rate = rate_of(quality)
        return Found(rate, quality, made(rate, effort), 1, True)

    def searched(effort: int, first: int | None = None) -> Found[Encoded]:
        if target.psnr is not None:
            return smallest_above(lambda rate: seen(rate, effort), target.psnr, first=first)
        assert most is not None
        return largest_below(lambda rate: weighed(rate, effort), most, first=first)

    if effort > 1:  # where to begin is found by less effort
        quick = searched(1)
        found = searched(effort, quick.rate)
        found = replace(found, passes=quick.passes + found.passes)
    else:
        found = searched(effort)
    if not found.met and target.psnr is not None:
        raise InputError(
            f"a PSNR of {target.psnr:g} dB cannot be reached; the highest is {found.value:.2f}"
        )
    if not found.met:
        raise InputError(f"{most:,.0f} bytes are too few; the smallest file has {found.value:,.0f}")
    return found


def decode_bytes(
    data: bytes,
    name: str,
    codec: ImageCodec,
    most_pixels: int = MOST_PIXELS,
    *,
    threads: int | None = None,
    tick: Callable[[float], None] = lambda done: None,
) -> Decoded:
    """Decodes a file as far as it can be read, and says what could not.

    Raises:
        InputError: If nothing can be read.
    """
    container = unpack(data, name, most_pixels)
    try:
        return decode_picture(codec, container, threads=threads or available_threads(), tick=tick)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _read(path: Path) -> tuple[bytes, str]:
    try:
        return path.read_bytes(), str(path)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
