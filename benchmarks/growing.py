"""What does a project lose by growing, against grouping all of it anew, and what does it save?

60 % of a collection are grouped; the rest comes in 20 batches, each of which joins the groups or
founds new ones, or is grouped anew with all others where the rule was outgrown. Pairwise and BCubed
F after the last batch against those of a full run on all items; seconds of each batch against those
of that full run, in one process; and the share of items whose group has the number that it had
after the batch before.

    COVEY_DATA=... python benchmarks/growing.py [--sets lfw market1501] [--batches 20]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from covey.metrics.clustering import evaluate
from covey.review.changes import NO_GROUP
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.running import RunOptions, run_project
from labelled_sets import load_set
from machine import RESULTS, provenance, write_json

OUT = RESULTS / "growing.json"


def scores(groups: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Of items in no group each is one of its own."""
    told = evaluate(labels, groups, buckets=())
    return {"pairwise_f": told.pairwise.f, "bcubed_f": told.bcubed.f}


def added(review: Review, x: np.ndarray, items: np.ndarray) -> None:
    ids = np.array([str(item) for item in items], object)
    review.add(Batch(ids, x[items], source="a batch"))


def measured(name: str, batches: int, seed: int) -> dict[str, Any]:
    x, labels = load_set(name)
    order = np.random.default_rng(seed).permutation(len(x))
    first = round(0.6 * len(x))
    with tempfile.TemporaryDirectory() as folder:
        create_project(Path(folder) / "whole")
        with Review(Path(folder) / "whole") as review:
            added(review, x, order)
            run_project(review, RunOptions())  # loads compiled code
            begun = time.perf_counter()
            whole = run_project(review, RunOptions(), full=True)
            full_seconds = time.perf_counter() - begun
            full = scores(whole.run.groups(), labels[order])
        create_project(Path(folder) / "grown")
        with Review(Path(folder) / "grown") as review:
            added(review, x, order[:first])
            run_project(review, RunOptions())
            seconds, stable, touched, kinds = [], [], [], []
            for part in np.array_split(order[first:], batches):
                added(review, x, part)
                before = review.state.group_of.copy()
                begun = time.perf_counter()
                outcome = run_project(review, RunOptions())
                seconds.append(time.perf_counter() - begun)
                after = review.state.group_of
                grouped = before != NO_GROUP
                stable.append(float(np.mean(before[grouped] == after[grouped])))
                touched.append(outcome.touched)
                kinds.append(str(outcome.run.facts["kind"]))
            grown = scores(review.state.group_of, labels[order])
    result = {
        "n": len(x),
        "first": first,
        "batches": batches,
        "rule": whole.run.facts["rule"]["recipe"],
        "full": full,
        "grown": grown,
        "full_seconds": round(full_seconds, 2),
        "batch_seconds": [round(each, 2) for each in seconds],
        "batch_share": round(float(np.median(seconds)) / full_seconds, 4),
        "stable": [round(each, 5) for each in stable],
        "touched": touched,
        "kinds": kinds,
        "mean_share": round(float(np.mean(seconds)) / full_seconds, 4),
    }
    print(
        name, {k: v for k, v in result.items() if k not in ("batch_seconds", "stable")}, flush=True
    )
    print(np.round(seconds, 2), min(stable), flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=["lfw", "market1501"])
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    about = provenance("faiss-cpu", "numba")
    about["command"] = "python benchmarks/growing.py"
    sets = {name: measured(name, options.batches, options.seed) for name in options.sets}
    write_json(OUT, {**about, "sets": sets})


if __name__ == "__main__":
    main()
