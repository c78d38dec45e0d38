"""Weights: a folder of model.safetensors, config.json and a card (README.md). No pickles."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from covey.models.local_context import COLLECTION_FEATURES, EDGE_FEATURES, LIST_LENGTH
from covey.models.universal import UniversalScorer
from covey.types import InputError

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"


@cache
def default_scorer() -> UniversalScorer:
    """The universal scorer that ships with the package."""
    with as_file(files("covey") / "weights" / "universal") as folder:
        return load_scorer(folder)


def load_scorer(folder: str | Path) -> UniversalScorer:
    """Reads a universal scorer.

    Args:
        folder: Written by `covey train universal`.

    Raises:
        InputError: If it is no such folder, was made for other inputs, or holds what is not finite.
    """
    config = _read_config(Path(folder) / CONFIG)
    path = Path(folder) / WEIGHTS
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read: {error}; train the model again") from None
    scorer = UniversalScorer(weights, config["layers"], config.get("about", {}))
    for name, shape in scorer.shapes().items():
        if name not in weights or weights[name].shape != shape:
            found = "is missing" if name not in weights else f"has shape {weights[name].shape}"
            raise InputError(f"{path}: {name} {found}, expected {shape}; train the model again")
        if weights[name].dtype != np.float32 or not np.isfinite(weights[name]).all():
            raise InputError(f"{path}: {name} must be finite float32; train the model again")
    return scorer


def scorer_config(scorer: UniversalScorer) -> dict[str, Any]:
    """What `load_scorer` checks before it trusts weights, and what is known about them."""
    return {
        "kind": "universal",
        "layers": scorer.layers,
        "inputs": {
            "list_length": LIST_LENGTH,
            "edge": list(EDGE_FEATURES),
            "collection": list(COLLECTION_FEATURES),
        },
        "about": scorer.about,
    }


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read: {error.strerror}; name a folder that `covey train` wrote"
        ) from None
    except ValueError as error:
        raise InputError(
            f"{path}: is no JSON: {error}; name a folder that `covey train` wrote"
        ) from None
    if not isinstance(config, dict) or config.get("kind") != "universal":
        raise InputError(f"{path}: describes no universal scorer; name another folder")
    inputs = config.get("inputs", {})
    expected = scorer_config(UniversalScorer({}, 0, {}))["inputs"]
    if inputs != expected or not isinstance(config.get("layers"), int):
        raise InputError(
            f"{path}: was made for other inputs than this version of covey has; train it again"
        )
    return config
