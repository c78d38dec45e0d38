"""How long does the image codec take on one core, where does the time go, and what of a large one?

Kodak images of 768 x 512 pixels, from pixels to the bytes of a file and back, in a fresh process
for each rate, on one thread: medians over images and repetitions (`codec_clock.py`), effort 2 for
one image once. `cpu` are seconds of the processor, `wall` those of the clock, which tell of what
else the machine did. How long size M takes depends little on its weights: what they change is how
many values are coded and by how many tables, and so the entropy coder. Random ones, where no model
is given, say of it nothing but what `bpp` says.

A picture of 2048 x 2048 pixels is four tiles; these are coded on one thread and on two. One of
8192 x 6144, Kodak images side by side, goes through `covey compress` and `covey decompress` from
PNG and to PNG, which is in the seconds; how much memory such a process takes at most stands beside
that of one for 64 x 64 pixels.

    COVEY_DATA=... python benchmarks/codec_speed.py [--model MODEL] [--model-m MODEL]
        [--images 24] [--repeats 3] [--only S M tiles large]

Fifteen minutes; parts are kept once they are done. Wants a machine that does nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from codec_clock import Images, mosaic
from codec_start import options_of, start
from covey.codec.image.body import Body
from covey.codec.image.config import SIZES
from covey.codec.image.model import ImageCodec
from covey.codec_weights import load_codec
from covey.io.codec_folder import write_codec
from machine import REPOSITORY

RATES = (1000, 5000, 8500)
REFINED_AT = 5000
GOALS = {"S": 0.25, "M": 0.5, "large_gb": 2.0}
"""Seconds to encode by effort 1, and to decode, 768 x 512 pixels; bytes of a large picture."""

LARGE = (6144, 8192)
PUBLISHED = {
    "mean-scale hyperprior": {"encode": 1.13, "decode": 1.35},
    "Minnen 2018, joint autoregressive": {"encode": 9.5, "decode": 14.1},
    "Cheng 2020, anchor": {"encode": 6.4, "decode": 11.5},
}
"""CompressAI's own results: seconds of a Kodak image on a CPU, published, on another machine."""

PARTS = ("S", "M", "tiles", "large")


def printed(script: str, *arguments: str) -> dict[str, Any]:
    """The JSON object that a script of this folder prints, run in a process on one core."""
    command = [sys.executable, str(REPOSITORY / "benchmarks" / script), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    print(*arguments, found, flush=True)
    return found


def by_rate(model: Path, images: int, repeats: int) -> list[dict[str, Any]]:
    """Seconds of a model at each rate."""
    found = []
    for rate in RATES:
        more = ["--refine"] if rate == REFINED_AT else []
        how = ["--rate", str(rate), "--images", str(images), "--repeats", str(repeats)]
        found.append(printed("codec_clock.py", str(model), *how, *more))
    return found


def by_threads(model: Path, repeats: int) -> list[dict[str, Any]]:
    """Seconds of four tiles on one thread and on two."""
    how = ["--rate", str(REFINED_AT), "--repeats", str(repeats)]
    return [
        printed("codec_clock.py", str(model), *how, "--tiles", str(threads)) for threads in (1, 2)
    ]


def large(model: Path, images: Images) -> dict[str, Any]:
    """Seconds and memory of the commands on a large picture, and on a small one."""
    found: dict[str, Any] = {"width": LARGE[1], "height": LARGE[0]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        Image.fromarray(mosaic(images, *LARGE).pixels).save(folder / "large.png")
        found["png_seconds"] = round(time.perf_counter() - began, 1)
        Image.fromarray(images[0][1].pixels[:64, :64]).save(folder / "small.png")
        for which, threads in (("small", 1), ("large", 1), ("large", 2)):
            costs = commands(model, folder / f"{which}.png", threads)
            found[f"{which}, threads {threads}"] = costs
    return found


def commands(model: Path, picture: Path, threads: int) -> dict[str, Any]:
    """What `covey compress` and `covey decompress` take."""
    coded, back = picture.with_suffix(".cvi"), picture.with_name("back.png")
    found: dict[str, Any] = {}
    for command, source, target in (("compress", picture, coded), ("decompress", coded, back)):
        how = ["-m", "covey", command, str(source), "-o", str(target), "--model", str(model)]
        how += ["--threads", str(threads), "--overwrite", "--quiet"]
        found[command] = printed("command_cost.py", sys.executable, *how)
    found["bytes"] = coded.stat().st_size
    return found


def ratios(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """How many times as long the published codecs took, on another machine, as effort 1 here."""
    (row,) = (row for row in rows if row["rate"] == REFINED_AT)
    ours = {"encode": row["seconds"]["encode, effort 1"], "decode": row["seconds"]["decode"]}
    return {
        name: {what: round(seconds / ours[what]["cpu"], 1) for what, seconds in theirs.items()}
        for name, theirs in PUBLISHED.items()
    }


def random_model(size: str, folder: Path) -> Path:
    """A model of random weights."""
    torch.manual_seed(0)
    write_codec(folder / size, ImageCodec.of(Body(SIZES[size])), "random weights")
    return folder / size


def main() -> None:
    parser = options_of(__doc__, "codec_speed")
    parser.add_argument("--model-m", type=Path, help="of size M; random weights if not given")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        medium = options.model_m or random_model("M", Path(name))
        how = {
            "repeats": options.repeats,
            "codec_m": load_codec(medium).mark.hex(),
            "weights_m": "random" if options.model_m is None else "trained",
        }
        begun = start(__doc__, options, (*PARTS, "times_published"), **how)
        result = begun.result
        small = Path(name) / "S"
        write_codec(small, begun.codec, "")
        result.facts.update(goals=GOALS, published=PUBLISHED)
        parts = {
            "S": lambda: by_rate(small, options.images, options.repeats),
            "M": lambda: by_rate(medium, options.images, options.repeats),
            "tiles": lambda: by_threads(small, options.repeats),
            "large": lambda: large(small, begun.images),
        }
        for part in options.only:
            if part not in result.facts:
                result.keep(part, parts[part]())
        sizes = [size for size in ("S", "M") if size in result.facts]
        result.keep("times_published", {size: ratios(result.facts[size]) for size in sizes})


if __name__ == "__main__":
    main()
