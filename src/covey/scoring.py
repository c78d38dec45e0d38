"""Scorers by name: one signature for every way to weigh the edges of a neighbour graph."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from scipy.special import expit

from covey.graph import LEAST_WEIGHT, knn_to_edges, nearest
from covey.hub import default_model
from covey.models import edge_features
from covey.models.link_scorer import EdgeScorer
from covey.similarity.bhattacharyya import bhattacharyya_matrix, neighbour_scale
from covey.similarity.jaccard import structure_matrix
from covey.similarity.list_lengths import stable_matrix
from covey.similarity.local_scale import csls_matrix, mutual_proximity_matrix
from covey.similarity.profiles import profile_matrix
from covey.similarity.smoothing import smoothed_matrix
from covey.types import Edges, Float32, KnnGraph, UsageError

Scorer = Literal[
    "universal",
    "cosine",
    "smoothed",
    "transition",
    "structure",
    "profiles",
    "mutual-proximity",
    "csls",
    "adaptive",
    "learned",
]
SCORERS: tuple[Scorer, ...] = tuple(name for name in get_args(Scorer) if name != "learned")
"""Those that anyone can name: learned is what comes with a model from labels."""
LIST_LENGTH: dict[Scorer, int] = {
    "universal": edge_features.LIST_LENGTH,
    "cosine": 80,
    "smoothed": 80,
    "transition": 30,
    "structure": 30,
    "profiles": 30,
    "mutual-proximity": 30,
    "csls": 30,
    "adaptive": 40,
    "learned": edge_features.LIST_LENGTH,
}
"""Neighbours of each item that a scorer does well with; set overlaps blur on long lists."""
COMPARE_DIRECTIONS: frozenset[Scorer] = frozenset({"universal", "smoothed", "profiles", "learned"})
"""Scorers that take cosines of rows, which mean nothing where distances do."""
TRAINED: frozenset[Scorer] = frozenset({"universal", "learned"})
"""Scorers that a network makes, of `edge_features`."""
_SOFTNESS = 3.0  # gaps between the first and the tenth neighbour over which affinity falls by e


def neighbours_weighed(scorer: Scorer, k: int, model: EdgeScorer | None = None) -> int:
    """How many of k neighbours a scorer weighs: trained ones know no longer lists."""
    longest = (model or default_model().scorer).longest if scorer in TRAINED else None
    return k if longest is None else min(k, longest)


def score_edges(
    rows: Float32, knn: KnnGraph, scorer: Scorer, *, model: EdgeScorer | None = None
) -> Edges:
    """Weighs the edges between neighbours.

    Args:
        rows: (n, d) float32 that `knn` was built from.
        knn: n items, k neighbours each; see `as_affinity` for distances.
        scorer: "universal": by the trained model; "cosine": the similarities
            themselves; "smoothed": those of neighbourhood means;
            "transition": shared transition probabilities (TPDi); "structure": overlap of
            reciprocal neighbours (Ada-NETS); "profiles": multiple tests (B-Attention);
            "mutual-proximity" and "csls": how unusually near the pair is for both its ends;
            "adaptive": the cosine, of as many neighbours as suit each item, told without labels
            (Ada-NETS); "learned": the probability that both belong together, by a model from
            labels.
        model: Weights for "universal" and "learned"; those that ship with the package if None.

    Returns:
        One edge per unordered neighbour pair, score above 0 and at most 1.

    Raises:
        UsageError: If the scorer is unknown.
    """
    if scorer in TRAINED and knn.includes_self:
        raise UsageError("a trained scorer wants lists without the item itself; search anew")
    if scorer in TRAINED:
        knn = nearest(knn, neighbours_weighed(scorer, knn.k, model))
        matrix = (model or default_model().scorer).score(rows, knn)
    elif scorer == "cosine":
        matrix = knn.similarities
    elif scorer == "smoothed":
        matrix = smoothed_matrix(rows, knn)
    elif scorer == "transition":
        matrix = bhattacharyya_matrix(knn)
    elif scorer == "structure":
        matrix = structure_matrix(knn)
    elif scorer == "profiles":
        matrix = profile_matrix(rows, knn, centred=True)
    elif scorer == "mutual-proximity":
        matrix = mutual_proximity_matrix(knn)
    elif scorer == "adaptive":
        matrix = stable_matrix(knn)
    elif scorer == "csls":  # to (0, 1), since partitions need weights above 0
        matrix = expit(csls_matrix(knn) / np.float32(neighbour_scale(knn)))
    else:
        raise UsageError(f"unknown scorer {scorer!r}: choose one of {', '.join(SCORERS)}")
    return knn_to_edges(knn, score=np.maximum(matrix, LEAST_WEIGHT))


def as_affinity(knn: KnnGraph, *, like: KnnGraph | None = None) -> KnnGraph:
    """Maps similarities that are distances with a minus to [0, 1], keeping their order.

    1 / (1 + exp((distance - middle) / scale)), the middle being the typical distance of the
    nearest neighbour and the scale three times what the tenth one lies beyond it. Counted from
    the middle, because in many dimensions all distances are large and differ by little.

    Args:
        knn: n items, k neighbours each.
        like: The graph that middle and scale are measured on, so that equal distances in both
            get equal affinities; `knn` itself if None.
    """
    model = knn if like is None else like
    nearest_of_each = model.similarities[:, int(model.includes_self) :][:, :1]
    middle = np.median(nearest_of_each) if nearest_of_each.size else np.float32(0)
    scale = np.float32(_SOFTNESS * neighbour_scale(model))
    return KnnGraph(knn.indices, expit((knn.similarities - middle) / scale), knn.includes_self)
