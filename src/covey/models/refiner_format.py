"""Reads a refiner from what its folder holds, and refuses what does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.calibration import Calibration
from covey.models.config_format import read_config
from covey.models.edge_features import EDGE_FEATURES, Scale
from covey.models.held_out import MOST_FALL, HeldOut
from covey.models.kinds import NAMES, kind_named
from covey.models.link_scorer import LinkScorer
from covey.models.linkage_gcn_config import LinkageGCNConfig
from covey.models.network import read_network
from covey.models.refiner import SCORER, WHITENING_MAP, WHITENING_MEAN, Refiner
from covey.models.universal import UniversalScorer
from covey.models.whitening import Whitening
from covey.types import Float32, InputError

_AGAIN = "copy it again from where it was made, or train the model again"


def read_refiner(
    config: Mapping[str, Any],
    weights: dict[str, Float32],
    config_path: PathLike[str],
    weights_path: PathLike[str],
) -> Refiner:
    """Puts a refiner together.

    Args:
        config: What `Refiner.config` gave.
        weights: What `Refiner.weights` gave.
        config_path, weights_path: Where they were read, for messages.

    Raises:
        InputError: If anything is missing, of another kind, or does not fit the rest.
    """
    try:
        kind = kind_named(config["kind"])
        if kind is None:
            raise ValueError(f"kind must be one of {', '.join(NAMES)}, got {config['kind']!r}")
        network = read_config(kind.config, _part(config, "network"))
        own = config["own"]
        held = _held_out(_part(config, "held_out"))
        if type(own) not in (int, float) or not 0 <= own <= 1:
            raise ValueError(f"own must be a number in [0, 1], got {own!r}")
        partition, edges, scale = config["partition"], config["edges"], _scale(config["scale"])
        weighs = isinstance(network, LinkageGCNConfig)
        if edges not in ("cosine", "learned", *(["network"] if weighs else [])):
            raise ValueError(f"edges of a model of this kind cannot be weighed by {edges!r}")
        if (edges == "learned") != (scale is not None):
            raise ValueError(
                f"edges that are {edges!r} want {'a' if scale is None else 'no'} scale"
            )
        if not isinstance(partition, str) or not partition:
            raise ValueError(f"partition must be a name, got {partition!r}")
    except KeyError as error:
        raise InputError(f"{config_path}: has no {error}; {_AGAIN}") from None
    except (ValueError, OverflowError) as error:
        raise InputError(f"{config_path}: {error}; {_AGAIN}") from None
    shapes = network.shapes()
    d = network.inputs
    whitened = WHITENING_MEAN in weights or WHITENING_MAP in weights
    if whitened:
        shapes |= {WHITENING_MEAN: (d,), WHITENING_MAP: (d, d)}
    if scale is not None:
        shapes |= {name: weights[name].shape for name in weights if name.startswith(f"{SCORER}.")}
    for name in [*shapes, *weights]:
        wanted = shapes.get(name, "none")
        found = weights[name].shape if name in weights else "none"
        if found != wanted:
            raise InputError(
                f"{weights_path}: {name} should have shape {wanted} by config.json and has "
                f"{found}; {_AGAIN}"
            )
    tensors = dict(weights)
    whitening = None
    if whitened:
        whitening = Whitening(tensors.pop(WHITENING_MEAN), tensors.pop(WHITENING_MAP))
    scorer: UniversalScorer | LinkScorer | None = None
    if edges == "network" and isinstance(network, LinkageGCNConfig):
        scorer = LinkScorer(network, tensors)
    if scale is not None:
        mine = {name: tensors.pop(name) for name in weights if name.startswith(f"{SCORER}.")}
        try:
            scorer = UniversalScorer(read_network(mine, SCORER, len(EDGE_FEATURES), 1), scale, 0.0)
        except KeyError as error:
            raise InputError(f"{weights_path}: has no tensor {error}; {_AGAIN}") from None
        except ValueError as error:
            raise InputError(f"{weights_path}: {error}; {_AGAIN}") from None
    about = config.get("about")
    about = about if isinstance(about, dict) else {}
    return Refiner(
        network, tensors, whitening, float(own), held, about, scorer=scorer, partition=partition
    )


def _part(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = config[name]
    if not isinstance(found, dict):
        raise ValueError(f"{name} must be an object, got {type(found).__name__}")
    return found


def _scale(found: object) -> Scale | None:
    if found is None:
        return None
    names = [field.name for field in fields(Scale)]
    if not isinstance(found, dict) or sorted(found) != sorted(names):
        raise ValueError(f"scale must hold {', '.join(names)}")
    for name, value in found.items():
        _check_number(f"{name} of the scale", value)
        if name != "zero" and not value > 0:
            raise ValueError(f"{name} of the scale must be above 0, got {value!r}")
    return Scale(**found)


def _check_number(what: str, value: object) -> None:
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise ValueError(f"{what} must be a finite number, got {value!r}")


def _held_out(found: dict[str, Any]) -> HeldOut:
    score, probability = _numbers(found, "score"), _numbers(found, "probability")
    cut, precision, recall = (_numbers(found, name) for name in ("cut", "precision", "recall"))
    if len(score) != len(probability) or not len(cut) == len(precision) == len(recall):
        raise ValueError("numbers of held_out differ in length")
    if (np.diff(score) < 0).any() or (np.diff(cut) < 0).any():
        raise ValueError("score and cut of held_out must ascend")
    for name, share in {
        "probability": probability,
        "precision": precision,
        "recall": recall,
    }.items():
        if (share < 0).any() or (share > 1).any():
            raise ValueError(f"{name} of held_out must lie in [0, 1]")
    n = found["n_items"]
    if type(n) is not int or n < 1:
        raise ValueError(f"n_items of held_out must be a whole number above 0, got {n!r}")
    falls = found["precision_falls"], found["recall_falls"]
    for fall in falls:
        _check_number("how precision and recall of held_out fall", fall)
        if not 0 <= fall <= MOST_FALL:
            raise ValueError(f"precision and recall of held_out fall by 0 to {MOST_FALL:g}")
    return HeldOut(n, Calibration(score, probability), cut, precision, recall, *map(float, falls))


def _numbers(found: Mapping[str, Any], name: str) -> NDArray[np.float64]:
    values = found[name]
    if not isinstance(values, list) or not values:
        raise ValueError(f"{name} of held_out must be a list of numbers")
    if not all(type(value) in (int, float) and math.isfinite(value) for value in values):
        raise ValueError(f"{name} of held_out must be finite numbers")
    return np.array(values, np.float64)
