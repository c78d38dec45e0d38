"""Does re-ranking find more, and how much do the two protocols differ?

For each set of persons the test half (identities that no training has seen) is searched for itself,
each item a query to the others, under the standard protocol and under that of lists of 1,023. Every
re-ranking stands at its defaults, which are published or were chosen on training halves; nothing
is chosen on a test half. B-Attention learns from the labels of the training half, by one seed.

    COVEY_DATA=... python benchmarks/retrieval.py [--sets market1501 ...] [--methods cosine ...]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch

from covey.metrics.retrieval import PROTOCOLS, Identities
from covey.models.refiner import Refiner
from covey.retrieval.collection import Collection
from covey.retrieval.refined import refine_collection
from covey.retrieval.reid import Ranker, score_retrieval
from covey.retrieval.rerank import RERANKINGS, RerankingName, prepare_reranking
from covey.training.refiner import train_refiner
from labelled_sets import data_root, load_set
from machine import RESULTS, provenance, write_json

SET_NAMES = ("market1501", "cuhk03")


@dataclass(frozen=True)
class Halves:
    """A set of persons in two halves without a common identity.

    Attributes:
        name: Of the set.
        train, test: (n, d) float32 embeddings.
        train_items, test_items: Who they are, and which camera took them.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    train_items: Identities
    test_items: Identities


@dataclass(frozen=True)
class Method:
    """A row of the table.

    Attributes:
        embed: Gives the embeddings of the test half that are searched; a trained method learns
            from the training half here.
        rerank: What puts the results in order, or None.
    """

    embed: Callable[[Halves], np.ndarray]
    rerank: RerankingName | None = None


def as_given(halves: Halves) -> np.ndarray:
    return halves.test


@cache
def _refiner(name: str) -> Refiner:
    halves = load_halves(name)
    return train_refiner(halves.train, halves.train_items.labels, name=name)


def refined(halves: Halves) -> np.ndarray:
    """The test half as a model of the training half sees it."""
    return refine_collection(Collection.of(halves.test), _refiner(halves.name)).gallery


METHODS: dict[str, Method] = {
    "cosine": Method(as_given),
    **{name: Method(as_given, name) for name in RERANKINGS},
    "b-attention": Method(refined),
    "b-attention, k-reciprocal": Method(refined, "k-reciprocal"),
}


def load_halves(name: str) -> Halves:
    """The halves of a set, by its `split.npy` (0 train, 1 test) and `cam` of its `meta.npz`."""
    x, labels = load_set(name)
    root = data_root()
    assert root is not None  # load_set would have refused
    folder = root / "embeddings" / name
    test = np.load(folder / "split.npy") == 1
    with np.load(folder / "meta.npz", allow_pickle=False) as meta:
        items = Identities.of(labels, meta["cam"])
    train, held = np.flatnonzero(~test), np.flatnonzero(test)
    return Halves(name, x[train], x[held], items.take(train), items.take(held))


def measure(name: str, halves: Halves, method: str) -> list[dict[str, Any]]:
    """One entry for each protocol."""
    made = METHODS[method]
    began = time.perf_counter()
    collection = Collection.of(made.embed(halves))
    embedded = time.perf_counter() - began
    entries = []
    for protocol in PROTOCOLS.values():
        began = time.perf_counter()
        reranking = None if made.rerank is None else prepare_reranking(made.rerank, collection)
        scores = score_retrieval(
            Ranker(collection, reranking), halves.test_items, protocol=protocol
        )
        entries.append(
            {
                "set": name,
                "items": len(halves.test),
                "method": method,
                **scores.as_dict(),
                "seconds": round(time.perf_counter() - began, 1),
                "seconds_embedding": round(embedded, 1),
            }
        )
    return entries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SET_NAMES), choices=SET_NAMES)
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    entries = []
    for name in options.sets:
        halves = load_halves(name)
        for method in options.methods:
            found = measure(name, halves, method)
            entries += found
            print(name, method, *(f"{each['mAP']:.3f}" for each in found), flush=True)
    about = provenance("torch", "numba", "faiss-cpu")
    write_json(RESULTS / "retrieval.json", {**about, "results": entries})


if __name__ == "__main__":
    main()
