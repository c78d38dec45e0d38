"""How short is Covey's code beside that of the infomap package, and how long does it search?

Both partition the same graph of exact neighbours, whole and cut at the median similarity, on one
thread and from several seeds. Both codelengths are computed by `covey.partition.map_equation`
from the labels; the package's own figure must agree with it.

    COVEY_DATA=... python benchmarks/codelength.py [--sets lfw ...] [--seeds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np

from covey.partition.map_equation import codelength, map_equation
from covey.types import Edges
from labelled_sets import SET_NAMES, load_set
from machine import RESULTS, provenance, write_json
from peers import cosine_graph, infomap_modules

QUANTILES = (0.0, 0.5)


def compare(set_name: str, k: int, quantile: float, seeds: int) -> dict[str, Any]:
    """Mean bits and mean seconds of both on one graph."""
    x, _ = load_set(set_name)
    n = len(x)
    source, target, similarity = cosine_graph(x / np.linalg.norm(x, axis=1, keepdims=True), k)
    kept = similarity > max(0.0, np.quantile(similarity, quantile))
    edges = Edges(source[kept], target[kept], similarity[kept].astype(np.float32))
    graph = edges.source, edges.target, edges.score.astype(np.float64)
    ours, theirs = [], []
    for seed in range(seeds):
        start = time.perf_counter()
        labels = map_equation(edges, n, seed=seed).labels
        ours.append((codelength(edges, n, labels), time.perf_counter() - start))
        start = time.perf_counter()
        labels, claimed = infomap_modules(n, graph, seed=seed + 1)
        theirs.append((codelength(edges, n, labels), time.perf_counter() - start))
        if not np.isclose(theirs[-1][0], claimed, rtol=1e-4):
            raise SystemExit(f"{set_name}: {theirs[-1][0]} bits, but infomap says {claimed}")
    bits, seconds = np.mean(ours, axis=0)
    package_bits, package_seconds = np.mean(theirs, axis=0)
    return {
        "set": set_name,
        "items": n,
        "k": k,
        "quantile": quantile,
        "edges": edges.m,
        "seeds": seeds,
        "covey": {"bits": round(bits, 5), "seconds": round(seconds, 3)},
        "infomap": {"bits": round(package_bits, 5), "seconds": round(package_seconds, 3)},
        "bits_ratio": round(bits / package_bits, 5),
        "seconds_ratio": round(seconds / package_seconds, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=SET_NAMES, choices=SET_NAMES)
    parser.add_argument("--k", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS / "codelength.json")
    arguments = parser.parse_args()
    pair = np.array([0]), np.array([1]), np.ones(1, np.float32)
    map_equation(Edges(*pair), 2)  # compiled before the clock starts
    result = {
        "question": __doc__.splitlines()[0],
        **provenance("infomap", "numba"),
        "results": [],
    }
    for set_name in arguments.sets:
        for quantile in QUANTILES:
            entry = compare(set_name, arguments.k, quantile, arguments.seeds)
            result["results"].append(entry)
            write_json(arguments.output, result)
            print(json.dumps(entry), file=sys.stderr)


if __name__ == "__main__":
    main()
