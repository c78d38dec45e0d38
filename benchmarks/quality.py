"""How good is Covey at its defaults, without labels, and what would the best cut have given?

For each set: `covey.cluster(x)` as it is; the promised beside the true precision and recall; and,
chosen WITH the labels, the best cut of the scorer and partition that were taken and of all that
are tried. The rows of clinc150 that are out of scope are clustered with the rest and not scored.

    COVEY_DATA=... python benchmarks/quality.py [--sets lfw ...]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from covey.clustering import METHODS, cluster
from covey.graph import nearest
from covey.graph_partition import TRIED_PARTITIONS, partition_edges
from covey.knn import build_knn_graph
from covey.metrics.clustering import evaluate
from covey.metrics.edges import average_precision
from covey.scoring import LIST_LENGTH, score_edges
from covey.selection import Recipe, partition_thinned, thin_edges
from covey.types import Edges, Int64
from covey.unique_items import unique_items
from labelled_sets import SET_NAMES
from machine import RESULTS, provenance, write_json
from quality_peers import load

CUTS = 1 / np.geomspace(1 / 50, 4, 13)


def best_cuts(x: np.ndarray, truth: np.ndarray) -> dict[str, dict[str, float]]:
    """For each scorer and partition that is tried: the best B over all cuts."""
    items = unique_items(x, metric="cosine")
    n = len(items.rows)
    knn = build_knn_graph(items.rows, 80)
    best = {}
    for scorer in METHODS["auto"]:
        edges = score_edges(items.rows, nearest(knn, LIST_LENGTH[scorer]), scorer)
        precision = average_precision(edges, truth[items.first])
        for name in TRIED_PARTITIONS:
            recipe = Recipe(scorer, LIST_LENGTH[scorer], name)

            def divide(thinned: Edges, items: int, name: str = name) -> Int64:
                return partition_edges(thinned, items, name=name).labels

            points = []
            for density in CUTS:
                labels = partition_thinned(*thin_edges(edges, n, density), n, recipe, divide)
                scores = evaluate(truth, labels[items.item], buckets=())
                points.append((scores.bcubed.f, float(density)))
            best[f"{scorer}, {name}"] = {
                "bcubed_f": max(points)[0],
                "edges_per_item": max(points)[1],
                "average_precision": precision,
            }
    return best


def measure(name: str, dial: bool) -> dict[str, Any]:
    """Everything about one set, on request also both ends of the dial."""
    x, truth = load(name)
    began = time.perf_counter()
    result = cluster(x)
    seconds = time.perf_counter() - began
    report = result.report
    scores = evaluate(truth, result.clustering.labels)
    entry: dict[str, Any] = {
        "set": name,
        "items": len(x),
        "seconds": round(seconds, 1),
        "n_clusters": result.clustering.n_clusters,
        "n_singletons": result.clustering.n_singletons,
        "largest": int(result.clustering.sizes.max()),
        "method": f"{report.method}, {report.partition}",
        "cut": report.cut,
        "agreement": report.agreement,
        "expected_precision": report.expected_precision,
        "expected_recall": report.expected_recall,
        "scores": scores.as_dict(),
        "best_cuts_with_labels": best_cuts(x, truth),
    }
    for prefer in ("precision", "recall") if dial else ():
        other = evaluate(truth, cluster(x, prefer=prefer).clustering.labels, buckets=())
        entry[f"prefer_{prefer}"] = other.as_dict()["bcubed"]
    return entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SET_NAMES), choices=SET_NAMES)
    parser.add_argument("--dial", action="store_true", help="also --prefer precision and recall")
    options = parser.parse_args()
    entries = []
    for name in options.sets:
        entries.append(measure(name, options.dial))
        found = entries[-1]
        print(name, f"B {found['scores']['bcubed']['f']:.3f}", f"{found['seconds']} s", flush=True)
    about = provenance("numba", "faiss-cpu", "scikit-learn")
    write_json(RESULTS / "quality.json", {**about, "results": entries})


if __name__ == "__main__":
    main()
