"""Links that corrections make and take back: what must, and what cannot, be together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from covey.review.changes import Apart, Link, LinkKind, Reversible
from covey.review.state import ReviewState


def linked(
    state: ReviewState, kind: LinkKind, pairs: Iterable[tuple[int, int]]
) -> list[Reversible]:
    """Links that are not known yet."""
    found: list[Reversible] = []
    for one, other in pairs:
        a, b = min(one, other), max(one, other)
        if b not in state.linked(kind, a):
            found.append(Link(kind, a, b))
    return found


def parted(state: ReviewState, some: set[int]) -> list[Reversible]:
    """Nothing must be with what is left any more."""
    return _unlinked(state, "must", some, lambda other: other not in some)


def freed(state: ReviewState, some: set[int]) -> list[Reversible]:
    """Nothing must be with these any more, nor they with one another."""
    return _unlinked(state, "must", some, lambda other: True)


def united(state: ReviewState, some: set[int]) -> list[Reversible]:
    """Nothing cannot be with what it joins any more.

    Of a set of items that are apart those that join count as one from now on.
    """
    found = _unlinked(state, "cannot", some, lambda other: other in some)
    known = set(state.apart)
    for items in state.apart:
        if len(joined := some.intersection(items)) < 2:
            continue
        found.append(Apart(items, known=False))
        rest = tuple(sorted({*items} - joined | {min(joined)}))
        if len(rest) > 1 and rest not in known:
            known.add(rest)
            found.append(Apart(rest))
    return found


def _unlinked(
    state: ReviewState, kind: LinkKind, some: set[int], goes: Callable[[int], bool]
) -> list[Reversible]:
    """Takes back links from some items to others."""
    pairs = {
        (min(item, other), max(item, other))
        for item in some
        for other in state.linked(kind, item)
        if goes(other)
    }
    return [Link(kind, a, b, known=False) for a, b in sorted(pairs)]


def once(changes: Sequence[Reversible]) -> tuple[Reversible, ...]:
    """Without links that are told twice; one that is taken back and made again stays."""
    links: dict[tuple[str, int, int], bool] = {}
    found: list[Reversible] = []
    for change in changes:
        if isinstance(change, Link):
            key = change.kind, change.a, change.b
            if links.get(key) == change.known:
                continue
            links[key] = change.known
        found.append(change)
    return tuple(found)
