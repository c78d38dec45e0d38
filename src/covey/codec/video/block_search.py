"""Where the squares of a frame were in the one before: what motion is coded from.

Sums of absolute differences of luma in windows around squares of 8 x 8 pixels, at a quarter of the
size over all places near, then at half and at full size around the best of a square and its
neighbours, at last at half and at quarter pixels. Each step away from the motion around costs a
little, so that plain places move with what is beside them. Only encoders search; what is found is
where the networks that code motion start from.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from covey.types import Float32

SQUARE = 8
"""Pixels in a row of what moves as one."""

REACH = 32
"""Pixels that a square is looked for away from where it is."""

_COARSE = 4  # scale of the first search
_MARGIN = 56  # pixels around that are compared: as far as anything moves, and a window
_STIFF = 0.25  # what a pixel away from neighbours costs, in levels a pixel of the window
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def block_motion(frame: NDArray[np.uint8], before: NDArray[np.uint8]) -> Float32:
    """Motion of each square.

    Args:
        frame: (h, w, 3), h and w multiples of 32.
        before: The same.

    Returns:
        (2, h / 8, w / 8) pixels to the right and down, in quarters, at which each square is found
        in the frame before.
    """
    now, then = (each.astype(np.float32) @ _LUMA for each in (frame, before))
    height, width = now.shape
    flow = np.zeros((height // (2 * SQUARE), width // (2 * SQUARE), 2), np.int32)
    _whole(*_framed(now, then, 4), flow, REACH // _COARSE)
    flow = _refined(now, then, 2 * flow, 2)
    flow = np.repeat(np.repeat(2 * flow, 2, axis=0), 2, axis=1)
    whole = _refined(now, then, flow, 1)
    fine = whole.astype(np.float32)
    _between(*_framed(now, then, 1), fine)
    return np.ascontiguousarray(fine.transpose(2, 0, 1))


def _framed(now: Float32, then: Float32, times: int) -> tuple[Float32, Float32]:
    """Both at a fraction of the size, with edges repeated as far as anything is compared."""
    height, width = now.shape
    found = []
    for each in (now, then):
        small = each.reshape(height // times, times, width // times, times).mean(axis=(1, 3))
        found.append(np.pad(small, _MARGIN, "edge"))
    return found[0], found[1]


def _refined(now: Float32, then: Float32, flow: NDArray[np.int32], times: int) -> NDArray[np.int32]:
    """Whole places around the motion of each square and its neighbours."""
    found = flow.copy()
    _near(*_framed(now, then, times), flow, found)
    return found


@njit(cache=True, nogil=True, fastmath=True)
def _cost(
    now: Float32, then: Float32, y: int, x: int, dy: int, dx: int, side: int
) -> float:  # pragma: no cover
    """Mean absolute difference of a window of `side` pixels a row."""
    total = np.float32(0)
    for i in range(side):
        for j in range(side):
            total += abs(now[y + i, x + j] - then[y + dy + i, x + dx + j])
    return float(total / (side * side))


@njit(cache=True, nogil=True)
def _whole(
    now: Float32, then: Float32, flow: NDArray[np.int32], reach: int
) -> None:  # pragma: no cover
    """The best of all whole places near, of squares of 4 pixels of a small image."""
    for row in range(flow.shape[0]):
        for column in range(flow.shape[1]):
            y, x = _MARGIN + 4 * row - 2, _MARGIN + 4 * column - 2
            best = np.inf
            for dy in range(-reach, reach + 1):
                for dx in range(-reach, reach + 1):
                    cost = _cost(now, then, y, x, dy, dx, 8)
                    cost += _STIFF * (dx * dx + dy * dy) ** 0.5 / 4
                    if cost < best:
                        best = cost
                        flow[row, column, 0], flow[row, column, 1] = dx, dy


@njit(cache=True, nogil=True)
def _near(
    now: Float32, then: Float32, flow: NDArray[np.int32], found: NDArray[np.int32]
) -> None:  # pragma: no cover
    """The best around what squares of 8 pixels and those beside them have, and around 0."""
    rows, columns = flow.shape[:2]
    for row in range(rows):
        for column in range(columns):
            y, x = _MARGIN + 8 * row - 4, _MARGIN + 8 * column - 4
            best = np.inf
            base_x, base_y = flow[row, column, 0], flow[row, column, 1]
            for which in range(6):
                i, j = row, column
                if which == 1:
                    i = max(row - 1, 0)
                elif which == 2:
                    i = min(row + 1, rows - 1)
                elif which == 3:
                    j = max(column - 1, 0)
                elif which == 4:
                    j = min(column + 1, columns - 1)
                from_x, from_y = flow[i, j, 0], flow[i, j, 1]
                if which == 5:
                    from_x, from_y = 0, 0
                if which and from_x == base_x and from_y == base_y:
                    continue
                for dy in range(from_y - 1, from_y + 2):
                    for dx in range(from_x - 1, from_x + 2):
                        cost = _cost(now, then, y, x, dy, dx, 16)
                        off = ((dx - base_x) ** 2 + (dy - base_y) ** 2) ** 0.5
                        cost += _STIFF * min(off, 4.0) / 4
                        if cost < best:
                            best = cost
                            found[row, column, 0], found[row, column, 1] = dx, dy


@njit(cache=True, nogil=True, fastmath=True)
def _cost_between(
    now: Float32, then: Float32, y: int, x: int, dy: float, dx: float
) -> float:  # pragma: no cover
    """The same of a window of 16 pixels a row, at places between pixels."""
    top, left = int(np.floor(dy)), int(np.floor(dx))
    fy, fx = np.float32(dy - top), np.float32(dx - left)
    a, b, c, d = (1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx
    total = np.float32(0)
    for i in range(16):
        for j in range(16):
            v, u = y + top + i, x + left + j
            was = a * then[v, u] + b * then[v, u + 1] + c * then[v + 1, u] + d * then[v + 1, u + 1]
            total += abs(now[y + i, x + j] - was)
    return float(total / 256)


@njit(cache=True, nogil=True)
def _between(now: Float32, then: Float32, flow: Float32) -> None:  # pragma: no cover
    """Half and quarter pixels around whole ones, in place."""
    for row in range(flow.shape[0]):
        for column in range(flow.shape[1]):
            y, x = _MARGIN + 8 * row - 4, _MARGIN + 8 * column - 4
            from_x, from_y = flow[row, column, 0], flow[row, column, 1]
            best_x, best_y = from_x, from_y
            best = _cost_between(now, then, y, x, from_y, from_x)
            for step in (0.5, 0.25):
                mid_x, mid_y = best_x, best_y
                for v in range(-1, 2):
                    for u in range(-1, 2):
                        if u == 0 and v == 0:
                            continue
                        dx, dy = mid_x + u * step, mid_y + v * step
                        cost = _cost_between(now, then, y, x, dy, dx)
                        cost += _STIFF * ((dx - from_x) ** 2 + (dy - from_y) ** 2) ** 0.5 / 4
                        if cost < best:
                            best, best_x, best_y = cost, dx, dy
            flow[row, column, 0], flow[row, column, 1] = best_x, best_y
