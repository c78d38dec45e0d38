"""Weights: a folder of model.safetensors, config.json and a card (README.md). No pickles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from covey.models.appraisal import SIGNS, Appraiser
from covey.models.edge_features import EDGE_FEATURES, LIST_LENGTH
from covey.models.network import Network
from covey.models.universal import UniversalScorer
from covey.types import Float32, InputError

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
_INPUTS = {
    "list_length": LIST_LENGTH,
    "scorer": list(EDGE_FEATURES),
    "appraiser": list(SIGNS),
}
_OUTPUTS = {"scorer": 1, "appraiser": 2}
_HINT = "name a folder that `covey train` wrote"


@dataclass(frozen=True, slots=True)
class UniversalModel:
    """What one folder holds.

    Attributes:
        scorer: Weighs edges.
        appraiser: Foresees how good clusterings are.
        about: Where the weights come from: data, seed, version.
    """

    scorer: UniversalScorer
    appraiser: Appraiser
    about: dict[str, Any]

    def weights(self) -> dict[str, Float32]:
        """The tensors of model.safetensors."""
        weights: dict[str, Float32] = {}
        for name, network in (
            ("scorer", self.scorer.network),
            ("appraiser", self.appraiser.network),
        ):
            weights |= {f"{name}.mean": network.mean, f"{name}.scale": network.scale}
            for number, (weight, bias) in enumerate(network.layers):
                weights |= {f"{name}.{number}.weight": weight, f"{name}.{number}.bias": bias}
        return {name: np.ascontiguousarray(array, np.float32) for name, array in weights.items()}

    def config(self) -> dict[str, Any]:
        """What `load_model` checks before it trusts weights, and what is known about them."""
        return {"kind": "universal", "inputs": _INPUTS, "about": self.about}


@cache
def default_model() -> UniversalModel:
    """The model that ships with the package."""
    with as_file(files("covey") / "weights" / "universal") as folder:
        return load_model(folder)


def load_model(folder: str | PathLike[str]) -> UniversalModel:
    """Reads a universal model.

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
        raise InputError(f"{path}: cannot be read: {error}; {_HINT}") from None
    for name, weight in weights.items():
        if weight.dtype != np.float32 or not np.isfinite(weight).all():
            raise InputError(f"{path}: {name} is not all finite float32; train the model again")
    scorer, appraiser = (_read_network(path, weights, name) for name in _OUTPUTS)
    about = config.get("about")
    about = about if isinstance(about, dict) else {}
    return UniversalModel(UniversalScorer(scorer), Appraiser(appraiser), about)


def _read_network(path: Path, weights: dict[str, Float32], name: str) -> Network:
    count = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in weights)
    try:
        layers = tuple(
            (weights[f"{name}.{number}.weight"], weights[f"{name}.{number}.bias"])
            for number in range(max(count, 1))
        )
        network = Network(weights[f"{name}.mean"], weights[f"{name}.scale"], layers)
    except KeyError as error:
        raise InputError(f"{path}: has no tensor {error}; train the model again") from None
    if not _fits(network, len(_INPUTS[name]), _OUTPUTS[name]):  # type: ignore[arg-type]
        raise InputError(f"{path}: shapes of {name} do not fit together; train the model again")
    return network


def _fits(network: Network, inputs: int, outputs: int) -> bool:
    """Whether three layers lead from the inputs to the outputs, by scales above 0."""
    if network.mean.shape != (inputs,) or network.scale.shape != (inputs,):
        return False
    if len(network.layers) != 3 or not (network.scale > 0).all():
        return False
    width = inputs
    for weight, bias in network.layers:
        if weight.ndim != 2 or bias.ndim != 1 or weight.shape != (len(bias), width):
            return False
        width = len(bias)
    return width == outputs


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; {_HINT}") from None
    except ValueError as error:
        raise InputError(f"{path}: is no JSON: {error}; {_HINT}") from None
    if not isinstance(config, dict) or config.get("kind") != "universal":
        raise InputError(f"{path}: describes no universal scorer; {_HINT}")
    if config.get("inputs") != _INPUTS:
        raise InputError(
            f"{path}: was made for other inputs than this version of covey has; train it again"
        )
    return config
