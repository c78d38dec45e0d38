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

from covey import __version__
from covey.models.appraisal import SIGNS, Appraiser
from covey.models.b_attention_config import BAttentionConfig
from covey.models.edge_features import EDGE_FEATURES, LIST_LENGTH
from covey.models.kinds import NAMES
from covey.models.network import Network, read_network
from covey.models.refiner import Refiner
from covey.models.refiner_format import read_refiner
from covey.models.universal import UniversalScorer
from covey.types import Float32, InputError
from covey.weight_names import CODEC_KIND, CONFIG, VIDEO_KIND, WEIGHTS

_INPUTS = {
    "list_length": LIST_LENGTH,
    "scorer": list(EDGE_FEATURES),
    "appraiser": list(SIGNS),
}
_OUTPUTS = {"scorer": 1, "appraiser": 2}
_HINT = "name a folder that `covey train` wrote"
_DAMAGED = "copy it again from where it was made, or train the model again"


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
        return self.scorer.network.tensors("scorer") | self.appraiser.network.tensors("appraiser")

    def config(self) -> dict[str, Any]:
        """What `load_model` checks before it trusts weights, and what is known about them."""
        return {"kind": "universal", "inputs": _INPUTS, "about": self.about}


Model = UniversalModel | Refiner
"""What `covey train` writes and `load_model` reads."""


@cache
def default_model() -> UniversalModel:
    """The model that ships with the package."""
    with as_file(files("covey") / "weights" / "universal") as folder:
        return load_universal(folder)


def codec_kind(folder: Path) -> str | None:
    """Of a folder that says that it holds a codec, which kind; None of any other."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    kind = config.get("kind") if isinstance(config, dict) else None
    return kind if kind in (CODEC_KIND, VIDEO_KIND) else None


def load_universal(folder: str | PathLike[str]) -> UniversalModel:
    """Reads a model, which must be universal.

    Raises:
        InputError: As `load_model` does, or if it is a model of another kind.
    """
    model = load_model(folder)
    if not isinstance(model, UniversalModel):
        raise InputError(
            f"{folder}: holds a model by covey train {model.kind.name}; name one by covey train "
            "universal"
        )
    return model


def load_refiner(folder: str | PathLike[str]) -> Refiner:
    """Reads a model that finds items, too: by B-Attention, whose local sets queries have as well.

    Raises:
        InputError: As `load_model` does, or if it is a model of another kind.
    """
    model = load_model(folder)
    kind = model.kind.name if isinstance(model, Refiner) else "universal"
    if isinstance(model, Refiner) and isinstance(model.network, BAttentionConfig):
        return model
    raise InputError(
        f"{folder}: holds a model by covey train {kind}, which groups items and finds none; name "
        "one by covey train b-attention"
    )


def load_model(folder: str | PathLike[str]) -> Model:
    """Reads a model of any kind.

    Args:
        folder: Written by `covey train`.

    Raises:
        InputError: If it is no such folder, was made for other inputs, or holds what is not finite.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "there is no such folder"
        raise InputError(f"{folder}: {what}; {_HINT}")
    config = _read_config(_held(folder, CONFIG))
    path = _held(folder, WEIGHTS)
    weights = _read_weights(path)
    if config["kind"] in NAMES:
        return read_refiner(config, weights, folder / CONFIG, path)
    scorer, appraiser = (_read_network(path, weights, name) for name in _OUTPUTS)
    about = config.get("about")
    about = about if isinstance(about, dict) else {}
    return UniversalModel(UniversalScorer(scorer), Appraiser(appraiser), about)


def _held(folder: Path, name: str) -> Path:
    """A file of the folder."""
    if not (folder / name).is_file():
        raise InputError(f"{folder}: holds no file {name}; {_HINT}")
    return folder / name


def _read_weights(path: Path) -> dict[str, Float32]:
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read: {error}; {_DAMAGED}") from None
    except (KeyError, TypeError) as error:  # numbers that numpy has no type for
        raise InputError(f"{path}: must be float32: {error}; save it as that") from None
    for name, weight in weights.items():
        if weight.dtype != np.float32:
            raise InputError(f"{path}: {name} is {weight.dtype}, not float32; save it as that")
        if not np.isfinite(weight).all():
            raise InputError(f"{path}: {name} holds NaN or infinity; train the model again")
    return weights


def _read_network(path: Path, weights: dict[str, Float32], name: str) -> Network:
    try:
        return read_network(weights, name, len(_INPUTS[name]), _OUTPUTS[name])  # type: ignore[arg-type]
    except KeyError as error:
        raise InputError(f"{path}: has no tensor {error}; train the model again") from None
    except ValueError as error:
        raise InputError(f"{path}: {error}; {_DAMAGED}") from None


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; {_HINT}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is no JSON: {error}; {_DAMAGED}") from None
    if isinstance(config, dict) and config.get("kind") in (CODEC_KIND, VIDEO_KIND):
        raise InputError(
            f"{path.parent}: holds weights of the kind {config['kind']!r}, for covey compress; "
            "name a model by another covey train"
        )
    if not isinstance(config, dict) or config.get("kind") not in ("universal", *NAMES):
        raise InputError(f"{path}: describes no model that this version knows; {_HINT}")
    if config["kind"] == "universal" and config.get("inputs") != _INPUTS:
        about = config.get("about")
        maker = about.get("covey") if isinstance(about, dict) else None
        raise InputError(
            f"{path}: was made by covey {maker or 'of a version that it does not name'} for other "
            f"inputs than covey {__version__} has; use that version, or train it again"
        )
    return config
