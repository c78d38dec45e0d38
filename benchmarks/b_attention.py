"""How well are identities grouped that a B-Attention model has never seen?

The identities of a set are cut in two halves (`split.npy`). A model learns from the labels of the
one; of the other, by itself, it makes groups at the cut that it chose without labels. Once for each
seed, which draws the groups that are held out, the weights and the batches. Beside it: the default
without any labels, and two upper bounds whose cut is chosen **with** the labels of the test half,
the cosine and gradient boosting on the edge features of the universal scorer.

    COVEY_DATA=... python benchmarks/b_attention.py [--models FOLDER] [--sets lfw ...]

The model that ships has seen clinc150, googlenews_t and omniglot_eval: with `--models`, as for
`universal.py`, the default without labels uses one that has not; otherwise the result says so. Sets
and seeds that are not named keep their results, and with `--runs-only` so do the rows beside them.
Everything runs on one thread, so that two sets can be measured side by side.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from covey.clustering import ClusterResult, cluster
from covey.datasets.view_draws import LabelledSet
from covey.graph import knn_to_edges, nearest
from covey.graph_partition import partition_edges
from covey.hub import default_model, load_universal
from covey.knn import build_knn_graph
from covey.metrics.clustering import evaluate
from covey.models.edge_features import LIST_LENGTH, EdgeMeasures, measure_edges
from covey.scoring import LIST_LENGTH as LISTS
from covey.scoring import score_edges
from covey.threads import bounded_threads
from covey.training.b_attention import BAttentionPlan
from covey.training.loop import Schedule
from covey.training.refiner import train_refiner
from covey.types import Edges, Int64
from covey.unique_items import unique_items
from labelled_sets import SET_NAMES
from machine import RESULTS, provenance, write_json
from universal import FAMILIES
from universal_finetune import halves

OUT = RESULTS / "b_attention.json"
_DENSITIES = np.geomspace(40.0, 0.25, 20)  # edges an item at the cuts among which labels choose


def scores_of(truth: Int64, labels: Int64) -> dict[str, Any]:
    """Both F, with precision and recall."""
    found = evaluate(truth, labels, buckets=())
    return {"bcubed": found.bcubed.as_dict(), "pairwise": found.pairwise.as_dict()}


def best_cut(edges: Edges, truth: Int64) -> dict[str, Any]:
    """Of the map equation's groups at each cut, those that the labels like best by BCubed F."""
    best: dict[str, Any] = {"bcubed": {"f": -1.0}}
    order = np.sort(edges.score)[::-1]
    n = len(truth)
    for density in _DENSITIES:
        cut = order[int(np.clip(round(density * n), 1, edges.m)) - 1]
        above = edges.score >= cut
        some = Edges(edges.source[above], edges.target[above], edges.score[above])
        found = scores_of(truth, partition_edges(some, n, rounds=2).labels)
        if found["bcubed"]["f"] > best["bcubed"]["f"]:
            best = {"cut": float(cut), **found}
    return best


def promised(result: ClusterResult, truth: Int64, seconds: float) -> dict[str, Any]:
    """A run of the main job: what it promised, and what is true."""
    report = result.report
    return {
        "seconds": round(seconds, 1),
        "method": report.method,
        "n_clusters": result.clustering.n_clusters,
        "expected_precision": report.expected_precision,
        "expected_recall": report.expected_recall,
        **scores_of(truth, result.clustering.labels),
    }


def boosted(known: LabelledSet, other: LabelledSet) -> dict[str, Any]:
    """Gradient boosting that tells edges of one identity from others, its cut by the labels."""

    def edges_of(one: LabelledSet) -> tuple[EdgeMeasures, np.ndarray, np.ndarray]:
        rows = one.x
        knn = nearest(build_knn_graph(rows, LIST_LENGTH), LIST_LENGTH)
        measures = measure_edges(rows, knn)
        items = np.arange(len(rows))
        return measures, measures.features(rows, items), knn.indices

    labelled = known.labels >= 0
    known = LabelledSet(known.name, known.family, known.x[labelled], known.labels[labelled])
    _, features, indices = edges_of(known)
    together = known.labels[indices] == known.labels[:, None]
    model = HistGradientBoostingClassifier(max_iter=200, random_state=0)
    model.fit(features.reshape(-1, features.shape[-1]), together.ravel())
    _, features, indices = edges_of(other)
    score = model.predict_proba(features.reshape(-1, features.shape[-1]))[:, 1]
    n, k = indices.shape
    source, target = np.repeat(np.arange(n), k), indices.ravel().astype(np.int64)
    low, high = np.minimum(source, target), np.maximum(source, target)
    pair, which = np.unique(low * n + high, return_inverse=True)
    mean = np.bincount(which, score) / np.bincount(which)
    edges = Edges(
        (pair // n).astype(np.int32), (pair % n).astype(np.int32), mean.astype(np.float32)
    )
    return best_cut(edges, other.labels)


def one_run(known: LabelledSet, other: LabelledSet, seed: int) -> dict[str, Any]:
    """Trains by one seed, and groups the test half."""
    plan = BAttentionPlan(schedule=Schedule(seed=seed))
    began = time.process_time()
    model = train_refiner(known.x, known.labels, name=known.name, plan=plan)
    trained = time.process_time() - began
    began = time.perf_counter()
    result = cluster(other.x, model=model, threads=1)
    seconds = time.perf_counter() - began
    items = unique_items(other.x, metric="cosine")
    refined = model.refine(model.prepare(items.rows))
    knn = build_knn_graph(refined, model.list_length)
    edges = score_edges(refined, knn, "learned" if model.scorer else "cosine", model=model.scorer)
    return {
        "seed": seed,
        "training_cpu_seconds": round(trained, 1),
        **{name: model.about[name] for name in ("steps", "whitened", "validation")},
        "share_of_the_embedding": model.own,
        "edges": model.about["edges"],
        "partition": model.partition,
        "precision_falls": model.held_out.precision_falls,
        "recall_falls": model.held_out.recall_falls,
        **promised(result, other.labels, seconds),
        "best_cut_with_labels": best_cut(edges, other.labels[items.first]),
    }


def references(name: str, models: Path | None) -> dict[str, Any]:
    """All rows of one set that no model from its labels takes part in, and no runs yet."""
    known, other = halves(name)
    family = FAMILIES.get(name) if models else None
    universal = load_universal(models / f"without-{family}") if models and family else None
    began = time.perf_counter()
    plain = cluster(other.x, model=universal, threads=1)
    entry: dict[str, Any] = {
        "set": name,
        "seen_by_the_default": name in (universal or default_model()).about["sets"],
        **{
            half: {"items": len(one.x), "identities": len(np.unique(one.labels[one.labels >= 0]))}
            for half, one in (("known", known), ("other", other))
        },
        "without_labels": promised(plain, other.labels, time.perf_counter() - began),
        "cosine_best_cut": best_cut(
            knn_to_edges(build_knn_graph(other.x, LISTS["cosine"])), other.labels
        ),
        "boosting_best_cut": boosted(known, other),
        "runs": [],
    }
    for row in ("without_labels", "cosine_best_cut", "boosting_best_cut"):
        told(name, row, entry[row])
    return entry


def told(name: str, row: str, found: dict[str, Any]) -> None:
    """One line on stdout."""
    best = found.get("best_cut_with_labels", {"bcubed": {"f": 0}})["bcubed"]["f"]
    f = f"{found['pairwise']['f']:.3f}/{found['bcubed']['f']:.3f}"
    print(name, row, f, found.get("training_cpu_seconds", ""), f"{best:.3f}", flush=True)


def keep(name: str, found: dict[str, Any], about: dict[str, Any], out: Path = OUT) -> None:
    """Puts the references or one run of a set among the results; others may do so at that time."""
    with out.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = json.loads(out.read_text())["results"] if out.exists() else []
        entries = {each["set"]: each for each in before}
        if "seed" in found:
            runs = [run for run in entries[name]["runs"] if run["seed"] != found["seed"]]
            entries[name]["runs"] = sorted([*runs, found], key=lambda run: run["seed"])
        else:
            entries[name] = found
        order = [name for name in SET_NAMES if name in entries]
        write_json(out, {**about, "results": [entries[name] for name in order]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path)
    parser.add_argument("--sets", nargs="*", default=list(SET_NAMES), choices=SET_NAMES)
    parser.add_argument("--seeds", nargs="*", type=int, default=list(range(5)))
    parser.add_argument("--runs-only", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    about = provenance("torch", "numba", "faiss-cpu", "scikit-learn")  # of the code imported above
    about["command"] = "python benchmarks/b_attention.py" + (
        " --models models" if options.models else ""
    )
    with bounded_threads(1):
        if not options.runs_only:
            for name in options.sets:
                keep(name, references(name, options.models), about)
        for seed in options.seeds:
            for name in options.sets:
                run = one_run(*halves(name), seed)
                told(name, f"seed {seed}", run)
                keep(name, {**run, "commit": about["commit"]}, about)


if __name__ == "__main__":
    main()
