"""Nearest neighbours among different rows: candidates compared anew, ties settled, recall kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from covey.candidates import AllRows, EveryRow, Hnsw, InvertedLists, Proposer
from covey.types import Float32, Int64, IntArray
from covey.vectors import Metric, pair_similarity

Found = tuple[IntArray, Float32]
Progress = Callable[[float], None]

_WORTH_AN_INDEX = 2_000  # below so many rows an approximate index is not built
_SPARE = 8  # columns searched beyond k, so that rounding in FAISS does not decide who is in
_SLACK = 1e-6  # cosines this close may change places by that rounding; squared distances this
# close, relative to the longest squared row
_SAMPLE = 1_000  # queries that recall is measured on
_RANDOM_PAIRS = 100_000
_MOST_EXACT_WORK = 4e13  # n^2 d beyond which the widest search stands, whatever its recall
_WIDTH = 8  # candidates of an approximate search, times k
_BUILT, _MEASURED = 0.3, 0.4  # shares of the work done when an index is built, and when measured


@dataclass(frozen=True, slots=True)
class Sample:
    """Queries that an approximate search is measured on.

    Beyond the members of its group an item has neighbours all the same: the nearest of all that
    are unrelated to it, which in many dimensions are hardly nearer than thousands of others. To
    find just those takes an exact search, and others in their place do no harm. So the neighbour
    at a rank counts as found if it is in the list, or if the list holds at that rank one that is
    less similar by no more than `slack`. (With the distance in place of the similarity this is
    the epsilon recall of Aumueller, Bernhardsson and Faithfull, Information Systems 2020.)

    Attributes:
        queries: (q,) int64.
        truth: (q, k) their true neighbours.
        similarities: (q, k) float32, how similar those are, descending.
        slack: 5% of the contrast: of how much more similar the nearest neighbours are, in the
            median, than random pairs are on average.
    """

    queries: Int64
    truth: IntArray
    similarities: Float32
    slack: float

    def recall(self, found: NDArray[np.bool_], similarities: Float32) -> float:
        """Share of neighbours found.

        Args:
            found: (q, k), which true neighbours are in the lists.
            similarities: (q, k) of the lists, descending.
        """
        as_good = similarities >= self.similarities - np.float32(self.slack)
        return float((found | as_good).mean())


@dataclass(frozen=True, slots=True)
class Search:
    """One search among different rows.

    Attributes:
        rows: (u, d) float32, no two equal.
        key: (u,) uint64 hash of each row, which decides between equal similarities.
        k: Neighbours wanted, below u.
        metric: "cosine" (rows of unit length) or "euclidean".
        threads: Threads of the comparison.
        seed: Draws the sample and the training rows.
        tell: Called with the share done, from 0 to 1; it never falls.
    """

    rows: Float32
    key: NDArray[np.uint64]
    k: int
    metric: Metric
    threads: int
    seed: int
    tell: Progress

    def run(self, index: str, recall: float) -> tuple[Found, str, float]:
        """Searches; returns (u, k) indices and similarities, the index used, its recall."""
        begin = 0.0
        if self.k and index != "exact" and len(self.rows) >= _WORTH_AN_INDEX:
            self.tell(begin)
            proposer: InvertedLists | Hnsw
            if index == "ivf":
                proposer = InvertedLists.build(self.rows, self.metric, self.seed)
            else:
                proposer = Hnsw.build(self.rows, self.metric)
            self.tell(_BUILT)
            sample = self._draw_sample()
            begin = _MEASURED
            self.tell(begin)
            for effort in proposer.efforts:
                proposer.set_effort(effort)
                if self._foresee_recall(proposer, sample) >= recall:
                    found = self._run_approximate(proposer, self._rest(begin))
                    return found, proposer.name, self._recall(found, sample)
            if float(len(self.rows)) ** 2 * self.rows.shape[1] > _MOST_EXACT_WORK:
                found = self._run_approximate(proposer, self._rest(begin))
                return found, proposer.name, self._recall(found, sample)
        everyone = np.arange(len(self.rows))
        return self._run_exact(everyone, self._rest(begin)), "exact", 1.0

    def _rest(self, begin: float) -> Progress:
        """Progress of what is left after `begin`."""
        return lambda done: self.tell(begin + (1 - begin) * done)

    def _run_exact(self, queries: Int64, tell: Progress = lambda done: None) -> Found:
        """Compares `queries` with all rows, a chunk of about 1e11 products at a time.

        FAISS rounds, by more than whole groups are wide where those are tight and far apart and
        the metric is euclidean. Queries of which that may have decided who is in are looked at
        again with four times the candidates, and euclidean ones then, if need be, with all rows.
        """
        everything = AllRows(self.rows, self.metric)
        out = _blank(len(queries), self.k)
        if self.k == 0:
            return out
        n, blur = len(self.rows), self._blur()
        step = int(np.clip(1e11 / self.rows.size, 64, 8192))
        for start in range(0, len(queries), step):
            chunk = queries[start : start + step]
            parts = out[0][start : start + step], out[1][start : start + step]
            width = self.k + 1 + _SPARE
            farthest = self._compare(everything, chunk, width, parts)
            unsure = self._unsure(farthest, parts[1][:, -1], blur)
            if len(unsure) and width < n:
                again = _blank(len(unsure), self.k)
                farthest = self._compare(everything, chunk[unsure], 4 * width, again)
                if self.metric == "euclidean" and 4 * width < n:
                    last = again[1][:, -1]
                    # Where all candidates are equally far, they tie, and rounding is no matter.
                    left = self._unsure(farthest, last, blur)
                    left = left[farthest[left] < last[left]]
                    closest = _blank(len(left), self.k)
                    self._compare(EveryRow(n), chunk[unsure[left]], n, closest)
                    again[0][left], again[1][left] = closest
                parts[0][unsure], parts[1][unsure] = again
            tell(min(1.0, (start + step) / len(queries)))
        return out

    def _blur(self) -> float:
        """How near similarities (euclidean: squared distances) are that FAISS may confuse."""
        if self.metric == "cosine":
            return _SLACK
        longest = np.einsum("nd,nd->n", self.rows, self.rows, dtype=np.float64).max(initial=0)
        return 2 * _SLACK * float(longest)

    def _unsure(self, farthest: Float32, last: Float32, blur: float) -> Int64:
        """Queries whose farthest candidate is hardly farther than their last neighbour."""
        if self.metric == "cosine":
            return np.flatnonzero(farthest >= last - blur)
        gap = np.square(farthest, dtype=np.float64) - np.square(last, dtype=np.float64)
        return np.flatnonzero(gap <= blur)

    def _run_approximate(self, proposer: Proposer, tell: Progress) -> Found:
        """Searches a list half as long again, hands pairs to both ends, cuts to k."""
        n = len(self.rows)
        out = _blank(n, self._kept)
        step = int(np.clip(8e6 / (_WIDTH * self.k), 256, 8192))
        for start in range(0, n, step):
            stop = min(n, start + step)
            parts = out[0][start:stop], out[1][start:stop]
            self._compare(proposer, np.arange(start, stop), _WIDTH * self.k, parts)
            tell(stop / n)
        _hand_over(*out)
        indices, similarities = out[0][:, : self.k].copy(), out[1][:, : self.k].copy()
        short = np.flatnonzero(indices[:, -1] < 0)
        if len(short):
            indices[short], similarities[short] = self._run_exact(short)
        return indices, similarities

    def _draw_sample(self) -> Sample:
        """Queries and their true neighbours, and which of those stand out."""
        rng = np.random.default_rng(self.seed)
        n = len(self.rows)
        queries = np.sort(rng.choice(n, _SAMPLE, replace=False))
        truth, similarities = self._run_exact(queries)
        a, b = rng.integers(n, size=(2, _RANDOM_PAIRS))
        chance = _similarities(self.rows, a[a != b], b[a != b], self.metric == "euclidean").mean()
        contrast = float(np.median(similarities[:, 0]) - chance)
        return Sample(queries, truth, similarities, 0.05 * max(contrast, 0.0))

    def _recall(self, found: Found, sample: Sample) -> float:
        """Recall of the lists of all rows, measured on the sample."""
        lists = found[0][sample.queries]
        hit = (sample.truth[:, :, None] == lists[:, None, :]).any(axis=2)
        return sample.recall(hit, found[1][sample.queries])

    def _foresee_recall(self, proposer: Proposer, sample: Sample) -> float:
        """What recall will be once each query's neighbours have handed over their pairs."""
        seen, similarities = self._kept_of(proposer, sample.queries)
        hit = (seen[:, None, : self.k] == sample.truth[:, :, None]).any(axis=2)
        row, column = np.nonzero(~hit)
        if len(row):
            missed = sample.truth[row, column].astype(np.int64)
            others, place = np.unique(missed, return_inverse=True)
            back, _ = self._kept_of(proposer, others)
            hit[row, column] = (back[place] == sample.queries[row, None]).any(axis=1)
        return sample.recall(hit, similarities[:, : self.k])

    def _kept_of(self, proposer: Proposer, queries: Int64) -> Found:
        out = _blank(len(queries), self._kept)
        self._compare(proposer, queries, _WIDTH * self.k, out)
        return out

    @property
    def _kept(self) -> int:
        """Length of the lists of an approximate search before pairs are handed over."""
        return min(self.k + self.k // 2 + 1, len(self.rows) - 1)

    def _compare(self, proposer: Proposer, queries: Int64, width: int, out: Found) -> Float32:
        """Fills `out` with the best candidates; returns the similarity of the farthest one."""
        width = min(width, len(self.rows))
        candidates = proposer.propose(self.rows[queries], width)
        farthest = np.empty(len(queries), np.float32)
        step = max(1, -(-len(queries) // self.threads))

        def compare(start: int) -> None:
            part = slice(start, start + step)
            _keep_best(
                self.rows,
                self.key,
                queries[part],
                candidates[part],
                self.metric == "euclidean",
                out[0][part],
                out[1][part],
                farthest[part],
            )

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(compare, range(0, len(queries), step)))
        return farthest


def _blank(n: int, k: int) -> Found:
    return np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32)


@njit(cache=True, nogil=True)
def _similarities(rows: Float32, a: Int64, b: Int64, euclidean: bool) -> Float32:
    out = np.empty(len(a), np.float32)
    for t in range(len(a)):
        out[t] = pair_similarity(rows, a[t], b[t], euclidean)
    return out


@njit(cache=True, nogil=True)
def _keep_best(
    rows: Float32,
    key: NDArray[np.uint64],
    queries: Int64,
    candidates: Int64,
    euclidean: bool,
    indices: IntArray,
    similarities: Float32,
    farthest: Float32,
) -> None:
    """Compares each query with its candidates and inserts the best: similarity, then hash."""
    k = indices.shape[1]
    for q in range(queries.shape[0]):
        own = queries[q]
        filled = 0
        farthest[q] = np.inf
        for c in range(candidates.shape[1]):
            j = candidates[q, c]
            if j < 0 or j == own:
                continue
            s = pair_similarity(rows, own, j, euclidean)
            farthest[q] = min(farthest[q], s)
            at = filled
            while at > 0 and (
                s > similarities[q, at - 1]
                or (s == similarities[q, at - 1] and key[j] < key[indices[q, at - 1]])
            ):
                at -= 1
            if at == k:
                continue
            filled = min(k, filled + 1)
            for move in range(filled - 1, at, -1):
                indices[q, move] = indices[q, move - 1]
                similarities[q, move] = similarities[q, move - 1]
            indices[q, at] = j
            similarities[q, at] = s


@njit(cache=True, nogil=True)
def _hand_over(indices: IntArray, similarities: Float32) -> None:
    """Inserts each item into the lists of its neighbours that missed it, where it belongs."""
    n, k = indices.shape
    for i in range(n):
        for c in range(k):
            j = indices[i, c]
            s = similarities[i, c]
            if j < 0 or s <= similarities[j, k - 1]:
                continue
            known = False
            for t in range(k):
                if indices[j, t] == i:
                    known = True
                    break
            if known:
                continue
            at = k - 1
            while at > 0 and similarities[j, at - 1] < s:
                indices[j, at] = indices[j, at - 1]
                similarities[j, at] = similarities[j, at - 1]
                at -= 1
            indices[j, at] = i
            similarities[j, at] = s
