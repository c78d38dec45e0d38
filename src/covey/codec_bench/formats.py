"""Formats that Pillow writes, of its own or by a plug-in, and whether they are there.

Colours are kept at full resolution where a format can, as it is compared by PSNR of RGB; JPEG is
with 4:2:0, which is better at these rates, and WebP has no other. All work on one thread.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, features

from covey.codec_bench.coders import Coder, Pixels
from covey.io.pictures import image_of

if TYPE_CHECKING:
    from covey.codec.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Format:
    """A format at some setting.

    Attributes:
        name: Of the setting.
        kind: As Pillow calls it.
        dial: Points of its quality.
        options: Of `save` at a point.
        version: Of its libraries, asked once it is there.
        plugin: Module that teaches Pillow the format; none for its own.
        package: What to install for that.
        alone: Whether it works in the thread that calls it.
    """

    name: str
    kind: str
    dial: tuple[int, ...]
    options: Callable[[int], dict[str, Any]]
    version: Callable[[], str]
    plugin: str = ""
    package: str = ""
    alone: bool = True

    def why_missing(self) -> str:
        """Why Pillow cannot write it, in words; empty if it can. Loads the plug-in."""
        if self.plugin:
            try:
                plugin = import_module(self.plugin)
            except ImportError:
                return f"{self.plugin} is not installed; pip install {self.package} brings it"
            if hasattr(plugin, "register_heif_opener"):
                plugin.register_heif_opener()
        Image.init()
        return "" if self.kind in Image.SAVE else f"this Pillow writes no {self.kind}"

    def coder(self) -> Coder:
        """Codes pictures by this format, which must be there."""
        return Coder(self.name, self.version(), self.dial, self.encode, _decode, self.alone)

    def encode(self, picture: Picture, point: int) -> bytes:
        """The bytes of a file; a grey picture as such, where the format has it."""
        file = io.BytesIO()
        image_of(picture).save(file, self.kind, **self.options(point))
        return file.getvalue()


def avif(speed: int, **advanced: str) -> Callable[[int], dict[str, Any]]:
    """Options of AVIF by aom."""

    def options(point: int) -> dict[str, Any]:
        found: dict[str, Any] = {"quality": point, "subsampling": "4:4:4", "speed": speed}
        found |= {"codec": "aom", "max_threads": 1}
        return found | ({"advanced": advanced} if advanced else {})

    return options


def heic(**parameters: str) -> Callable[[int], dict[str, Any]]:
    """Options of HEIC by x265."""

    def options(point: int) -> dict[str, Any]:
        found: dict[str, Any] = {"quality": point, "chroma": 444}
        return found | ({"enc_params": parameters} if parameters else {})

    return options


def _jpeg_version() -> str:
    turbo = features.version("libjpeg_turbo")
    return f"libjpeg-turbo {turbo}" if turbo else f"libjpeg {features.version('jpg')}"


def _webp_version() -> str:
    return f"libwebp {features.version('webp')}"


def _avif_version() -> str:
    from PIL.AvifImagePlugin import get_codec_version

    return f"libavif {features.version('avif')}, aom {get_codec_version('aom')}"


_AVIF_DIAL = (15, 25, 35, 45, 55, 65, 75, 83, 90)
_HEIC_DIAL = (5, 15, 25, 35, 45, 55, 65, 75, 85)

FORMATS = {
    "jpeg": Format(
        "JPEG",
        "JPEG",
        (10, 20, 30, 40, 50, 60, 70, 80, 88, 93, 96),
        lambda point: {"quality": point, "optimize": True},
        _jpeg_version,
    ),
    "webp": Format(
        "WebP, method 6",
        "WEBP",
        (0, 5, 15, 30, 45, 60, 75, 85, 92, 97),
        lambda point: {"quality": point, "method": 6},
        _webp_version,
    ),
    "avif": Format("AVIF 4:4:4", "AVIF", _AVIF_DIAL, avif(6), _avif_version),
    "heic": Format(
        "HEIC 4:4:4",
        "HEIF",
        _HEIC_DIAL,
        heic(),
        lambda: f"pillow-heif {metadata.version('pillow-heif')}",
        "pillow_heif",
        "pillow-heif",
        alone=False,
    ),
    "jxl": Format(
        "JPEG XL, effort 7",
        "JXL",
        (20, 35, 50, 65, 75, 83, 88, 92, 95),
        lambda point: {"quality": point, "effort": 7, "num_threads": 0},
        lambda: f"pillow-jxl-plugin {metadata.version('pillow-jxl-plugin')}",
        "pillow_jxl",
        "pillow-jxl-plugin",
    ),
}
"""By the names that users give them."""


@contextmanager
def lone_threads() -> Iterator[None]:
    """Lets decoders that would start threads do without, and lifts Pillow's bound on pixels.

    Both are settings of the process, put back at the end.
    """
    wanted = {
        "PIL.Image": ("MAX_IMAGE_PIXELS", None),
        "PIL.AvifImagePlugin": ("DEFAULT_MAX_THREADS", 1),
        "pillow_jxl.JpegXLImagePlugin": ("DECODE_THREADS", 0),
    }
    there = [
        (sys.modules[name], *setting) for name, setting in wanted.items() if name in sys.modules
    ]
    before = [getattr(module, name, None) for module, name, _ in there]
    for module, name, value in there:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(there, before, strict=True):
            setattr(module, name, value)


def _decode(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))
