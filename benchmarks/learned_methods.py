"""What do Ada-NETS and the linkage GCN make of identities that they have never seen?

The identities of a set are cut in two halves (`split.npy`). A method learns from the labels of the
one; of the other, by itself, it makes groups at a cut that is chosen without labels of that half.
`METHODS` are as users get them: what they learn is used only where held-out identities of the known
half gain by it, and a learned scorer of edges may weigh them. In the parts of Ada-NETS (`PARTS`)
the network stands alone, and beside it are the edges that it starts from (`PLAIN`).

    COVEY_DATA=... python benchmarks/learned_methods.py [--sets lfw ...] [--seeds 0 ...]
        [--variants ada-nets ...]

Each run is a process of its own, so that its peak memory is its own, on one thread. Rows that the
result has are kept: take them out of it, or remove the file, to measure them anew.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from b_attention import promised, scores_of
from covey.calibration import calibrate
from covey.clustering import cluster
from covey.datasets.view_draws import LabelledSet
from covey.graph_partition import partition_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows, different_rows
from covey.metrics.edges import average_precision
from covey.models.held_out import HeldOut
from covey.models.refiner import REFINED_NEIGHBOURS, Refiner
from covey.scoring import LIST_LENGTH as LISTS
from covey.scoring import Scorer, score_edges
from covey.threads import bounded_threads
from covey.training.cuts import cuts_tried
from covey.training.judging import cosine_edges, together
from covey.training.neighbour_filter import FilterValidation
from covey.training.networks import FILTER
from covey.training.refiner import PHASES, Follow, train_refiner
from covey.training.variants import ada_nets, linkage
from covey.types import Edges, Float32
from labelled_sets import SET_NAMES
from machine import RESULTS, provenance, write_json
from universal_finetune import halves

OUT = RESULTS / "learned_methods.json"
SEEDS = (0, 1, 2)
METHODS = {"ada-nets": ada_nets, "linkage": linkage}
PLAIN: dict[str, tuple[Scorer, bool]] = {
    "cosine, no labels": ("cosine", False),
    "structure space, no labels": ("structure", False),
    "cosine, cut learned": ("cosine", True),
    "structure space, cut learned": ("structure", True),
}
"""Edges that no network weighs: their scorer, and whether known identities choose the cut."""
PARTS: dict[str, dict[str, Any]] = {
    "all": {"length": "all", "space": "knn"},
    "fixed, kNN": {"length": "fixed", "space": "knn"},
    "fixed, structure space": {"length": "fixed", "space": "structure"},
    "largest gap, kNN": {"length": "gap", "space": "knn"},
    "most stable, kNN": {"length": "stable", "space": "knn"},
    "adaptive, structure space (published)": {"length": "adaptive", "space": "structure"},
    "adaptive, kNN that reads structure space (default)": {"length": "adaptive", "space": "read"},
}
"""What is varied: how many candidates an item keeps, and in which order they are.

Where all are kept the order does not matter.
"""
REFERENCE = {
    "market1501": {"pairwise": 0.540, "bcubed": 0.605},
    "lfw": {"pairwise": 0.967, "bcubed": 0.960},
    "clinc150": {"pairwise": 0.785, "bcubed": 0.806},
}
"""F that B-Attention was asked to reach or to beat on these halves; given, not measured here."""
PART_SETS = ("market1501", "lfw", "clinc150")
ROWS = (*METHODS, *PLAIN, *PARTS)
_DENSITIES = np.geomspace(50.0, 0.2, 25)  # edges an item at the cuts that are tried


def learned_run(row: str, known: LabelledSet, other: LabelledSet, seed: int) -> dict[str, Any]:
    """Trains by one seed, and groups the other half."""
    alone = row in PARTS
    make = ada_nets if alone else METHODS[row]
    network, plan = make(known.x.shape[1], seed=seed, **PARTS.get(row, {}))
    seen: list[FilterValidation] = []

    def tell(phase: str, step: int, loss: float, found: Any) -> None:
        if phase == f"{PHASES[0]}, {FILTER}" and found is not None:
            seen.append(found)

    began = time.process_time()
    model = train_refiner(
        known.x,
        known.labels,
        name=known.name,
        network=network,
        plan=plan,
        follow=Follow(tell=tell),
        alone=alone,
        device="cpu",
    )
    trained = time.process_time() - began
    began = time.perf_counter()
    result = cluster(other.x, model=model, seed=0, threads=1)
    found = {
        "training_cpu_seconds": round(trained, 1),
        **promised(result, other.labels, time.perf_counter() - began),
        "steps": model.about["steps"],
        "whitened": model.whitening is not None,
        "share_of_the_embedding": model.own,
        "edges": model.edges,
        "partition": model.partition,
        "validation": model.about["validation"],
    }
    if seen:
        best = min(seen, key=lambda each: each.error)
        found["filter_off_by"] = {
            "filter": best.error,
            "mean": best.of_mean,
            "constant": best.of_constant,
        }
    if alone:
        found["average_precision"] = refined_precision(model, other)
    return found


def refined_precision(model: Refiner, other: LabelledSet) -> float:
    """Average precision of the edges between refined embeddings."""
    rows = model.refine(model.prepare(other.x), device="cpu")
    return average_precision(cosine_edges(rows, REFINED_NEIGHBOURS), other.labels)


def plain_run(row: str, known: LabelledSet, other: LabelledSet) -> dict[str, Any]:
    """Groups the other half by edges that no network weighs."""
    scorer, learns = PLAIN[row]
    edges = edges_of(other.x, scorer)
    as_many = edges_of(other.x, scorer, REFINED_NEIGHBOURS)  # as between refined embeddings
    precision = {"average_precision": average_precision(as_many, other.labels)}
    began = time.perf_counter()
    if not learns:
        result = cluster(other.x, method=scorer, seed=0, threads=1)
        return {**promised(result, other.labels, time.perf_counter() - began), **precision}
    held = cut_learned(known, scorer).among(len(other.x))
    cut = held.cut[held.at_best]
    above = edges.score >= np.float32(cut)
    some = Edges(edges.source[above], edges.target[above], edges.score[above])
    groups = partition_edges(some, len(other.x), rounds=2)
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "n_clusters": groups.n_clusters,
        "cut": float(cut),
        "expected_precision": float(held.precision[held.at_best]),
        "expected_recall": float(held.recall[held.at_best]),
        **scores_of(other.labels, groups.labels),
        **precision,
    }


def cut_learned(known: LabelledSet, scorer: Scorer) -> HeldOut:
    """What cuts of a scorer come to on all known items; items of nobody are each alone."""
    rows, labels = different_rows(known.x, known.labels)
    nobody = labels < 0
    labels[nobody] = labels.max(initial=-1) + 1 + np.arange(np.count_nonzero(nobody))
    items, edges = LabelledRows(rows, labels), edges_of(rows, scorer)
    calibration = calibrate(edges, together(edges, items))
    return HeldOut(len(labels), calibration, *cuts_tried(edges, labels, _DENSITIES))


def edges_of(rows: Float32, scorer: Scorer, k: int | None = None) -> Edges:
    """Edges of k neighbours each, or of as many as suit the scorer."""
    return score_edges(rows, build_knn_graph(rows, k or LISTS[scorer]), scorer)


def one_run(name: str, row: str, seed: int) -> dict[str, Any]:
    """One row of one set by one seed, in this process, whose peak memory is told."""
    torch.set_num_threads(1)
    known, other = halves(name)
    with bounded_threads(1):
        if row in PLAIN:
            found = plain_run(row, known, other)
        else:
            found = learned_run(row, known, other, seed)
    return {"row": row, "seed": seed, **found, "peak_rss_mib": peak_mib()}


def peak_mib() -> int:
    """Peak memory of this process."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def wanted(sets: list[str], seeds: list[int], rows: list[str]) -> Iterator[tuple[str, str, int]]:
    """Set, row and seed of each run: what is most wanted first."""
    for seed in seeds:
        for row in (row for row in ROWS if row in rows):
            for name in sets:
                plain_again = row in PLAIN and seed != seeds[0]  # nothing is drawn there
                if not plain_again and (row in METHODS or name in PART_SETS):
                    yield name, row, seed


def keep(name: str, run: dict[str, Any], about: dict[str, Any], out: Path = OUT) -> None:
    """Puts a run among the results; others may do so at that time."""
    with out.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        entries = results(out)
        if name not in entries:
            entries[name] = {"set": name, **sizes(name), "runs": []}
        runs = {(each["row"], each["seed"]): each for each in entries[name]["runs"]}
        runs[run["row"], run["seed"]] = run
        order = sorted(runs, key=lambda key: (ROWS.index(key[0]), key[1]))
        entries[name]["runs"] = [runs[key] for key in order]
        ordered = [entries[each] for each in SET_NAMES if each in entries]
        write_json(out, {**about, "reference": REFERENCE, "results": ordered})


def results(out: Path = OUT) -> dict[str, Any]:
    """What is known of each set."""
    entries = json.loads(out.read_text())["results"] if out.exists() else []
    return {entry["set"]: entry for entry in entries}


def sizes(name: str) -> dict[str, Any]:
    """Items and identities of both halves."""
    found = zip(("known", "other"), halves(name), strict=True)
    return {
        half: {"items": len(one.x), "identities": len(np.unique(one.labels[one.labels >= 0]))}
        for half, one in found
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SET_NAMES), choices=SET_NAMES)
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--variants", nargs="*", default=list(ROWS), choices=ROWS)
    options = parser.parse_args()
    about = provenance("torch", "numba", "faiss-cpu", "scikit-learn")
    about["command"] = "python benchmarks/learned_methods.py"
    for name, row, seed in wanted(options.sets, options.seeds, options.variants):
        before = results().get(name, {"runs": []})["runs"]
        if any(run["row"] == row and (row in PLAIN or run["seed"] == seed) for run in before):
            continue  # of rows that draw nothing, any seed will do
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            run = pool.submit(one_run, name, row, seed).result()
        f = f"{run['pairwise']['f']:.3f}/{run['bcubed']['f']:.3f}"
        print(name, row, seed, f, run.get("training_cpu_seconds", ""), flush=True)
        keep(name, {**run, "commit": about["commit"]}, about)


if __name__ == "__main__":
    main()
