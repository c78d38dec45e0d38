"""Image formats that the codec is compared with: each a name, points of its dial, and how to save.

Pillow's own (JPEG, WebP, AVIF) and two plug-ins (`requirements-codecs.txt`). Colours are kept at
full resolution where a format can, as it is compared by PSNR of RGB; JPEG is with 4:2:0, which is
better at these rates, and WebP has no other.
"""

from __future__ import annotations

import importlib.metadata
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, features


@dataclass(frozen=True)
class Anchor:
    """A format at some setting.

    Attributes:
        name: Of the setting.
        format: Of Pillow.
        dial: Points of its quality.
        options: Of `save` at a point.
        package: Whose version counts.
    """

    name: str
    format: str
    dial: Sequence[float]
    options: Callable[[float], dict[str, Any]]
    package: str = "pillow"

    def encode(self, image: Image.Image, point: float) -> bytes:
        """The bytes of a file."""
        file = io.BytesIO()
        image.save(file, self.format, **self.options(point))
        return file.getvalue()


def _avif(speed: int, **advanced: str) -> Callable[[float], dict[str, Any]]:
    def options(point: float) -> dict[str, Any]:
        found: dict[str, Any] = {
            "quality": int(point),
            "subsampling": "4:4:4",
            "speed": speed,
            "codec": "aom",
        }
        return found | ({"advanced": advanced} if advanced else {})

    return options


def _heic(**parameters: str) -> Callable[[float], dict[str, Any]]:
    def options(point: float) -> dict[str, Any]:
        found: dict[str, Any] = {"quality": int(point), "chroma": 444}
        return found | ({"enc_params": parameters} if parameters else {})

    return options


ANCHORS = (
    Anchor(
        "JPEG",
        "JPEG",
        (10, 20, 30, 40, 50, 60, 70, 80, 88, 93, 96),
        lambda q: {"quality": int(q), "optimize": True},
    ),
    Anchor(
        "WebP, method 6",
        "WEBP",
        (0, 5, 15, 30, 45, 60, 75, 85, 92, 97),
        lambda q: {"quality": int(q), "method": 6},
    ),
    Anchor("AVIF 4:4:4", "AVIF", (15, 25, 35, 45, 55, 65, 75, 83, 90), _avif(6)),
    Anchor(
        "AVIF 4:4:4, slow, tuned for PSNR",
        "AVIF",
        (15, 25, 35, 45, 55, 65, 75, 83, 90),
        _avif(1, tune="psnr"),
    ),
    Anchor("HEIC 4:4:4", "HEIF", (5, 15, 25, 35, 45, 55, 65, 75, 85), _heic(), "pillow-heif"),
    Anchor(
        "HEIC 4:4:4, slow, tuned for PSNR",
        "HEIF",
        (5, 15, 25, 35, 45, 55, 65, 75, 85),
        _heic(preset="veryslow", tune="psnr"),
        "pillow-heif",
    ),
    Anchor(
        "JPEG XL, effort 7",
        "JXL",
        (20, 35, 50, 65, 75, 83, 88, 92, 95),
        lambda q: {"quality": int(q), "effort": 7},
        "pillow-jxl-plugin",
    ),
)


def register() -> dict[str, str]:
    """Lets Pillow know the plug-ins; versions by package.

    Raises:
        SystemExit: If one is not installed.
    """
    try:
        import pillow_heif
        import pillow_jxl  # noqa: F401
    except ImportError as error:
        raise SystemExit(
            f"{error.name} is not installed; run: pip install -r benchmarks/requirements-codecs.txt"
        ) from None
    pillow_heif.register_heif_opener()
    found = {name: importlib.metadata.version(name) for name in {a.package for a in ANCHORS}}
    for name in ("libjpeg_turbo", "webp", "avif"):
        version = features.version(name)
        if version:
            found[name] = version
    return found
