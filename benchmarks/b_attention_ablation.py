"""What does each test give, does either matter, and how do they bear noise?

Every variant is trained alike, for all steps of the default plan, on the training half of a set of
persons: no whitening, no share of the embedding itself, nothing chosen. On the test half: average
precision of edges, mAP by three protocols, and the groups at the cut that the labels like best.

*Removal*: in the network with both tests one of them is taken out after training.

*Noise*: the networks are given ever larger local sets; what share of their members is of another
identity stands beside. They were trained on sets of 32.

    COVEY_DATA=... python benchmarks/b_attention_ablation.py [--sets market1501] [--seeds 2]
    COVEY_DATA=... python benchmarks/b_attention_ablation.py --noise    # that part alone, anew
"""

from __future__ import annotations

import argparse
import json
import time
from copy import deepcopy
from typing import Any

import numpy as np
import torch

from b_attention import best_cut, keep
from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows
from covey.metrics.edges import average_precision
from covey.metrics.retrieval import LIST_1023, STANDARD, Protocol
from covey.models.b_attention import BAttentionNetwork, refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.refiner import REFINED_NEIGHBOURS
from covey.retrieval.collection import Collection
from covey.retrieval.reid import Ranker, score_retrieval
from covey.threads import bounded_threads
from covey.training.b_attention import (
    BAttentionPlan,
    local_sets_of,
    train_b_attention,
)
from covey.training.loop import Schedule
from machine import RESULTS, provenance
from retrieval import SET_NAMES, Halves, load_halves

OUT = RESULTS / "b_attention_ablation.json"
VARIANTS: dict[str, dict[str, Any]] = {
    "plain GCN": {"single": False, "multiple": False},
    "Transformer": {"flavour": "transformer", "multiple": False},
    "GCN, single test": {"multiple": False},
    "GCN, multiple tests": {"single": False},
    "GCN, both tests": {},
    "Transformer, both tests": {"flavour": "transformer"},
}
NOISY = ("plain GCN", "GCN, single test", "GCN, multiple tests", "GCN, both tests")
SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
_FIRST_200 = Protocol("list-200", False, 200)


def measure(refined: np.ndarray, halves: Halves, *protocols: Protocol) -> dict[str, Any]:
    """Edges, groups and rankings of refined embeddings."""
    edges = knn_to_edges(build_knn_graph(refined, REFINED_NEIGHBOURS))
    best = best_cut(edges, halves.test_items.labels)
    ranker = Ranker(Collection(refined))
    return {
        "average_precision": average_precision(edges, halves.test_items.labels),
        "pairwise_f": best["pairwise"]["f"],
        "bcubed_f": best["bcubed"]["f"],
        "mAP": {
            protocol.name: score_retrieval(ranker, halves.test_items, protocol=protocol).mean_ap
            for protocol in protocols or (STANDARD, LIST_1023, _FIRST_200)
        },
    }


def trained(halves: Halves, variant: str, seed: int) -> BAttentionNetwork:
    """A network by the labels of the training half, after all steps."""
    rows = LabelledRows(_unit(halves.train), halves.train_items.labels)
    config = BAttentionConfig(rows.rows.shape[1], **VARIANTS[variant])
    plan = BAttentionPlan(schedule=Schedule(seed=seed))
    return train_b_attention(rows, None, config, plan)[0]


def without(network: BAttentionNetwork, test: int) -> BAttentionNetwork:
    """The network with the weight of one test at 0: 0 the single, 1 the multiple."""
    less = deepcopy(network)
    with torch.no_grad():
        for layer in less.layers:
            layer.fuse[test] = 0.0
    return less


def removal(network: BAttentionNetwork, rows: np.ndarray, halves: Halves) -> dict[str, Any]:
    """What taking a test out of a trained network changes."""
    sets = local_sets_of(rows, network.config.tests)
    whole = refine(network, rows, sets)
    found: dict[str, Any] = {}
    for test, name in enumerate(("single", "multiple")):
        less = refine(without(network, test), rows, sets)
        found[name] = {
            "mean_cosine_with_the_whole": float(np.einsum("nd,nd->n", whole, less).mean()),
            **measure(less, halves, STANDARD),
        }
    found["fusion"] = [layer.fuse.tolist() for layer in network.layers]
    return found


def noise(
    networks: dict[str, BAttentionNetwork], rows: np.ndarray, halves: Halves
) -> list[dict[str, Any]]:
    """Each network on local sets of each size."""
    labels = halves.test_items.labels
    found = []
    for size in SIZES:
        sets = local_sets_of(rows, size)
        foreign = (labels[sets[:, 1:]] != labels[:, None]).mean()
        for name, network in networks.items():
            refined = refine(network, rows, sets, batch=max(16, 8192 // size))
            entry = {"size": size, "noise": float(foreign), "variant": name}
            found.append({**entry, **measure(refined, halves, STANDARD)})
            print(size, f"{foreign:.2f}", name, found[-1]["mAP"], found[-1]["bcubed_f"], flush=True)
    return found


def compare(name: str, seeds: int) -> dict[str, Any]:
    """All of it on one set."""
    halves = load_halves(name)
    rows = _unit(halves.test)
    raw = measure(rows, halves)
    print(name, "cosine", raw, flush=True)
    entry: dict[str, Any] = {"set": name, "items": len(rows), "cosine": raw, "variants": []}
    noisy: dict[str, BAttentionNetwork] = {}
    for variant in VARIANTS:
        runs = []
        for seed in range(seeds):
            began = time.perf_counter()
            network = trained(halves, variant, seed)
            seconds = round(time.perf_counter() - began, 1)
            refined = refine(network, rows, local_sets_of(rows, network.config.tests))
            runs.append({"seed": seed, "seconds": seconds, **measure(refined, halves)})
            print(name, variant, runs[-1], flush=True)
            if seed == 0 and variant in NOISY:
                noisy[variant] = network
        entry["variants"].append({"name": variant, "runs": runs})
    entry["removal"] = removal(noisy["GCN, both tests"], rows, halves)
    print(name, entry["removal"], flush=True)
    entry["noise"] = noise(noisy, rows, halves)
    return entry


def noise_anew(name: str) -> dict[str, Any]:
    """What is known of a set, with the part on noise measured again."""
    halves = load_halves(name)
    entries = json.loads(OUT.read_text())["results"]
    entry: dict[str, Any] = next(each for each in entries if each["set"] == name)
    networks = {variant: trained(halves, variant, 0) for variant in NOISY}
    return entry | {"noise": noise(networks, _unit(halves.test), halves)}


def _unit(x: np.ndarray) -> np.ndarray:
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SET_NAMES), choices=SET_NAMES)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--noise", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    about = provenance("torch", "numba", "faiss-cpu", "scikit-learn")
    about["command"] = "python benchmarks/b_attention_ablation.py"
    with bounded_threads(1):
        for name in options.sets:
            entry = noise_anew(name) if options.noise else compare(name, options.seeds)
            keep(entry, about, OUT)


if __name__ == "__main__":
    main()
