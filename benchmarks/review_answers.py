"""What do answers of a reviewer buy, asked in the order of suggestions, and asked at random?

A reviewer who knows the labels answers one question after the other: are these two groups one, is
this group two, does this item belong there. What they say is corrected at once, and BCubed and
pairwise F are taken again. Questions come by what an answer is expected to gain; or as pairs of
neighbouring items drawn at random, whose answers become links that a last full run honours, and so
does that of the first reviewer.

    COVEY_DATA=... python benchmarks/review_answers.py [--sets market1501 lfw] [--answers 2000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from covey.clustering import cluster
from covey.metrics.clustering import evaluate
from covey.review.changes import NO_GROUP
from covey.review.corrections import (
    Correction,
    Evidence,
    merge,
    move,
    not_same,
    reject,
    split,
)
from covey.review.item_links import ItemLinks, item_links
from covey.review.known import constraints_of
from covey.review.queue import SuggestionQueue
from covey.review.state import ReviewState
from covey.review.suggestions import Suggestion
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.running import RunOptions, run_project
from covey.types import Constraints
from labelled_sets import load_set
from machine import RESULTS, provenance, write_json

OUT = RESULTS / "review_answers.json"
_ASKED = ("merge", "mixed", "outlier", "home")
_STEP = 50  # answers from one point of the curve to the next
_POINTS = 10.0  # of BCubed F


def main_label(labels: np.ndarray, items: Any) -> int:
    found, counts = np.unique(labels[np.fromiter(items, np.int64)], return_counts=True)
    return int(found[np.argmax(counts)])


def answer(
    state: ReviewState, known: Evidence, labels: np.ndarray, asked: Suggestion
) -> Correction:
    """What a reviewer who knows the labels makes of a suggestion."""
    members = [state.groups[number].members for number in asked.groups]
    if asked.kind == "merge":
        a, b = asked.groups
        if main_label(labels, members[0]) == main_label(labels, members[1]):
            return merge(state, known, [a, b])
        return not_same(state, known, a, b)
    if asked.kind == "mixed":
        rest = members[0].difference(asked.items)
        if main_label(labels, asked.items) != main_label(labels, rest):
            return split(state, known, asked.groups[0], [list(asked.items)])
        return reject(state, known, asked.key)
    (item,) = asked.items
    if labels[item] == main_label(labels, members[-1]):
        return move(state, known, [item], asked.groups[-1])
    return reject(state, known, asked.key)


def scores(groups: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    told = evaluate(labels, groups, buckets=())
    return told.bcubed.f, told.pairwise.f


def reviewed(
    review: Review, links: ItemLinks, labels: np.ndarray, answers: int
) -> tuple[list[dict[str, float]], ReviewState]:
    state, known = review.state, review.evidence
    queue = SuggestionQueue(state, known, links)
    curve, seconds = [point(0, state.group_of, labels)], 0.0
    for number in range(1, answers + 1):
        asked = next((each for each in queue.ordered() if each.kind in _ASKED), None)
        if asked is None:
            break
        begun = time.perf_counter()
        correction = answer(state, known, labels, asked)
        state.apply(correction.changes, state.revision + 1)
        queue.see(correction.changes)
        seconds += time.perf_counter() - begun
        if number % _STEP == 0:
            curve.append(point(number, state.group_of, labels))
    print(f"{1000 * seconds / max(number, 1):.1f} ms an answer", flush=True)
    return curve, state


def point(answers: int, groups: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    bcubed, pairwise = scores(groups, labels)
    return {"answers": answers, "bcubed_f": round(bcubed, 5), "pairwise_f": round(pairwise, 5)}


def random_links(links: ItemLinks, labels: np.ndarray, answers: int, seed: int) -> Constraints:
    """Pairs of neighbours, drawn without regard to anything, and what the reviewer says of them."""
    one = np.repeat(np.arange(links.n), np.diff(links.start))
    once = np.flatnonzero(one < links.other)
    drawn = np.random.default_rng(seed).choice(once, min(answers, len(once)), replace=False)
    pairs = np.column_stack([one[drawn], links.other[drawn]])
    same = labels[pairs[:, 0]] == labels[pairs[:, 1]]
    return Constraints(pairs[same], pairs[~same])


def measured(name: str, answers: int, seed: int) -> dict[str, Any]:
    x, labels = load_set(name)
    with tempfile.TemporaryDirectory() as folder:
        create_project(Path(folder) / "p")
        with Review(Path(folder) / "p") as review:
            ids = np.arange(len(x)).astype(str).astype(object)
            review.add(Batch(ids, x))
            outcome = run_project(review, RunOptions())
            links = item_links(outcome.run.edges(), outcome.run.groups())
            curve, state = reviewed(review, links, labels, answers)
            taught = constraints_of(state, review.items.exclusive)
    first = curve[0]
    gained = [p for p in curve if 100 * (p["bcubed_f"] - first["bcubed_f"]) >= _POINTS]
    result: dict[str, Any] = {
        "n": len(x),
        "groups": len(np.unique(labels)),
        "curve": curve,
        "answers_to_10_points": gained[0]["answers"] if gained else None,
        "reruns": {},
    }
    for what, constraints in (
        ("suggestions", taught),
        ("random pairs", random_links(links, labels, answers, seed)),
    ):
        found = cluster(x, constraints=constraints).clustering
        sizes = np.bincount(found.labels)
        groups = np.where(sizes[found.labels] > 1, found.labels, NO_GROUP)
        result["reruns"][what] = point(curve[-1]["answers"], groups, labels)
        print(name, what, result["reruns"][what], flush=True)
    print(name, curve[0], curve[-1], result["answers_to_10_points"], flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=["market1501", "lfw"])
    parser.add_argument("--answers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    about = provenance("faiss-cpu", "numba")
    about["command"] = "python benchmarks/review_answers.py"
    sets = {name: measured(name, options.answers, options.seed) for name in options.sets}
    write_json(OUT, {**about, "answers": options.answers, "sets": sets})


if __name__ == "__main__":
    main()
