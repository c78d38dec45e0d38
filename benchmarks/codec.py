"""How small does the image codec make photographs, beside other formats, for the same quality?

The 24 Kodak images, on which nothing is trained or chosen. Bytes are those of whole files, PSNR is
of RGB in 8 bits, both means over images at each point of a dial; BD-rates are over the PSNR that
both curves have. VTM is not run here: its points are published ones.

    pip install -r benchmarks/requirements-codecs.txt
    COVEY_DATA=... python benchmarks/codec.py [--model MODEL] [--only anchors|codec]
        [--rates 0 1000 ...] [--images 24]

What has been measured of a setting with the same weights or versions is kept.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from anchors import ANCHORS, register
from covey.codec.container import unpack
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Picture, decode_picture, encode_picture
from covey.codec_weights import default_codec, load_codec
from covey.metrics.rate import ms_ssim, psnr
from labelled_sets import data_root
from machine import RESULTS, provenance, write_json

OUT = RESULTS / "codec.json"
RATES = (0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 8999)


def kodak(count: int) -> list[tuple[str, np.ndarray]]:
    """Names and pixels.

    Raises:
        SystemExit: If they are not on this machine.
    """
    root = data_root()
    paths = sorted((root / "codec" / "kodak").glob("*.png")) if root else []
    if not paths:
        raise SystemExit("set COVEY_DATA to the folder that has codec/kodak")
    return [(path.stem, np.asarray(Image.open(path).convert("RGB"))) for path in paths[:count]]


def measured(
    images: list[tuple[str, np.ndarray]],
    encode: Callable[[np.ndarray], bytes],
    decode: Callable[[bytes], np.ndarray],
) -> dict[str, Any]:
    """All images at one point, each by itself and their means."""
    rows = []
    for name, pixels in images:
        began = time.process_time()
        data = encode(pixels)
        coded = time.process_time()
        found = decode(data)
        done = time.process_time()
        rows.append(
            {
                "image": name,
                "bytes": len(data),
                "bpp": 8 * len(data) / (pixels.shape[0] * pixels.shape[1]),
                "psnr": round(psnr(pixels, found), 4),
                "ms_ssim": round(ms_ssim(pixels, found), 6),
                "encode_seconds": round(coded - began, 4),
                "decode_seconds": round(done - coded, 4),
            }
        )
    keys = ("bpp", "psnr", "ms_ssim", "encode_seconds", "decode_seconds")
    means = {key: float(np.mean([row[key] for row in rows])) for key in keys}
    return {**means, "images": rows}


def anchor_curves(
    images: list[tuple[str, np.ndarray]], done: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Curves of all formats that are not measured yet."""
    versions = register()
    for anchor in ANCHORS:
        version = versions[anchor.package]
        if done.get(anchor.name, {}).get("version") == version:
            continue
        points = []
        for point in anchor.dial:
            found = measured(
                images,
                lambda pixels, a=anchor, p=point: a.encode(Image.fromarray(pixels), p),
                lambda data: np.asarray(Image.open(io.BytesIO(data)).convert("RGB")),
            )
            points.append({"dial": point, **found})
        yield anchor.name, {"version": version, "points": points}


def codec_curve(
    images: list[tuple[str, np.ndarray]], codec: ImageCodec, rates: list[int], effort: int
) -> dict[str, Any]:
    """The curve of a codec, on one thread."""
    points = []
    for rate in rates:
        found = measured(
            images,
            lambda pixels, r=rate: (
                encode_picture(codec, Picture(pixels), r, optimise=effort > 0).data
            ),
            lambda data: decode_picture(codec, unpack(data)).picture.pixels,
        )
        points.append({"dial": rate, **found})
        print(rate, round(found["bpp"], 4), round(found["psnr"], 3), flush=True)
    return {"version": codec.mark.hex(), "about": codec.about, "points": points}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--only", choices=("anchors", "codec"))
    parser.add_argument("--rates", nargs="*", type=int, default=list(RATES))
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    images = kodak(options.images)
    about = provenance("torch", "constriction", "pillow")
    about["command"] = "python benchmarks/codec.py"
    curves = json.loads(options.out.read_text())["curves"] if options.out.exists() else {}

    def keep(name: str, curve: dict[str, Any]) -> None:
        curves[name] = {**curve, "commit": about["commit"]}
        write_json(options.out, {**about, "images": len(images), "curves": curves})

    if options.only != "codec":
        for name, curve in anchor_curves(images, curves):
            print(name, [(round(p["bpp"], 3), round(p["psnr"], 2)) for p in curve["points"]])
            keep(name, curve)
    if options.only != "anchors":
        codec = default_codec() if options.model is None else load_codec(options.model)
        for effort in (0, 1):
            name = f"Covey, effort {effort}"
            keep(name, codec_curve(images, codec, options.rates, effort))


if __name__ == "__main__":
    main()
