"""Where should InterpCA stand: everywhere, as published, at one place a side, or at the latent?

One network, the published body, narrow, is trained for a single rate first. From there it goes on
by the same steps on the same squares: with InterpCA here or there, at factors of 1 to begin with,
for all rates; and without any for single rates, one network each. Expected bits of Kodak (an
autoregressive file of this body takes seconds to read), BD-rates against the separate models.

The first network begins at weights that make every layer of the transforms about as loud (Mishkin
and Matas, ICLR 2016): as torch draws them, latents begin below half a step and thousands of steps
go by before much is learned.

    COVEY_DATA=... python benchmarks/codec_places.py [--first 8000] [--steps 5000] [--images 24]

What is measured already is kept.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from codec_photographs import expected_points, kodak_tensors, learned_and_watched, quick
from covey.codec.image.paper import PaperBody, PaperConfig, Places
from covey.codec.layers.interp_ca import InterpCA
from covey.codec.rate_index import LEVELS, PAPER_LAMBDAS
from covey.metrics.rate import bd_rate
from covey.training.codec import CodecPlan, train_codec
from covey.training.photographs import draw_squares
from covey.training.watch import Watch
from machine import RESULTS, provenance, write_json

OUT = RESULTS / "codec_places.json"
SCRATCH = Path(__file__).parents[1] / ".scratch"
PLACES: tuple[Places, ...] = ("all", "one", "gain")
SEPARATE = (0, 2, 4, 7, 9)
_RATE = 1e-3
_FASTER = 4.0  # InterpCA learns: each level sees few of the squares
_ALL_ELSE = r"^(?!.*(attention|gain))"
_FIRST = 4  # level
_CLIP = 1.0  # of gradients: .1 and less are for deep bodies
_FALL = 0.6  # share of the steps in which the rate of learning falls
_SIZE = 64  # pixels in a row of a square: more steps in a minute, and all see the same
_LOUD = (1.0, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0, 0.25)  # deviations behind each layer; latents 3 steps


@torch.no_grad()
def even_out(body: PaperBody, x: Tensor) -> None:
    """Scales the layers of both transforms by what squares (b, 3, h, w) make of them."""
    t = torch.full((len(x),), (LEVELS - 1) / 2)
    up = [layer.convolution for layer in body.synthesis.convolutions]
    layers = [*body.analysis.convolutions, *up]

    def seen(layer: nn.Module) -> Tensor:
        found: list[Tensor] = []
        hook = layer.register_forward_hook(lambda layer, given, out: found.append(out))
        body(x, t, torch.Generator().manual_seed(0))
        hook.remove()
        return found[0]

    for layer, loud in zip(layers, _LOUD, strict=True):
        nn.init.zeros_(layer.bias)
        layer.weight.mul_(loud / seen(layer).std())
    layers[-1].bias.add_(x.mean((0, 2, 3)) - seen(layers[-1]).mean((0, 2, 3)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=8000)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--latents", type=int, default=48)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--first-network", type=Path, default=SCRATCH / "places_first.pt")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    learned, watched = learned_and_watched(128)
    images = kodak_tensors(options.images)
    sizes = {name: getattr(options, name) for name in ("width", "latents", "first", "steps")}
    result: dict[str, Any] = {"sizes": sizes, "images": len(images), "curves": {}}
    if OUT.exists() and (before := json.loads(OUT.read_text())).get("sizes") == sizes:
        result["curves"] = before["curves"]

    def keep() -> None:
        about = {**provenance("torch"), "command": "python benchmarks/codec_places.py"}
        write_json(OUT, about | result)

    def trained(name: str, body: PaperBody, lambdas: tuple[float, ...], steps: int) -> float:
        whole = CodecPlan(lambdas=lambdas, size=_SIZE, parts=1, half=False)
        plan = quick(whole, steps, _FASTER * _RATE, options.seed)
        schedule = replace(
            plan.schedule, clip=_CLIP, fall=_FALL, slow=_ALL_ELSE, slow_share=1 / _FASTER
        )
        began = time.process_time()
        losses: list[float] = []

        def told(step: int, loss: float, validation: Any) -> None:
            losses.append(loss)
            if step % 500 == 0:
                print(name, step, round(float(np.mean(losses[-500:])), 4), flush=True)

        plan = replace(plan, schedule=schedule)
        train_codec(learned, watched, body, plan, Watch(told, lambda state: None, None))
        return time.process_time() - began

    path = options.first_network
    torch.manual_seed(options.seed)
    start = PaperBody(PaperConfig(options.width, options.latents, "none"))
    if path.exists():
        start.load_state_dict(torch.load(path))
    else:
        squares = draw_squares(learned, 128, 16, np.random.default_rng(options.seed))
        even_out(start, torch.from_numpy(squares))
        trained("first", start, (PAPER_LAMBDAS[_FIRST],) * LEVELS, options.first)
        path.parent.mkdir(exist_ok=True)
        torch.save(start.state_dict(), path)
    result["first"] = expected_points(start.eval(), images, [float(_FIRST)])[0]

    def curve(name: str, places: Places, lambdas: tuple[float, ...], at: list[float]) -> None:
        if name in result["curves"]:
            return
        body = PaperBody(PaperConfig(options.width, options.latents, places))
        body.load_state_dict(start.state_dict(), strict=False)
        for layer in body.modules():
            if isinstance(layer, InterpCA):
                nn.init.constant_(layer.weight, float(np.log(np.expm1(1.0))))
        seconds = trained(name, body, lambdas, options.steps)
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
