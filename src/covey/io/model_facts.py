"""What is known of a model, for `--json` and for its card."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from covey.hub import Model
from covey.models.refiner import Refiner


def model_facts(model: Model) -> dict[str, Any]:
    """Kind, what it fits, what it was made of, what it does and how well, by one set of names.

    Returns:
        `kind`, `weights` (how many), `dim` (values in a row that it takes, None for any),
        `trained_on` and `figures` (None where nothing is known), `seed`, `covey` (the version that
        made it), `needs_pytorch`, and all of `about`. Of a refiner also `uses_network`, `network`,
        `own` (share of the embedding itself in every cosine), `whitens`, `edges` (what weighs
        them), `partition`, and `cut`, see `best_cut`.
    """
    about = model.about
    facts: dict[str, Any] = {
        "kind": "universal",
        "weights": sum(weights.size for weights in model.weights().values()),
        "dim": None,
        "trained_on": about.get("refined on") or about.get("sets"),
        "needs_pytorch": False,
    }
    if isinstance(model, Refiner):
        facts |= {
            "kind": model.kind.name,
            "dim": model.network.inputs,
            "trained_on": about.get("trained on"),
            "held_out": about.get("held out before that"),
            "needs_pytorch": model.uses_network,
            "uses_network": model.uses_network,
            "network": asdict(model.network),
            "own": model.own,
            "whitens": model.whitening is not None,
            "edges": model.edges,
            "partition": model.partition,
            "cut": best_cut(model),
        }
    return facts | {
        "figures": about.get("validation") or None,
        "seed": about.get("seed"),
        "covey": about.get("covey"),
        "about": about,
    }


def best_cut(model: Refiner) -> dict[str, float | int]:
    """Of the items that a refiner was judged by, the cut of the highest BCubed F.

    Returns:
        `n_items` of them, `score` and, for the same cut, `probability` that two such neighbours
        belong together, BCubed `precision` and `recall`.
    """
    held, best = model.held_out, model.held_out.at_best
    return {
        "n_items": held.n_items,
        "score": float(held.cut[best]),
        "probability": float(held.calibration(held.cut[[best]].astype(np.float32))[0]),
        "precision": float(held.precision[best]),
        "recall": float(held.recall[best]),
    }
