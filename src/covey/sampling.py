"""A part of a large collection that is as dense as the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covey.knn import build_knn_graph
from covey.scoring import as_affinity
from covey.types import Float32, Int64, KnnGraph
from covey.vectors import Metric

_REGION = 1_000  # items in a region, on average
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to look at in place of the whole.

    Attributes:
        rows: (s, d) float32.
        knn: Their neighbours among themselves.
        share: s / n.
    """

    rows: Float32
    knn: KnnGraph
    share: float


def whole_regions(
    rows: Float32, knn: KnnGraph, most: int, *, unit: bool, seed: int, threads: int
) -> Sample:
    """Takes all rows, or, of more than `most`, those of a few regions of the space.

    A random subset of rows would thin out every group and so change what there is to find.
    Instead every row goes to the nearest of n / 1000 rows drawn at random, and whole cells are
    taken until there are enough. Of a group that is touched, 40 to 70 % of the items are inside
    where a quarter of all items is taken. Cells that follow the groups more closely keep 90 %, yet
    led to worse cuts on two of three collections, perhaps because they are islands.

    Args:
        rows: (n, d) float32.
        knn: Their neighbours, as found; those of the sample are searched anew among its own rows.
        most: Rows to take, at most.
        unit: Whether rows have unit length.
        seed: Draws the centres and the cells.
        threads: For the search.

    Returns:
        The sample; its distances are affinities on the scale of the whole, so that a cut means
        the same here and there.
    """
    n = len(rows)
    if n <= most:
        return Sample(rows, knn if unit else as_affinity(knn), 1.0)
    cell = _nearest_centre(rows, seed)
    size = np.bincount(cell)
    order = np.random.default_rng(seed + 1).permutation(len(size))
    taken = np.sort(_whole_cells(cell, order, np.cumsum(size[order]), most))
    part = np.ascontiguousarray(rows[taken])
    metric: Metric = "cosine" if unit else "euclidean"
    graph = build_knn_graph(part, max(1, knn.k), metric=metric, threads=threads)
    return Sample(part, graph if unit else as_affinity(graph, like=knn), len(taken) / n)


def _whole_cells(cell: Int64, order: Int64, reached: Int64, most: int) -> Int64:
    """Items of the first cells that fit; should they be few, also a part of the next cell."""
    cells = int(np.searchsorted(reached, most, side="right"))
    taken = np.flatnonzero(np.isin(cell, order[:cells]))
    if 2 * len(taken) >= most:
        return taken
    return np.concatenate([taken, np.flatnonzero(cell == order[cells])[: most - len(taken)]])


def _nearest_centre(rows: Float32, seed: int) -> Int64:
    """(n,) index of the nearest of n / 1000 random rows, by euclidean distance."""
    drawn = np.random.default_rng(seed).choice(len(rows), max(2, len(rows) // _REGION), False)
    centres = rows[np.sort(drawn)]
    half_norm = np.einsum("cd,cd->c", centres, centres) / 2
    cell = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), _CHUNK):
        block = rows[start : start + _CHUNK]
        cell[start : start + _CHUNK] = (block @ centres.T - half_norm).argmax(axis=1)
    return cell
