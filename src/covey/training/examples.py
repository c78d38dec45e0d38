"""What the universal scorer learns from: items of a view with their local tests and the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.knn import build_knn_graph
from covey.models.local_context import LIST_LENGTH, describe
from covey.types import Float32, Int64


@dataclass(frozen=True, slots=True)
class Examples:
    """Items of one view.

    Attributes:
        name: Of the view, for logs.
        families: Of the sets that the view was made of.
        tests: (b, k + 1, k + 1) float16, see `LocalContext.local_tests`.
        features: (b, k, f) float16, see `LocalContext.edge_features`.
        collection: (g,) float32, the same for all.
        together: (b, k) bool, whether each neighbour shares the item's group.
    """

    name: str
    families: tuple[str, ...]
    tests: NDArray[np.float16]
    features: NDArray[np.float16]
    collection: Float32
    together: NDArray[np.bool_]


def draw_examples(
    rows: Float32,
    labels: Int64,
    most: int,
    *,
    name: str = "",
    families: tuple[str, ...] = (),
    seed: int = 0,
    threads: int | None = None,
) -> Examples:
    """Draws items of a labelled collection and describes their neighbourhoods.

    Args:
        rows: (n, d) float32 of unit length, n >= 2, none twice.
        labels: (n,) groups.
        most: Items to draw, at most.
        name, families: Handed on.
        seed: Draws the items.
        threads: For the neighbour search.

    Returns:
        The examples, about 4 kB an item.
    """
    knn = build_knn_graph(rows, min(LIST_LENGTH, len(rows) - 1), threads=threads)
    context = describe(rows, knn)
    drawn = np.random.default_rng(seed).choice(len(rows), min(most, len(rows)), replace=False)
    items = np.sort(drawn)
    return Examples(
        name,
        families,
        context.local_tests(rows, items).astype(np.float16),
        context.edge_features(items).astype(np.float16),
        context.collection,
        labels[knn.indices[items]] == labels[items, None],
    )
