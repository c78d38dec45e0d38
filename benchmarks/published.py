"""Curves on Kodak that others have published, where running the encoder here is out of reach.

VTM, 4:4:4, as CompressAI (InterDigital) publishes it: results/image/kodak/vtm.json at commit
128f00397509b9882aaaeea49f43f1714da083b4 of its repository, means over the 24 images.
"""

from __future__ import annotations

from covey.codec_bench.curves import Curve, Point

_VTM_BPP = (0.04824, 0.11250, 0.24582, 0.49055, 0.87481, 1.43085, 2.32461, 3.63261)
_VTM_PSNR = (26.1448, 28.4930, 31.1999, 34.2615, 37.4198, 40.4244, 43.5058, 46.5918)
_VTM_MS_SSIM = (0.86061, 0.91769, 0.95611, 0.97808, 0.98878, 0.99386, 0.99695, 0.99866)

PUBLISHED = {
    "VTM 4:4:4 (published)": Curve(
        "as published by CompressAI, commit 128f0039",
        tuple(
            Point(float(number), *values)
            for number, values in enumerate(zip(_VTM_BPP, _VTM_PSNR, _VTM_MS_SSIM, strict=True))
        ),
    )
}
