"""Does the universal model help on embeddings it has never seen, and are its promises true?

lfw, market1501 and cuhk03 were never trained on. For clinc150, googlenews_t and omniglot_eval a
model is taken that was trained without their family. For each set: average precision of edges on
the same neighbour lists, BCubed of `covey.cluster` by each method, promised against true figures,
and how often edges of a given probability are right. Then collections in which there is little or
nothing to find.

    COVEY_DATA=... python benchmarks/universal.py --models FOLDER [--sets lfw ...]

FOLDER holds the models without a family, `without-clinc150` and so on:

    python benchmarks/universal_sets.py SETS
    covey train universal --sets SETS --work WORK -o FOLDER/without-clinc150 --leave-out clinc150
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from covey.clustering import cluster
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.graph import nearest
from covey.hub import UniversalModel, default_model, load_universal
from covey.knn import build_knn_graph
from covey.metrics.clustering import evaluate
from covey.metrics.edges import average_precision, reliability
from covey.models.edge_features import LIST_LENGTH
from covey.scoring import score_edges
from covey.unique_items import unique_items
from labelled_sets import SET_NAMES
from machine import RESULTS, provenance, write_json
from quality_peers import load

FAMILIES = {"clinc150": "clinc150", "googlenews_t": "googlenews_t", "omniglot_eval": "omniglot"}
METHODS = ("auto", "universal", "untrained")
SCORERS = ("cosine", "smoothed", "transition", "profiles", "universal")


def edge_precision(x: np.ndarray, truth: np.ndarray, model: UniversalModel) -> dict[str, float]:
    """Average precision of each scorer on lists of 64."""
    items = unique_items(x, metric="cosine")
    knn = build_knn_graph(items.rows, LIST_LENGTH)
    labels = truth[items.first]
    return {
        name: average_precision(
            score_edges(items.rows, nearest(knn, LIST_LENGTH), name, model=model.scorer), labels
        )
        for name in SCORERS
    }


def grouped(x: np.ndarray, truth: np.ndarray, method: str, model: UniversalModel) -> dict[str, Any]:
    """One run of the main job, promised beside true."""
    began = time.perf_counter()
    result = cluster(x, method=method, model=model)
    seconds = time.perf_counter() - began
    scores = evaluate(truth, result.clustering.labels, buckets=())
    report = result.report
    edges = reliability(result.edges, truth)
    return {
        "seconds": round(seconds, 1),
        "taken": f"{report.method}, {report.partition}",
        "n_clusters": result.clustering.n_clusters,
        "agreement": report.agreement,
        "bcubed": scores.bcubed.as_dict(),
        "pairwise": scores.pairwise.as_dict(),
        "expected_precision": report.expected_precision,
        "expected_recall": report.expected_recall,
        "reliability": {
            "bounds": edges.bounds.tolist(),
            "count": edges.count.tolist(),
            "expected": [None if np.isnan(p) else p for p in edges.expected.tolist()],
            "observed": [None if np.isnan(p) else p for p in edges.observed.tolist()],
        },
    }


def odd_collections() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rows and truth of collections in which there is little or nothing to find."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((5000, 128)).astype(np.float32)
    centre = rng.standard_normal(128)
    one = (centre + 0.3 * rng.standard_normal((5000, 128))).astype(np.float32)
    left, left_groups = von_mises_fisher_mixture(3000, 64, n_groups=60, seed=1)
    right, right_groups = von_mises_fisher_mixture(3000, 64, n_groups=1500, min_size=1, seed=2)
    glued = np.concatenate([left, right])
    both = np.concatenate([left_groups, right_groups + left_groups.max() + 1])
    return {
        "random vectors": (noise, np.arange(len(noise))),
        "one group": (one, np.zeros(len(one), np.int64)),
        "all duplicates": (np.repeat(noise[:1], 2000, axis=0), np.zeros(2000, np.int64)),
        "two collections glued together": (glued, both),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=list(SET_NAMES), choices=SET_NAMES)
    options = parser.parse_args()
    entries = []
    for name in options.sets:
        family = FAMILIES.get(name)
        model = load_universal(options.models / f"without-{family}") if family else default_model()
        x, truth = load(name)
        entry: dict[str, Any] = {"set": name, "left_out": family, "items": len(x)}
        entry["average_precision"] = edge_precision(x, truth, model)
        entry |= {method: grouped(x, truth, method, model) for method in METHODS}
        entries.append(entry)
        found = {method: round(entry[method]["bcubed"]["f"], 3) for method in METHODS}
        print(name, entry["average_precision"], found, flush=True)
    odd = {
        name: grouped(x, truth, "auto", default_model())
        for name, (x, truth) in odd_collections().items()
    }
    for name, entry in odd.items():
        print(name, entry["n_clusters"], entry["expected_precision"], entry["expected_recall"])
    about = provenance("numba", "faiss-cpu", "scikit-learn")
    write_json(RESULTS / "universal.json", {**about, "results": entries, "odd": odd})


if __name__ == "__main__":
    main()
