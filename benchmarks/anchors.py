"""Image formats that the codec is compared with: those of `covey codec bench`, and slow settings.

Pillow's own (JPEG, WebP, AVIF) and two plug-ins (`requirements-codecs.txt`).
"""

from __future__ import annotations

from dataclasses import replace

from covey.codec_bench.coders import Coder
from covey.codec_bench.formats import FORMATS, avif, heic

ANCHORS = (
    FORMATS["jpeg"],
    FORMATS["webp"],
    FORMATS["avif"],
    FORMATS["heic"],
    FORMATS["jxl"],
    replace(
        FORMATS["heic"],
        name="HEIC 4:4:4, slow, tuned for PSNR",
        options=heic(preset="veryslow", tune="psnr"),
    ),
    replace(FORMATS["avif"], name="AVIF 4:4:4, slow, tuned for PSNR", options=avif(1, tune="psnr")),
)


def anchor_coders() -> list[Coder]:
    """All of them, ready to code.

    Raises:
        SystemExit: If one is not there.
    """
    for anchor in ANCHORS:
        if why := anchor.why_missing():
            raise SystemExit(
                f"{anchor.name}: {why}; run: pip install -r benchmarks/requirements-codecs.txt"
            )
    return [anchor.coder() for anchor in ANCHORS]
