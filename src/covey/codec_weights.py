"""Weights of codecs: a folder of model.safetensors, config.json and a card."""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from covey.codec.image.config import BodyConfig
from covey.codec.image.model import ImageCodec
from covey.types import InputError, UsageError
from covey.weight_names import CODEC_KIND, CONFIG, WEIGHTS

_HINT = "name a folder that `covey train codec` wrote"
_AGAIN = "copy it again from where it was made, or train the codec again"


@cache
def default_codec() -> ImageCodec:
    """The codec that ships with the package."""
    shipped = files("covey") / "weights" / "image-s"
    with as_file(shipped) as folder:
        return load_codec(folder)


def load_codec(folder: str | PathLike[str]) -> ImageCodec:
    """Reads a codec.

    Args:
        folder: Written by `covey train codec`.

    Raises:
        InputError: If it is no such folder, or anything in it does not fit.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "there is no such folder"
        raise InputError(f"{folder}: {what}; {_HINT}")
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: holds no file {name}; {_HINT}")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        body = _body_config(config)
    except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
        raise InputError(f"{folder / CONFIG}: describes no codec: {error}; {_HINT}") from None
    try:
        weights = load_file(folder / WEIGHTS)
        for name, value in weights.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                raise ValueError(f"{name} holds NaN or infinity")
        codec = ImageCodec(body, weights, config.get("about") or {})
        for part in ("foresight", "coder", "errors", "analysis", "synthesis", "hyper"):
            getattr(codec, part)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{folder / WEIGHTS}: cannot be read: {error}; {_AGAIN}") from None
    return codec


def codec_config(codec: ImageCodec) -> dict[str, Any]:
    """What config.json holds."""
    body = {each.name: getattr(codec.config, each.name) for each in fields(BodyConfig)}
    return {"kind": CODEC_KIND, "body": body, "about": codec.about}


def _body_config(config: Any) -> BodyConfig:
    if config["kind"] != CODEC_KIND:
        raise ValueError(f"kind is {config['kind']!r}")
    body = config["body"]
    names = [each.name for each in fields(BodyConfig)]
    if sorted(body) != sorted(names):
        raise ValueError(f"body must hold {', '.join(names)}")
    return BodyConfig(**body)
