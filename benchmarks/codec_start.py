"""How benchmarks of the image codec begin: options, weights, pictures, what was found before."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codec import kodak
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Picture
from covey.codec_weights import default_codec, load_codec
from machine import RESULTS, provenance, write_json


def options_of(doc: str, name: str) -> argparse.ArgumentParser:
    """Options that all have.

    Args:
        doc: Of the script.
        name: Of its result.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--model", type=Path, help="the codec that ships if not given")
    parser.add_argument("--images", type=int, default=24, help="of the Kodak set")
    parser.add_argument("--out", type=Path, default=RESULTS / f"{name}.json")
    return parser


@dataclass(frozen=True, slots=True)
class Result:
    """A result that grows part by part; parts of an earlier run on the same are kept.

    Attributes:
        path: Where it is written.
        facts: What is written, `commits` among it: on which each part was measured.
    """

    path: Path
    facts: dict[str, Any]

    def keep(self, part: str, found: Any) -> None:
        """Adds a part, and writes all."""
        self.facts[part] = found
        self.facts.setdefault("commits", {})[part] = self.facts["commit"]
        write_json(self.path, self.facts)


@dataclass(frozen=True, slots=True)
class Start:
    """What a benchmark works on.

    Attributes:
        codec: The model.
        images: Names and pictures.
        result: What it writes to.
    """

    codec: ImageCodec
    images: list[tuple[str, Picture]]
    result: Result


def start(doc: str, options: argparse.Namespace, parts: tuple[str, ...], **how: Any) -> Start:
    """Reads what a benchmark works on, and what it has found before of the same.

    Args:
        doc: Of the script; its first line is the question.
        options: As `options_of` reads them.
        parts: Names of what is kept of an earlier run, if it was on the same.
        how: What else must be the same.

    Raises:
        SystemExit: If the pictures are not on this machine.
        InputError: If the model cannot be read.
    """
    codec = default_codec() if options.model is None else load_codec(options.model)
    images = kodak(options.images)
    same = {"codec": codec.mark.hex(), "images": len(images), **how}
    facts: dict[str, Any] = {
        "question": doc.splitlines()[0],
        **provenance("torch", "constriction"),
        **same,
    }
    if options.out.exists():
        old = json.loads(options.out.read_text())
        if all(old.get(name) == value for name, value in same.items()):
            facts |= {part: old[part] for part in (*parts, "commits") if part in old}
    return Start(codec, images, Result(options.out, facts))
