"""Draws the results as figures of the documentation.

    python benchmarks/figures.py             # every figure
    python benchmarks/figures.py NAME ...    # docs/NAME.png of each
    python benchmarks/figures.py --check     # exit with 1 and name those that are out of date

Figures are drawn from the JSON files in `results/` alone. A digest of what was read stands in the
PNG, so that `--check` needs no matplotlib (`requirements-figures.txt`). The same results give the
same bytes wherever matplotlib is the same.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from b_attention_figures import b_attention_noise
from codec_figures import image_codec
from figure_style import STYLE
from long_tail_figures import long_tail_buckets, long_tail_curves
from machine import REPOSITORY, RESULTS
from universal_figures import universal_promises, universal_reliability
from video_figures import video_codec

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawing(NamedTuple):
    """A figure: the questions whose results it shows, and what draws them, in that order."""

    questions: tuple[str, ...]
    draw: Callable[..., Figure]


FIGURES = {
    "b-attention-noise": Drawing(("b_attention_ablation",), b_attention_noise),
    "long-tail-buckets": Drawing(("long_tail",), long_tail_buckets),
    "long-tail-curves": Drawing(("long_tail",), long_tail_curves),
    "universal-reliability": Drawing(("universal",), universal_reliability),
    "universal-promises": Drawing(("universal",), universal_promises),
    "image-codec": Drawing(("codec",), image_codec),
    "video-codec": Drawing(("video",), video_codec),
}


def _path(name: str) -> Path:
    return REPOSITORY / "docs" / f"{name}.png"


def _read(name: str) -> list[dict[str, Any]]:
    results = []
    for question in FIGURES[name].questions:
        path = RESULTS / f"{question}.json"
        if not path.exists():
            raise SystemExit(f"{path.name} is missing: run benchmarks/{question}.py first")
        results.append(json.loads(path.read_text()))
    return results


def _digest(results: Sequence[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(results, sort_keys=True).encode()).hexdigest()


def render(name: str) -> bytes:
    """The figure as PNG, with the digest of its results and without a time."""
    results = _read(name)
    import matplotlib.style

    metadata = {"Software": None, "Results": _digest(results)}
    with matplotlib.style.context(["default", STYLE]), io.BytesIO() as file:
        FIGURES[name].draw(*results).savefig(file, format="png", metadata=metadata)
        return file.getvalue()


def is_current(name: str) -> bool:
    """Whether the file holds what the results say."""
    path = _path(name)
    if not path.exists():
        return False
    with Image.open(path) as image:
        return image.info.get("Results") == _digest(_read(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FIGURES)}")
    parser.add_argument("--check", action="store_true", help="draw nothing, exit 1 if stale")
    options = parser.parse_args()
    for name in options.names:
        if name not in FIGURES:
            parser.error(f"no figure {name!r}: there are {', '.join(FIGURES)}")
    names = options.names or list(FIGURES)
    if options.check:
        stale = [name for name in names if not is_current(name)]
        if stale:
            raise SystemExit(f"out of date: {', '.join(stale)}; run python benchmarks/figures.py")
        return
    for name in names:
        _path(name).write_bytes(render(name))
        print(f"wrote {_path(name).relative_to(REPOSITORY)}", file=sys.stderr)


if __name__ == "__main__":
    main()
