"""What do labels of some identities give for others of the same embedding?

The universal scorer is fine-tuned on half of the identities of a set, as `covey train universal`
does, and both scorers are compared on the other half.

    COVEY_DATA=... python benchmarks/universal_finetune.py [--sets market1501 ...]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from covey.datasets.view_draws import LabelledSet
from covey.hub import UniversalModel, default_model
from covey.workshop import refine_model
from labelled_sets import SET_NAMES, data_root
from machine import RESULTS, provenance, write_json
from quality_peers import load
from universal import METHODS, edge_precision, grouped

DEFAULT = ("market1501",)


def compare(name: str) -> dict[str, Any]:
    """Scores on the identities that were not trained on, before and after."""
    x, truth = load(name)
    root = data_root()
    assert root is not None
    test = np.load(root / "embeddings" / name / "split.npy") == 1
    began = time.perf_counter()
    known = LabelledSet(name, name, x[~test], truth[~test])
    refined = refine_model(default_model(), known)
    seconds = time.perf_counter() - began
    entry: dict[str, Any] = {"set": name, "trained on": int((~test).sum()), "seconds": seconds}
    entry["validation"] = refined.about["validation"]

    def measure(model: UniversalModel) -> dict[str, Any]:
        found: dict[str, Any] = {
            "average_precision": edge_precision(x[test], truth[test], model)["universal"]
        }
        for method in METHODS[:2]:
            found[method] = grouped(x[test], truth[test], method, model)
        return found

    return entry | {"before": measure(default_model()), "after": measure(refined)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(DEFAULT), choices=SET_NAMES)
    entries = []
    for name in parser.parse_args().sets:
        entries.append(compare(name))
        for when in ("before", "after"):
            found = entries[-1][when]
            shown = {method: round(found[method]["bcubed"]["f"], 3) for method in METHODS[:2]}
            print(name, when, round(found["average_precision"], 3), shown, flush=True)
    about = provenance("torch", "numba", "faiss-cpu", "scikit-learn")
    write_json(RESULTS / "universal_finetune.json", {**about, "results": entries})


if __name__ == "__main__":
    main()
