"""Weights of codecs: a folder of model.safetensors, config.json and a card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
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
    with describing(folder, _HINT):
        config = read_config(folder, _HINT)
        body = _body_config(config)
    with holding(folder):
        weights = read_weights(folder)
        codec = ImageCodec(body, weights, config.get("about") or {})
        check_image(codec)
    return codec


def read_config(folder: Path, hint: str) -> Any:
    """What config.json of a codec's folder holds.

    Args:
        folder: The folder.
        hint: What to name instead, for messages.

    Raises:
        InputError: If there is no such folder, or one of its files is missing.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "there is no such folder"
        raise InputError(f"{folder}: {what}; {hint}")
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: holds no file {name}; {hint}")
    return json.loads((folder / CONFIG).read_text(encoding="utf-8"))


def read_weights(folder: Path) -> dict[str, NDArray[Any]]:
    """What model.safetensors of a codec's folder holds, all finite."""
    weights = load_file(folder / WEIGHTS)
    for name, value in weights.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise ValueError(f"{name} holds NaN or infinity")
    return weights


def check_image(codec: ImageCodec) -> None:
    """Reads everything once, so that what does not fit is told."""
    for part in ("foresight", "coder", "errors", "analysis", "synthesis", "hyper"):
        getattr(codec, part)


@contextmanager
def describing(folder: Path, hint: str) -> Iterator[None]:
    """Tells what goes wrong inside as a fault of config.json."""
    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
        raise InputError(f"{folder / CONFIG}: describes no codec: {error}; {hint}") from None


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Tells what goes wrong inside as a fault of model.safetensors."""
    try:
        yield
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{folder / WEIGHTS}: cannot be read: {error}; {_AGAIN}") from None


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
