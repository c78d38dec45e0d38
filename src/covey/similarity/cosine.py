"""The plain similarity, as the search found it: one test of one pair."""

from __future__ import annotations

from covey.graph import knn_to_edges
from covey.types import Edges, Float32, KnnGraph


def cosine_similarity(knn: KnnGraph) -> Edges:
    """Scores neighbours by their own similarity, the yardstick for every other scorer.

    Args:
        knn: n items, k neighbours each.

    Returns:
        One edge per unordered neighbour pair, score as in `knn.similarities`. O(n k^2) time.
    """
    return knn_to_edges(knn)


def cosine_matrix(knn: KnnGraph) -> Float32:
    """Gives the (n, k) similarities of the lists."""
    return knn.similarities
