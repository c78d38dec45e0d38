"""Two independent views of the same items, to test whether a grouping would come out again.

A grouping that rests on what the items share shows in any half of the dimensions; one that rests
on chance shows in one half only. Psychology calls the agreement of two halves of a test its
split-half reliability (Spearman 1910; Brown 1910); here the items of the test are the dimensions.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from scipy.spatial import cKDTree

from covey.threads import bounded_threads
from covey.types import Float32, Int64

_BLOCK = 512  # dimensions rotated together: an orthogonal matrix of this size is cheap to draw
_ROWS = 4096  # turned at a time
_NOISE = 0.5  # length of the noise of the views, in distances to the tenth neighbour
FEWEST_DIMENSIONS = 8  # below, half of the dimensions no longer tell items apart


def split_halves(rows: Float32, *, unit: bool, seed: int) -> tuple[Float32, Float32]:
    """Rotates the space at random and deals its dimensions to two views.

    A random rotation spreads what is known over all dimensions, so that no view gets the better
    half of embeddings whose dimensions are ordered or unequal. Where there are fewer than 8
    dimensions, the views are x + e and x - e instead, with noise e about half as long as the way
    to the tenth neighbour: independent where e is as large as the noise already in x.

    Args:
        rows: (n, d) float32.
        unit: Whether the rows of the views are brought to unit length.
        seed: Draws the rotation.

    Returns:
        Two matrices, (n, ceil(d / 2)) and (n, floor(d / 2)) float32. O(n d min(d, 512)) time.
    """
    n, d = rows.shape
    rng = np.random.default_rng(seed)
    if d < FEWEST_DIMENSIONS:
        noise = rng.normal(size=(n, d)) * (_NOISE * _tenth_neighbour(rows) / np.sqrt(d))
        pair = (rows + noise).astype(np.float32), (rows - noise).astype(np.float32)
    else:
        turned = np.empty((n, d), np.float32)
        deal = rng.permutation(d)
        for start in range(0, d, _BLOCK):
            block = deal[start : start + _BLOCK]
            turn = _rotation(len(block), rng)
            _turn_into(turned[:, start : start + len(block)], rows, block, turn)
        pair = np.ascontiguousarray(turned[:, 0::2]), np.ascontiguousarray(turned[:, 1::2])
    return (_unit(pair[0]), _unit(pair[1])) if unit else pair


def _turn_into(out: Float32, rows: Float32, block: Int64, turn: Float32) -> None:
    """Turns some dimensions of all rows, a few rows at a time on one thread each.

    A product that a library spreads over threads has other last digits with each number of them,
    and a close decision may then fall otherwise.
    """

    def run(start: int) -> None:
        part = slice(start, start + _ROWS)
        out[part] = rows[part, block] @ turn

    threads = numba.get_num_threads()
    with bounded_threads(1), ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(run, range(0, len(rows), _ROWS)):
            pass


def _tenth_neighbour(rows: Float32) -> float:
    """Median distance to the tenth neighbour, or the last one; 0 for less than two rows."""
    if len(rows) < 2:
        return 0.0
    distance, _ = cKDTree(rows).query(rows, k=[min(len(rows), 11)])
    return float(np.median(distance))


def _rotation(size: int, rng: np.random.Generator) -> Float32:
    """Draws a random orthogonal matrix."""
    basis, upper = np.linalg.qr(rng.normal(size=(size, size)))
    return (basis * np.sign(np.diag(upper))).astype(np.float32)


def _unit(rows: Float32) -> Float32:
    """Brings rows to unit length; a row of zeros becomes the first axis."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows[length[:, 0] == 0, 0] = 1
    length[length == 0] = 1
    return rows / length
