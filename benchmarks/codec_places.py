"""Where should InterpCA stand: everywhere, as published, at one place a side, or at the latent?

The published body, narrow, trained anew for each answer by the same steps on the same squares; and
separate models for single rates without any, by as many steps each. Expected bits of Kodak (an
autoregressive file of this body takes seconds to read), BD-rates against the separate models.

    COVEY_DATA=... python benchmarks/codec_places.py [--steps 3000] [--width 32] [--images 24]

What is measured already is kept.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import torch

from codec_photographs import expected_points, kodak_tensors, learned_and_watched, quick
from covey.codec.image.paper import PaperBody, PaperConfig, Places
from covey.codec.rate_index import LEVELS, PAPER_LAMBDAS
from covey.metrics.rate import bd_rate
from covey.training.codec import CodecPlan, train_codec
from covey.training.watch import Watch
from machine import RESULTS, provenance, write_json

OUT = RESULTS / "codec_places.json"
PLACES: tuple[Places, ...] = ("all", "one", "gain")
SEPARATE = (0, 2, 4, 7, 9)
_RATE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--latents", type=int, default=48)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(2)
    learned, watched = learned_and_watched(128)
    images = kodak_tensors(options.images)
    sizes = {"width": options.width, "latents": options.latents, "steps": options.steps}
    result: dict[str, Any] = {"sizes": sizes, "images": len(images), "curves": {}}
    if OUT.exists() and (before := json.loads(OUT.read_text()))["sizes"] == sizes:
        result["curves"] = before["curves"]

    def keep() -> None:
        about = {**provenance("torch"), "command": "python benchmarks/codec_places.py"}
        write_json(OUT, about | result)

    def curve(name: str, places: Places, lambdas: tuple[float, ...], at: list[float]) -> None:
        if name in result["curves"]:
            return
        torch.manual_seed(options.seed)
        body = PaperBody(PaperConfig(options.width, options.latents, places))
        plan = quick(CodecPlan(lambdas=lambdas), options.steps, _RATE, options.seed)
        began = time.process_time()

        def told(step: int, loss: float, validation: Any) -> None:
            if step % 500 == 0:
                print(name, step, round(loss, 4), flush=True)

        train_codec(learned, watched, body, plan, Watch(told, lambda state: None, None))
        seconds = time.process_time() - began
        points = expected_points(body.eval(), images, at)
        result["curves"][name] = {"points": points, "cpu_seconds": round(seconds)}
        told_points = [(round(p["bpp"], 3), round(p["psnr"], 2)) for p in points]
        print(name, told_points, f"{seconds:.0f} s", flush=True)
        keep()

    for level in SEPARATE:
        curve(f"level {level}", "none", (PAPER_LAMBDAS[level],) * LEVELS, [float(level)])
    for places in PLACES:
        curve(places, places, PAPER_LAMBDAS, [float(level) for level in SEPARATE])
    alone = [result["curves"][f"level {level}"]["points"][0] for level in SEPARATE]
    for places in PLACES:
        points = result["curves"][places]["points"]
        found = bd_rate(
            *([p[key] for p in points] for key in ("bpp", "psnr")),
            *([p[key] for p in alone] for key in ("bpp", "psnr")),
        )
        result.setdefault("bd_rate", {})[places] = found.percent
        print(places, f"{found.percent:+.1f} % against separate models", flush=True)
    keep()


if __name__ == "__main__":
    main()
