"""Do rates between two levels cost anything, against levels trained at exactly those weights?

Two codecs go on from the same weights by the same steps on the same squares: one as it is, for any
rate; one whose ten levels stand halfway between those of the first (and a last one beyond), trained
at its levels alone. Kodak at the nine weights that both know, one between its levels and the other
at them: bytes of whole files, latents rounded (effort 0), tables as they were trained.

    COVEY_DATA=... python benchmarks/codec_levels.py [--model MODEL] [--steps 2000] [--images 24]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from codec import kodak
from codec_photographs import learned_and_watched, quick
from covey.codec.container import unpack
from covey.codec.image.body import Body
from covey.codec.image.decoding import decode_picture
from covey.codec.image.encoding import encode_picture
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Picture
from covey.codec.layers.interp_ca import between_levels
from covey.codec.rate_index import LAMBDAS, LEVELS, MIXES
from covey.codec_weights import default_codec, load_codec
from covey.metrics.rate import bd_rate, psnr
from covey.training.codec import CodecPlan, train_codec
from covey.training.watch import Watch
from machine import RESULTS, provenance, write_json

OUT = RESULTS / "codec_levels.json"
_HALF = 0.5
_RATE = 2e-4


def shifted(body: Body) -> Body:
    """Its levels moved up by half of the way to the next; the last one is that of before."""
    t = torch.clamp(torch.arange(float(LEVELS)) + _HALF, max=LEVELS - 1)
    with torch.no_grad():
        for name, parameter in body.named_parameters():
            if parameter.shape[0] == LEVELS and parameter.ndim == 2 and _is_by_level(name):
                parameter.copy_(between_levels(parameter.clone(), t))
    return body


def _is_by_level(name: str) -> bool:
    return name.endswith((".rate", "hyper_scale", "gain.weight", "attention.weight"))


def file_point(codec: ImageCodec, pictures: list[Picture], t: float) -> dict[str, float]:
    """Bits a pixel of files and PSNR at an index: means over pictures."""
    rows = []
    for picture in pictures:
        data = encode_picture(codec, picture, round(t * MIXES), effort=0).data
        shown = decode_picture(codec, unpack(data)).picture.pixels
        bits = 8 * len(data) / (picture.pixels.size / 3)
        rows.append((bits, psnr(picture.pixels, shown)))
    bpp, quality = np.mean(rows, axis=0)
    return {"t": t, "bpp": float(bpp), "psnr": float(quality)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(2)
    codec: ImageCodec = default_codec() if options.model is None else load_codec(options.model)
    learned, watched = learned_and_watched(128)
    pictures = [picture for _, picture in kodak(options.images)]
    halfway = tuple(
        float(np.exp(np.interp(t, np.arange(LEVELS), np.log(LAMBDAS))))
        for t in np.minimum(np.arange(LEVELS) + _HALF, LEVELS - 1)
    )
    runs = {
        "between its levels": (codec.body(), CodecPlan(), _HALF),
        "at its levels": (shifted(codec.body()), CodecPlan(lambdas=halfway, mixes=1), 0.0),
    }
    curves: dict[str, Any] = {}
    for name, (body, plan, first) in runs.items():
        plan = replace(quick(plan, options.steps, _RATE, 0))

        def told(step: int, loss: float, validation: Any, name: str = name) -> None:
            if step % 500 == 0:
                print(name, step, round(loss, 4), flush=True)

        train_codec(learned, watched, body, plan, Watch(told, lambda state: None, None))
        at = [first + level for level in range(LEVELS - 1)]
        trained = ImageCodec.of(body.eval())
        curves[name] = [file_point(trained, pictures, t) for t in at]
        print(name, [(round(p["bpp"], 3), round(p["psnr"], 2)) for p in curves[name]], flush=True)
    found = bd_rate(
        *([p[key] for p in curves["between its levels"]] for key in ("bpp", "psnr")),
        *([p[key] for p in curves["at its levels"]] for key in ("bpp", "psnr")),
    )
    print(f"between levels: {found.percent:+.2f} % of the bits at levels")
    about = provenance("torch")
    about["command"] = "python benchmarks/codec_levels.py"
    facts = {"codec": codec.mark.hex(), "steps": options.steps, "images": len(pictures)}
    write_json(options.out, {**about, **facts, "curves": curves, "bd_rate": found.percent})


if __name__ == "__main__":
    main()
