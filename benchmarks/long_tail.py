"""Does reverse-imbalance weighted sampling help the tail, and how do other methods bear imbalance?

Each method learns from a balanced, a long-tailed and a head-heavy version of the known half of a
set, and groups one and the same long-tailed version of the other half; scores are parted by the
size of the true group, with groups of one item and without. Every network stands alone: no
whitening, no share of the embedding itself, no learned scorer. A seed draws the versions, the
groups held out, weights and batches. Curves follow networks that learn twice as long from
head-heavy versions, with their links and those of the other half.

    COVEY_DATA=... OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1 python benchmarks/long_tail.py \\
        [--sets lfw ...] [--versions ...] [--methods ...] [--seeds 0 1 2] [--curves]

What has been measured is kept and not measured again. `(Yang et al., 2021, arXiv 2107.02477.)`
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from covey.clustering import cluster
from covey.datasets.view_draws import LabelledSet
from covey.graph import LEAST_WEIGHT, knn_to_edges
from covey.graph_partition import partition_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows, different_rows, held_out
from covey.metrics.clustering import evaluate
from covey.metrics.edges import ranked_precision
from covey.models.ada_nets_config import AdaNETSConfig
from covey.models.b_attention_config import BAttentionConfig
from covey.models.kinds import NetworkConfig
from covey.models.linkage_gcn_config import LinkageGCNConfig
from covey.models.refiner import Refiner
from covey.threads import bounded_threads
from covey.training.ada_nets_plan import AdaNETSPlan
from covey.training.b_attention import BAttentionPlan
from covey.training.link_curve import CurvePoint, LinkFit
from covey.training.linkage_gcn import LinkagePlan, train_linkage_gcn
from covey.training.loop import Schedule
from covey.training.networks import Plan
from covey.training.refiner import train_refiner
from covey.types import Edges, Int64
from covey.unique_items import unique_items
from long_tail_versions import BUCKET_NAMES, BUCKETS, SETS, VERSIONS, falling, part, version
from machine import RESULTS, provenance, write_json
from universal_finetune import halves

OUT = RESULTS / "long_tail.json"
LINKAGE: dict[str, dict[str, Any]] = {
    "RIWS": {"sampling": "riws"},
    "none": {"sampling": "none"},
    "resample": {"sampling": "resample"},
    **{
        loss: {"sampling": "none", "loss": loss}
        for loss in ("class-balanced", "focal", "density", "ohem", "ohem-3-1")
    },
}
"""Plans of the linkage GCN: RIWS, neither, and its rivals, of which all but one are losses."""

WITHOUT = "without labels"
ANY = "any"
"""Version of what learns from none."""

METHODS = (WITHOUT, "Ada-NETS", *LINKAGE, "B-Attention")
ON_BALANCED = ("Ada-NETS", "RIWS", "none", "B-Attention")
CURVES = ("RIWS", "none", "focal", "class-balanced")
_NEAR = 40  # neighbours whose edges are looked at
_DENSITIES = np.geomspace(20.0, 0.25, 12)  # edges an item at the cuts among which labels choose
_LONG = Schedule(steps=800, every=100, patience=800)


def network_and_plan(method: str, inputs: int, seed: int) -> tuple[NetworkConfig, Plan]:
    """What a method trains, and how, at its defaults."""
    schedule = Schedule(seed=seed)
    if method == "B-Attention":
        return BAttentionConfig(inputs), BAttentionPlan(schedule=schedule)
    if method == "Ada-NETS":
        return AdaNETSConfig(inputs), AdaNETSPlan(schedule=schedule)
    return LinkageGCNConfig(inputs), LinkagePlan(schedule=schedule, **LINKAGE[method])


def scores_of(truth: Int64, labels: Int64) -> dict[str, Any]:
    """Both F with precision and recall: of all items, and by bucket of the true group's size.

    Without groups of one item these are not only left unscored: they leave the clusters, too.
    """
    found: dict[str, Any] = {}
    for name, ignored in (("with_singletons", False), ("without_singletons", True)):
        scores = evaluate(truth, labels, ignore_singletons=ignored, buckets=BUCKETS)
        parts = {"all": scores}
        parts |= {BUCKET_NAMES[size]: scores.buckets[size] for size in scores.buckets}
        found[name] = {
            key: {"bcubed": each.bcubed.as_dict(), "pairwise": each.pairwise.as_dict()}
            for key, each in parts.items()
        }
    return found


def best_cut(edges: Edges, truth: Int64) -> dict[str, Any]:
    """Scores of the map equation's groups at the cut that the labels like best by BCubed F."""
    order = np.sort(edges.score)[::-1]
    best, kept = -1.0, truth
    for density in _DENSITIES:
        cut = order[int(np.clip(round(density * len(truth)), 1, edges.m)) - 1]
        above = edges.score >= cut
        some = Edges(edges.source[above], edges.target[above], edges.score[above])
        labels = partition_edges(some, len(truth), rounds=1).labels
        f = evaluate(truth, labels, buckets=()).bcubed.f
        if f > best:
            best, kept = f, labels
    return scores_of(truth, kept)


def edges_of(model: Refiner | None, other: LabelledSet) -> dict[str, Any]:
    """What edges are worth whatever the cut: those to the 40 nearest, by cosine without a model.

    Average precision counts each link as its centre sees it, and is parted by the centre's bucket.
    """
    items = unique_items(other.x, metric="cosine")
    truth = other.labels[items.first]
    rows = items.rows if model is None else model.prepare(items.rows)
    if model is not None and model.refines:
        rows = model.refine(rows)
    knn = build_knn_graph(rows, _NEAR)
    scores = knn.similarities
    if model is not None and model.scorer is not None:
        scores = model.scorer.score(rows, knn)
    same = truth[knn.indices] == truth[:, None]
    sizes = np.unique(truth, return_inverse=True, return_counts=True)
    bucket = np.searchsorted(BUCKETS, sizes[2])[sizes[1]]
    precision = {"all": ranked_precision(scores.ravel(), same.ravel())}
    for place, name in enumerate(BUCKET_NAMES.values()):
        own = bucket == place
        precision[name] = ranked_precision(scores[own].ravel(), same[own].ravel())
    edges = knn_to_edges(knn, score=np.maximum(scores, LEAST_WEIGHT))
    return {"average_precision": precision, "best_cut_with_labels": best_cut(edges, truth)}


def sizes_of(items: LabelledSet) -> dict[str, int]:
    """Items, groups, and groups of each bucket."""
    sizes = np.unique(items.labels, return_counts=True)[1]
    bucket = np.searchsorted(BUCKETS, sizes)
    counts = {name: int((bucket == i).sum()) for i, name in enumerate(BUCKET_NAMES.values())}
    alone = int((sizes == 1).sum())
    return {"items": len(items.x), "groups": len(sizes), **counts, "singletons": alone}


def drawn(name: str, which: str, seed: int) -> tuple[LabelledSet, LabelledSet]:
    """A version of the known half, all of it if any will do, and what is grouped."""
    known, other = halves(name)
    if which != ANY:
        known = part(known, version(which, known.labels, name, seed))
    return known, part(other, falling(other.labels, 1, name, seed))


def one_run(name: str, which: str, method: str, seed: int) -> dict[str, Any]:
    """Trains by one seed, and groups the long tail of the other half."""
    known, other = drawn(name, which, seed)
    told: dict[str, Any] = {"set": name, "version": which, "method": method, "seed": seed}
    if method == WITHOUT:
        told["edges"] = edges_of(None, other)
        result = cluster(other.x, method="untrained", seed=seed, threads=1)
    else:
        network, plan = network_and_plan(method, known.x.shape[1], seed)
        began = time.process_time()
        model = train_refiner(
            known.x, known.labels, name=name, network=network, plan=plan, alone=True, device="cpu"
        )
        told["training_cpu_seconds"] = round(time.process_time() - began, 1)
        told |= {key: model.about[key] for key in ("steps", "validation", "partition")}
        told["learned"] = sizes_of(known)
        told["edges"] = edges_of(model, other)
        result = cluster(other.x, model=model, seed=seed, threads=1)
    told["grouped"] = sizes_of(other)
    told["n_clusters"] = result.clustering.n_clusters
    return {**told, "scores": scores_of(other.labels, result.clustering.labels)}


def one_curve(name: str, method: str, seed: int) -> dict[str, Any]:
    """Learns long from two thirds of a head-heavy version; the other half is looked at alone."""
    known, other = drawn(name, "head-heavy", seed)
    rows, groups = different_rows(known.x, known.labels)
    learned = LabelledRows(rows, groups)
    learned = learned.of(~held_out(groups, seed, 3))
    watched = LabelledRows(*different_rows(other.x, other.labels))
    plan = LinkagePlan(schedule=_LONG, **LINKAGE[method])
    points: list[dict[str, Any]] = []

    def keep(point: CurvePoint) -> None:
        assert point.watched is not None
        points.append(
            {"step": point.step, "learned": told(point.learned), "other": told(point.watched)}
        )

    def told(fit: LinkFit) -> dict[str, float]:
        return {"loss": round(fit.loss, 5), "average_precision": round(fit.average_precision, 5)}

    train_linkage_gcn(learned, watched, LinkageGCNConfig(rows.shape[1]), plan, record=keep)
    return {"set": name, "version": "head-heavy", "method": method, "seed": seed, "points": points}


def keep(kind: str, found: dict[str, Any], about: dict[str, Any], out: Path = OUT) -> None:
    """Puts a run or a curve among the results."""
    before = json.loads(out.read_text()) if out.exists() else {"results": [], "curves": []}
    entries = {key(each): each for each in before[kind]} | {key(found): found}
    write_json(
        out,
        {**about, **{k: before[k] for k in ("results", "curves")}, kind: list(entries.values())},
    )


def key(entry: dict[str, Any]) -> tuple[str, str, str, int]:
    """What tells entries apart."""
    return entry["set"], entry["version"], entry["method"], entry["seed"]


def planned(options: argparse.Namespace) -> list[tuple[str, str, str, int]]:
    """Keys of the runs in the order that leaves whole rows behind wherever it is stopped."""
    found = []
    for seed in options.seeds:
        for which in (ANY, *options.versions):
            for name in options.sets:
                for method in options.methods:
                    fits = which != "balanced" or method in ON_BALANCED
                    if (method == WITHOUT) == (which == ANY) and fits:
                        found.append((name, which, method, seed))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS)
    parser.add_argument("--versions", nargs="*", default=list(VERSIONS), choices=VERSIONS)
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--curves", action="store_true", help="curves alone, of the first seed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    about = provenance("torch", "numba", "faiss-cpu", "scikit-learn")  # of the code imported above
    about["command"] = "python benchmarks/long_tail.py"
    done = json.loads(OUT.read_text()) if OUT.exists() else {"results": [], "curves": []}
    with bounded_threads(1):
        if options.curves:
            there = {key(each) for each in done["curves"]}
            for name in options.sets:
                for method in CURVES:
                    if (name, "head-heavy", method, options.seeds[0]) in there:
                        continue
                    curve = one_curve(name, method, options.seeds[0])
                    last = curve["points"][-1]
                    print(name, method, last["learned"], last["other"], flush=True)
                    keep("curves", {**curve, "commit": about["commit"]}, about)
            return
        there = {key(each) for each in done["results"] if "edges" in each}
        for wanted in planned(options):
            if wanted not in there:
                began = time.perf_counter()
                run = one_run(*wanted)
                f = {
                    k: round(v["bcubed"]["f"], 3)
                    for k, v in run["scores"]["with_singletons"].items()
                }
                print(*wanted, f, f"{time.perf_counter() - began:.0f} s", flush=True)
                keep("results", {**run, "commit": about["commit"]}, about)


if __name__ == "__main__":
    main()
