"""Which clusters may join while they grow: tag sets that answer in the size of the smaller one."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.pair_table import PairTable, delete, find, insert, new_table


class Separation(NamedTuple):
    """The tags (see `ResolvedConstraints.tags`) of each growing cluster.

    Two clusters may join exactly if they share no tag. Each cluster's tags are a linked list, and
    one hash table over all (bearer, tag) answers who has what. When clusters join, the shorter list
    moves, so that t tags move O(t log t) times in all.

    Attributes:
        bearer: (c,) int64, the node under whose name a cluster keeps its tags.
        n_tags: (c,) int64, tags of each bearer.
        first, last: (c,) int64, ends of each bearer's list of tag entries, -1 if empty.
        following: (t,) int64, the next entry of the same list, -1 at its end.
        tag: (t,) int64.
        held: Membership of (bearer, tag).
    """

    bearer: NDArray[np.int64]
    n_tags: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    following: NDArray[np.int64]
    tag: NDArray[np.int64]
    held: PairTable


def new_separation(start: NDArray[np.int64], tag: NDArray[np.int64]) -> Separation:
    """One cluster for each node.

    Args:
        start: (c + 1,) offsets into `tag`.
        tag: (t,) the tags of each node, distinct within a node.
    """
    bearer, n_tags = np.arange(start.shape[0] - 1), np.diff(start)
    first = np.where(n_tags > 0, start[:-1], -1)
    last = np.where(n_tags > 0, start[1:] - 1, -1)
    following = np.arange(1, tag.shape[0] + 1)
    following[last[n_tags > 0]] = -1
    held = new_table(tag.shape[0])
    _hold(held, np.repeat(bearer, n_tags), tag)
    return Separation(bearer, n_tags, first, last, following, tag, held)


@nb.njit(cache=True, nogil=True)
def _hold(held: PairTable, bearer: NDArray[np.int64], tag: NDArray[np.int64]) -> None:
    for entry in range(tag.shape[0]):
        insert(held, bearer[entry], tag[entry], 0)


@nb.njit(cache=True, nogil=True)
def may_join(s: Separation, a: int, b: int) -> bool:
    """Whether clusters a and b share no tag. O(the smaller number of tags)."""
    small, large = s.bearer[a], s.bearer[b]
    if s.n_tags[small] > s.n_tags[large]:
        small, large = large, small
    entry = s.first[small]
    while entry >= 0:
        if find(s.held, large, s.tag[entry]) >= 0:
            return False
        entry = s.following[entry]
    return True


@nb.njit(cache=True, nogil=True)
def join(s: Separation, a: int, b: int) -> None:
    """Gives cluster a the tags of cluster b, which is not asked about again."""
    small, large = s.bearer[b], s.bearer[a]
    if s.n_tags[small] > s.n_tags[large]:
        small, large = large, small
    s.bearer[a] = large
    if s.n_tags[small] == 0:
        return
    entry = s.first[small]
    while entry >= 0:
        delete(s.held, small, s.tag[entry])
        insert(s.held, large, s.tag[entry], 0)
        entry = s.following[entry]
    s.following[s.last[large]] = s.first[small]
    s.last[large] = s.last[small]
    s.n_tags[large] += s.n_tags[small]
