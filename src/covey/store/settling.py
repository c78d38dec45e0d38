"""A run that is over, put on the groups as they are by then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from covey.partition.strength import membership_strength
from covey.review.item_links import ItemLinks
from covey.review.meanwhile import held_since, up_to_date
from covey.review.stable_groups import Placement, place
from covey.review.state import ReviewState
from covey.selection import edges_above
from covey.store.runs import Grouped
from covey.types import Int64


def on_top_of(
    state: ReviewState,
    found: Grouped,
    before: Int64,
    since: int,
    exclusive: Int64,
    links: Callable[[], ItemLinks],
) -> tuple[Grouped, Placement]:
    """Puts a run of a state as it was on the state as it is.

    Args:
        state: As it is, of n items.
        found: The run, of the m first of them.
        before: (m,) group of each item when it began, `NO_GROUP` for none.
        since: Number of the last event that it knew of.
        exclusive: (n,) int64, items of one number of 0 or more cannot be together.
        links: Gives the edges of the run.

    Returns:
        The run with the groups as they will be, and what becomes of those that there are.
    """
    n, held = len(before), state.pinned()
    clusters, strength = found.clusters, found.strength
    if state.revision != since:
        held = held_since(state, since)
        clusters = up_to_date(found.clusters, before, state, held, exclusive, links)
        edges = edges_above(found.edges, found.rule.cut)
        strength = membership_strength(edges, clusters[:n])
    placement = place(clusters, state.group_of, held, state.next_group)
    settled = replace(found, clusters=clusters[:n], groups=placement.groups[:n], strength=strength)
    return settled, placement


def what_it_met(state: ReviewState, placement: Placement, since: int) -> list[str]:
    """Notes on a run: corrections since it began, hidden and confirmed groups that grew."""
    notes = []
    if made := state.revision - since:
        notes.append(
            f"{made} change{'s were' if made > 1 else ' was'} made while this ran, and kept: "
            "groups that were touched stay as they are"
        )
    for word in ("hidden", "confirmed"):
        grown = [number for number in placement.grown if getattr(state.groups[number], word)]
        if grown:
            notes.append(
                f"items joined groups that are {word} and stay so: {', '.join(map(str, grown))}"
            )
    return notes
