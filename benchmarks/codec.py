"""How small does the image codec make photographs, beside other formats, for the same quality?

The 24 Kodak images, on which nothing is trained or chosen. Bytes are those of whole files, PSNR is
of RGB in 8 bits, both means over images at each point of a dial; BD-rates are over the PSNR that
both curves have. VTM is not run here: its points are published ones.

    pip install -r benchmarks/requirements-codecs.txt
    COVEY_DATA=... python benchmarks/codec.py [--model MODEL] [--only anchors|codec]
        [--efforts 0 1 2] [--rates 0 1000 ...] [--images 24]

What has been measured of another format in the same version is kept.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from anchors import anchor_coders
from covey.codec.image.picture import Picture
from covey.codec_bench.coders import Coder, covey_coder
from covey.codec_bench.curves import Curve, Point, curve_facts
from covey.codec_bench.formats import lone_threads
from covey.codec_bench.measuring import measured
from covey.codec_weights import default_codec, load_codec
from covey.io.pictures import read_picture
from labelled_sets import data_root
from machine import RESULTS, provenance, write_json
from published import PUBLISHED

OUT = RESULTS / "codec.json"
EFFORTS = (0, 1, 2)


def kodak(count: int) -> list[tuple[str, Picture]]:
    """Names and pictures.

    Raises:
        SystemExit: If they are not on this machine.
    """
    root = data_root()
    paths = sorted((root / "codec" / "kodak").glob("*.png")) if root else []
    if not paths:
        raise SystemExit("set COVEY_DATA to the folder that has codec/kodak")
    return [(path.stem, read_picture(path, 2**28)[0]) for path in paths[:count]]


def curve_by(images: list[tuple[str, Picture]], coder: Coder) -> dict[str, Any]:
    """All images at all points; seconds are of the processor, whatever threads a coder has."""
    points = []
    for dial in coder.dial:
        rows = [measured(name, picture, coder, dial) for name, picture in images]
        points.append(Point.of(dial, rows))
        print(coder.name, dial, round(points[-1].bpp, 4), round(points[-1].psnr, 3), flush=True)
    return curve_facts(Curve(coder.version, tuple(points)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--only", choices=("anchors", "codec"))
    parser.add_argument("--rates", nargs="*", type=int)
    parser.add_argument("--efforts", nargs="*", type=int, default=list(EFFORTS))
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

    with lone_threads():
        for coder in anchor_coders() if options.only != "codec" else ():
            if curves.get(coder.name, {}).get("version") != coder.version:
                keep(coder.name, curve_by(images, coder))
        for name, curve in PUBLISHED.items() if options.only != "codec" else ():
            keep(name, curve_facts(curve))
        if options.only != "anchors":
            codec = default_codec() if options.model is None else load_codec(options.model)
            for effort in options.efforts:
                coder = covey_coder(codec, effort)
                if options.rates:
                    coder = replace(coder, dial=tuple(options.rates))
                keep(coder.name, {**curve_by(images, coder), "about": codec.about})


if __name__ == "__main__":
    main()
