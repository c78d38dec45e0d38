"""Runs of a project: all of it anew, or grown by the items that came since the last run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np

from covey import __version__
from covey.cluster_report import Prefer
from covey.clustering import ClusterResult, cluster
from covey.growing import grow
from covey.io.report.groups import group
from covey.io.report.verdict import judge
from covey.partition.strength import membership_strength
from covey.review.changes import NO_GROUP
from covey.review.item_links import item_links
from covey.review.known import constraints_of
from covey.review.stable_groups import Placement
from covey.review.state import ReviewState
from covey.selection import edges_above
from covey.store.items import Items
from covey.store.review import Review
from covey.store.runs import Grouped, Run
from covey.store.settling import on_top_of, what_it_met
from covey.types import Constraints, Edges, Float32, Int64, UsageError
from covey.vectors import as_rows

_AT_A_TIME = 50_000  # edges
OUTGROWN = 1.25
"""Times as many items as a run was decided on, from which it is decided anew: groups have more
items then, and the same cut means something else. On market1501 the cut of 60 % of the items gave
.44 BCubed F on all of them, a new one .51."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run is asked for; see `covey.cluster`.

    Attributes:
        k, method, partition, prefer, seed: As `cluster` takes them. A grown run repeats those of
            the run that it grows from.
        threads: At most so many; all cores if None.
        memory_limit: Bytes; what is available if None.
    """

    k: int | None = None
    method: str = "auto"
    partition: str = "auto"
    prefer: Prefer = "balanced"
    seed: int = 0
    threads: int | None = None
    memory_limit: int | None = None

    def facts(self) -> dict[str, Any]:
        """What decides the groups."""
        names = ("k", "method", "partition", "prefer", "seed")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did to a project.

    Attributes:
        run: The run as it is kept; the one before where there was nothing to do.
        placement: What became of the groups.
        new_items: Items that came since the run before.
        touched: Items that were partitioned, all of them in a full run; 0 where there was nothing
            to do.
        seconds: Wall seconds, without writing.
        notes: What a user should know.
        result: What a full run found, before names and corrections were kept; None of a grown one.
    """

    run: Run
    placement: Placement
    new_items: int
    touched: int
    seconds: float
    notes: list[str]
    result: ClusterResult | None = None


def run_project(
    review: Review,
    options: RunOptions,
    *,
    full: bool | None = None,
    author: str = "",
    progress: Callable[[str, float], None] = lambda stage, done: None,
) -> Outcome:
    """Groups the items of a project, and keeps what was named, confirmed and corrected.

    So does it with what is corrected while it runs, see `review.meanwhile`. Where a run would grow
    and no items came, nothing is done.

    Args:
        review: The project.
        options: Of a full run, and threads of any.
        full: Group all items anew, or grow the last run if it can be. If None it is grown as long
            as there are not `OUTGROWN` times as many items as it was decided on.
        author: Who runs it.
        progress: Called with stage and share done.

    Raises:
        UsageError: If there are too few items.
        InputError, MemoryLimitError: As `cluster` and `grow` raise them.
    """
    began = time.perf_counter()
    with review.lock:
        review.catch_up()
        state, items, batches = review.state, review.items, review.batches
        revision, before = state.revision, state.group_of.copy()
        constraints = constraints_of(state, items.exclusive)
        next_group = state.next_group
        last = review.last_run()
    if items.n < 2:
        raise UsageError(
            f"{review.project.folder}: has {items.n} items, at least 2 are needed to form groups; "
            f"add some with covey add {review.project.folder}"
        )
    grows = can_grow(last, items.n, full)
    decided_on = items.n if last is None else _decided_on(last)
    result: ClusterResult | None = None
    if grows and last is not None:
        if last.n == items.n:
            return _nothing(last, before, next_group)
        found, touched = _grown(items, last, before, constraints, options, progress)
        asked = dict(last.facts.get("asked", {}))
        report: dict[str, Any] = {"grown_from": last.number, **_decided_by(last)}
        ignored = [name for name, value in options.facts().items() if _is_asked(name, value)]
        if ignored:
            report["notes"] = [
                f"{', '.join(ignored)} of a run that grows are those of run {last.number}; to "
                "group all items by what was asked for, say --full"
            ]
    else:
        found, report, result = _whole(review, items, constraints, options, progress)
        if last is not None and not full and can_grow(last, items.n, False):
            more = items.n / decided_on - 1
            report["outgrown"] = round(more, 4)
        touched, asked, decided_on = items.n, options.facts(), items.n
    seconds = time.perf_counter() - began
    new_items = items.n - (last.n if last is not None else 0)
    base = {
        "covey": __version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": "grown" if grows else "full",
        "decided_on": decided_on,
        "asked": asked,
        "seconds": round(seconds, 3),
        "new_items": new_items,
        "touched": touched,
    }
    placements: list[Placement] = []
    links = cache(lambda: item_links(found.edges, found.clusters))

    def settled(state: ReviewState) -> tuple[Grouped, dict[str, Any]]:
        exclusive = review.items.exclusive[: state.n]
        whole, placement = on_top_of(state, found, before, revision, exclusive, links)
        placements.append(placement)
        more = [*report.get("notes", []), *what_it_met(state, placement, revision)]
        facts = {
            **base,
            "revision": state.revision,
            "groups": placement.counts(),
            "report": {**report, "notes": more} if more else report,
        }
        return whole, facts

    progress("writing", 0.0)
    with review.lock:
        review.catch_up()
        now = review.state.copy()
    whole, facts = settled(now)
    review.placed(whole, batches, facts, again=settled, author=author)
    progress("writing", 1.0)
    run = review.last_run()
    assert run is not None
    notes = run.facts["report"].get("notes", [])
    return Outcome(run, placements[-1], new_items, touched, seconds, notes, result)


def _nothing(last: Run, before: Int64, next_group: int) -> Outcome:
    """The outcome where no items came and none were asked to be grouped anew."""
    kept = np.unique(before[before != NO_GROUP]).tolist()
    note = (
        f"no items came since run {last.number}; to group all of them anew, with what the review "
        "taught, say --full"
    )
    return Outcome(last, Placement(before, next_group, kept=kept), 0, 0, 0.0, [note])


def can_grow(last: Run | None, items: int, full: bool | None) -> bool:
    """Whether a run would grow the last one, see `run_project`."""
    if last is None or full or not last.rule().repeatable:
        return False
    return full is False or items < OUTGROWN * _decided_on(last)


def _is_asked(name: str, value: Any) -> bool:
    """Whether an option was given another value than its own, the seed apart."""
    return name != "seed" and value != RunOptions().facts()[name]


def _decided_on(run: Run) -> int:
    """Items that there were when its rule was chosen."""
    return int(run.facts.get("decided_on", run.n))


def _decided_by(last: Run) -> dict[str, Any]:
    """The full run whose rule a run that grows the last one repeats, and what was said of it."""
    told = last.facts.get("report", {})
    verdict = {name: told[name] for name in ("trust", "verdict") if name in told}
    return {"decided_by": told.get("decided_by", last.number), **verdict}


def _whole(
    review: Review,
    items: Items,
    constraints: Constraints,
    options: RunOptions,
    progress: Callable[[str, float], None],
) -> tuple[Grouped, dict[str, Any], ClusterResult]:
    rows = items.matrix()
    result = cluster(
        rows,
        k=options.k,
        method=options.method,
        partition=options.partition,
        prefer=options.prefer,
        metric=review.project.metric,
        constraints=constraints or None,
        seed=options.seed,
        threads=options.threads,
        memory_limit=options.memory_limit,
        progress=progress,
    )
    report, clustering = result.report, result.clustering
    verdict = judge(report, group(result))
    told = {
        "trust": verdict.level,
        "verdict": verdict.heading,
        "expected_precision": report.expected_precision,
        "expected_recall": report.expected_recall,
        "agreement": report.agreement,
        "cut": report.cut,
        "method": report.method,
        "partition": report.partition,
        "notes": report.notes,
        "stages": report.seconds,
        "curve": report.curve,
    }
    edges = result.edges
    if result.rule.repeatable:  # those below the cut, too: suggestions are made of them
        known = as_rows(rows, metric=result.rule.metric)
        edges = _with_twins(result.rule.edges(known, result.knn), result.edges, known)
    groups = np.full(clustering.n, NO_GROUP, np.int64)
    found = Grouped(clustering.labels, groups, clustering.strength, edges, result.knn, result.rule)
    return found, told, result


def _grown(
    items: Items,
    last: Run,
    before: Int64,
    constraints: Constraints,
    options: RunOptions,
    progress: Callable[[str, float], None],
) -> tuple[Grouped, int]:
    rule = last.rule()
    alone = before[: last.n] == NO_GROUP
    labels = before[: last.n].copy()
    labels[alone] = int(before.max(initial=0)) + 1 + np.arange(np.count_nonzero(alone))
    matrix = items.matrix()
    growth = grow(
        matrix,
        labels,
        last.knn(),
        rule,
        constraints=constraints or None,
        seed=options.seed,
        threads=options.threads,
        tick=lambda done: progress("growing", done),
    )
    rows = as_rows(matrix, metric=rule.metric)
    edges = _with_twins(growth.edges, last.edges(), rows)
    strength: Float32 = membership_strength(edges_above(edges, rule.cut), growth.labels)
    found = Grouped(growth.labels, before, strength, edges, growth.knn, rule)
    return found, int(np.count_nonzero(growth.touched))


def _with_twins(edges: Edges, known: Edges, rows: Float32) -> Edges:
    """Adds edges between equal rows, which neighbour lists leave out.

    Args:
        edges: Of the lists, with probabilities.
        known: Those that a run had, twins among them.
        rows: (n, d) as they were compared.
    """
    sure = np.flatnonzero(known.weight >= 1)
    equal = [
        (rows[known.source[some]] == rows[known.target[some]]).all(axis=1)
        for some in np.array_split(sure, max(1, len(sure) // _AT_A_TIME))
    ]
    twins = sure[np.concatenate(equal)]
    if not len(twins):
        return edges
    n = len(rows)
    keys = edges.source.astype(np.int64) * n + edges.target
    more = known.source[twins].astype(np.int64) * n + known.target[twins]
    order = np.argsort(more)  # of which there are few, so that those are what is looked in
    place = np.searchsorted(more, keys, sorter=order).clip(max=len(more) - 1)
    there = np.zeros(len(more), np.bool_)
    there[order[place[more[order[place]] == keys]]] = True
    twins = twins[~there]
    if not len(twins):
        return edges
    source = np.concatenate([edges.source, known.source[twins]])
    target = np.concatenate([edges.target, known.target[twins]])
    order = np.lexsort((target, source))
    score = np.concatenate([edges.score, known.score[twins]])[order]
    chance = np.concatenate([edges.weight, np.ones(len(twins), np.float32)])[order]
    return Edges(source[order], target[order], score, chance)
