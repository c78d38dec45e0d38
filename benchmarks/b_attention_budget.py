"""What does B-Attention cost, and what do the same CPU seconds give by the published recipe?

*Side by side*: the published network, batches, loss and optimiser (`BAttentionConfig.published`,
`BAttentionPlan.published`; local sets of 80 and all negatives in place of the hardest, without
which it stays collapsed) take 250 steps; the default takes as many of its own steps as fit into the
same CPU seconds, 400 at most. Both learn from the labels of one half and are measured on the other,
at the cut that its labels like best, by union-find and by the map equation: no whitening, no share
of the embedding itself. Once on persons, once on synthetic classes in groups that are easily
confused.

*Speed*: the whole training on market1501's known half, and refining 100,000 items.

    COVEY_DATA=... python benchmarks/b_attention_budget.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from b_attention import best_cut, scores_of
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.graph import knn_to_edges
from covey.graph_partition import partition_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows
from covey.metrics.edges import average_precision
from covey.models.b_attention import refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.refiner import REFINED_NEIGHBOURS
from covey.scoring import score_edges
from covey.training.b_attention import (
    BAttentionPlan,
    local_sets_of,
    train_b_attention,
)
from covey.training.loop import Schedule
from covey.training.refiner import train_refiner
from covey.types import Edges, Float32, Int64
from machine import RESULTS, provenance, write_json
from universal_finetune import halves

PUBLISHED_STEPS = 250
SEEDS = (0,)
_SETS_OF = 80
_CLOSE, _SPREAD = 0.55, 1.35  # noise of classes around their group, and of items around a class


def confusable(seed: int) -> LabelledRows:
    """5,000 unit rows of 256 values: 100 classes of 50, five of them around each of 20 centres."""
    rng = np.random.default_rng(seed)
    d = 256
    centre = np.repeat(_unit(rng.standard_normal((20, d))), 5, axis=0)
    classes = _unit(centre + _CLOSE * _unit(rng.standard_normal((100, d))))
    labels = np.repeat(np.arange(100), 50)
    items = classes[labels] + _SPREAD * _unit(rng.standard_normal((5000, d)))
    order = rng.permutation(5000)
    return LabelledRows(_unit(items)[order].astype(np.float32), labels[order].astype(np.int64))


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def measured(rows: Float32, labels: Int64, edges: Edges | None = None) -> dict[str, Any]:
    """Groups at the best cut, by both partitions."""
    edges = edges or knn_to_edges(build_knn_graph(rows, REFINED_NEIGHBOURS))
    found = {"average_precision": average_precision(edges, labels)}
    best = {"bcubed": {"f": -1.0}}
    for cut in np.quantile(edges.score, np.linspace(0.5, 0.995, 60)):
        above = edges.score >= cut
        some = Edges(edges.source[above], edges.target[above], edges.score[above])
        scores = scores_of(labels, partition_edges(some, len(labels), name="components").labels)
        if scores["bcubed"]["f"] > best["bcubed"]["f"]:
            best = scores
    return {**found, "union_find": best, "map_equation": best_cut(edges, labels)}


def taught(
    known: LabelledRows, other: LabelledRows, config: BAttentionConfig, plan: BAttentionPlan
) -> dict[str, Any]:
    """Trains, and measures on the other half."""
    began, cpu = time.perf_counter(), time.process_time()
    network, last = train_b_attention(known, None, config, plan)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    refined = refine(network, other.rows, local_sets_of(other.rows, config.tests))
    told = {"steps": last.step, "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1)}
    return {**told, **measured(refined, other.labels)}


def side_by_side(name: str, known: LabelledRows, other: LabelledRows) -> dict[str, Any]:
    """The published recipe and the default by the same CPU seconds."""
    d = known.rows.shape[1]
    knn = build_knn_graph(other.rows, REFINED_NEIGHBOURS)
    untrained = score_edges(other.rows, knn, "profiles")
    entry: dict[str, Any] = {
        "set": name,
        "known": len(known.rows),
        "other": len(other.rows),
        "cosine": measured(other.rows, other.labels, knn_to_edges(knn)),
        "profiles": measured(other.rows, other.labels, untrained),
        "published": [],
        "default": [],
    }
    for seed in SEEDS:
        theirs = BAttentionPlan.published(negatives="all")
        schedule = replace(theirs.schedule, steps=PUBLISHED_STEPS, seed=seed)
        theirs = replace(theirs, schedule=schedule)
        config = BAttentionConfig.published(d, tests=_SETS_OF)
        entry["published"].append({"seed": seed, **taught(known, other, config, theirs)})
        print(name, "published", entry["published"][-1], flush=True)
        budget = entry["published"][-1]["cpu_seconds"]
        steps = affordable(known, BAttentionConfig(d), budget)
        ours = BAttentionPlan(schedule=Schedule(steps=steps, seed=seed))
        entry["default"].append({"seed": seed, **taught(known, other, BAttentionConfig(d), ours)})
        print(name, "default", entry["default"][-1], flush=True)
    return entry


def affordable(known: LabelledRows, config: BAttentionConfig, budget: float) -> int:
    """Steps of the default that fit into so many CPU seconds, by the time of 20."""

    def cpu_of(steps: int) -> float:
        began = time.process_time()
        train_b_attention(known, None, config, BAttentionPlan(schedule=Schedule(steps=steps)))
        return time.process_time() - began

    start = cpu_of(1)
    step = (cpu_of(20) - start) / 19
    return int(np.clip((budget - start) / step, 1, Schedule().steps))


def speed() -> dict[str, Any]:
    """Wall seconds of a whole training, and of refining a large collection."""
    known, _ = halves("market1501")
    seconds: dict[str, Any] = {"threads": torch.get_num_threads()}
    model, took = _timed(lambda: train_refiner(known.x, known.labels, name=known.name))
    seconds["training"] = {"items": len(known.x), "seconds": took, "steps": model.about["steps"]}
    x, _ = von_mises_fisher_mixture(100_000, known.x.shape[1], seed=0)
    rows, prepared = _timed(lambda: model.prepare(x))
    near = model.neighbours_among(len(rows))
    knn, searched = _timed(lambda: build_knn_graph(rows, near))
    _, refined = _timed(lambda: model.refine(rows, knn))
    seconds["refining"] = {
        "items": len(rows),
        "dimensions": rows.shape[1],
        "share_of_the_embedding": model.own,
        "whitening": prepared,
        "neighbours": searched,
        "network": refined,
    }
    print(seconds, flush=True)
    return seconds


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    made = work()
    return made, round(time.perf_counter() - began, 1)


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    about = provenance("torch", "numba", "faiss-cpu")
    known, other = halves("market1501")
    entries = [
        side_by_side("confusable classes", confusable(0), confusable(1)),
        side_by_side(
            "market1501", LabelledRows(known.x, known.labels), LabelledRows(other.x, other.labels)
        ),
    ]
    write_json(RESULTS / "b_attention_budget.json", {**about, "results": entries, "speed": speed()})


if __name__ == "__main__":
    main()
