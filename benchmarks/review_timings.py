"""How long does a reviewer wait for each action on a large project?

A made project (100,000 items of 64 dimensions in 20,000 groups, a few of them large, with edges
inside groups and to groups nearby) is served by a real server on this machine; one client asks.
Median, 95th percentile and the longest of each action in milliseconds of the wall, and the same of
the processor's time, which other work on the machine does not lengthen; the client's own work is
in both. What is asked for right after a change is told apart: then lists are sorted anew and
suggestions follow. `while it starts` is asked while all suggestions are worked out.

    python benchmarks/review_timings.py [--items 100000] [--repeats 60]
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from covey.calibration import Calibration
from covey.grouping_rule import GroupingRule
from covey.review.changes import NO_GROUP
from covey.selection import Recipe
from covey.server.serving import bind
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.runs import Grouped
from covey.types import Edges, KnnGraph
from machine import RESULTS, provenance, write_json

OUT = RESULTS / "review_timings.json"
DIMENSIONS, PER_GROUP, LISTED = 64, 5, 24
INSIDE, OUTSIDE = 6, 10  # edges that are drawn for each item
Spent = tuple[float, float]
Step = Callable[[int], tuple[str, str, Any]]


def made_project(folder: Path, n: int) -> None:
    """A project with one run that nobody computed."""
    rng = np.random.default_rng(0)
    count = n // PER_GROUP
    weight = 1 / np.arange(1, count + 1) ** 0.7  # some large, most small
    group = np.sort(
        np.concatenate([np.arange(count), rng.choice(count, n - count, p=weight / weight.sum())])
    )
    strays = rng.random(n) < 0.02
    order = rng.permutation(n)
    centres = rng.normal(size=(count, DIMENSIONS)).astype(np.float32)
    x = np.empty((n, DIMENSIONS), np.float32)
    x[order] = centres[group] + 0.5 * rng.normal(size=(n, DIMENSIONS)).astype(np.float32)
    start = np.searchsorted(group, np.arange(count + 1))
    one = np.repeat(np.arange(n), INSIDE + OUTSIDE)
    step = np.tile(np.repeat([0, 1], [INSIDE, OUTSIDE]), n) * rng.integers(1, 6, len(one))
    there = (group[one] + step) % count
    other = start[there] + (rng.random(len(one)) * (start[there + 1] - start[there])).astype(int)
    chance = np.where(step == 0, rng.uniform(0.5, 1, len(one)), rng.beta(1, 5, len(one)))
    ends = np.sort(order[np.column_stack([one, other])], axis=1)
    ends, first = np.unique(ends, axis=0, return_index=True)
    proper = ends[:, 0] < ends[:, 1]
    ends, chance = ends[proper], chance[first][proper].astype(np.float32)
    placed = np.empty(n, np.int64)
    placed[order] = np.where(strays, NO_GROUP, group + 1)
    near = rng.integers(0, n, (n, LISTED)).astype(np.int32)
    similar = -np.sort(-rng.random((n, LISTED)).astype(np.float32), axis=1)
    rule = GroupingRule(
        Recipe("cosine", LISTED), 0.5, Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    )
    found = Grouped(
        placed,
        placed,
        rng.random(n).astype(np.float32),
        Edges(ends[:, 0], ends[:, 1], chance, chance),
        KnnGraph(near, similar),
        rule,
    )
    create_project(folder)
    with Review(folder) as review:
        ids = np.array([f"item {i:07d}" for i in range(n)], object)
        review.add(Batch(ids, x, source="made"))
        review.placed(found, review.batches, {"revision": review.state.revision, "kind": "full"})


@contextmanager
def served(folder: Path) -> Iterator[tuple[httpx.Client, Review]]:
    """A client of a server of the project."""
    stopped = threading.Event()
    with Review(folder) as review:
        serving = bind(review)
        thread = threading.Thread(target=serving.serve, args=(stopped,))
        thread.start()
        headers = {"Authorization": f"Bearer {serving.token}"}
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{serving.port}", headers=headers, timeout=60
            ) as client:
                yield client, review
        finally:
            stopped.set()
            thread.join()


def readings() -> dict[str, Step]:
    """What is asked for without changing anything; of the i-th round."""
    return {
        "the project": lambda i: ("GET", "/v1/project", None),
        "groups by size": lambda i: ("GET", "/v1/groups?limit=60", None),
        "groups by name": lambda i: ("GET", "/v1/groups?order=name&limit=60", None),
        "groups that a new text finds": lambda i: ("GET", f"/v1/groups?q=name {i}", None),
        "500 groups": lambda i: ("GET", "/v1/groups?limit=500", None),
        "a group": lambda i: ("GET", f"/v1/groups/{7 * i + 40}", None),
        "members of a group": lambda i: ("GET", f"/v1/groups/{7 * i + 40}/members", None),
        "500 members of the largest": lambda i: ("GET", "/v1/groups/1/members?limit=500", None),
        "a group in 3 parts": lambda i: ("GET", f"/v1/groups/{i + 2}/cut?parts=3", None),
        "the largest in parts": lambda i: ("GET", f"/v1/groups/1/cut?parts={i + 2}", None),
        "items by text": lambda i: ("GET", f"/v1/items?q={i:03d}", None),
        "an item": lambda i: ("GET", f"/v1/items/{17 * i}", None),
        "items like it": lambda i: ("GET", f"/v1/items/{17 * i}/neighbours", None),
        "items in no group": lambda i: ("GET", "/v1/none", None),
        "suggestions": lambda i: ("GET", "/v1/suggestions", None),
        "suggested merges": lambda i: ("GET", "/v1/suggestions?kind=merge", None),
        "what is known of pairs": lambda i: ("GET", "/v1/constraints", None),
        "the last events": lambda i: ("GET", "/v1/events?order=newest", None),
        "what a merge would do": lambda i: (
            "POST", "/v1/groups/merge?dry_run=true", {"groups": [i + 300, i + 301]}),
    }  # fmt: skip


def changes(review: Review, repeats: int) -> dict[str, Step]:
    """What changes something; of the i-th round. Each has groups of its own."""
    groups = review.state.groups
    some = [number for number, each in groups.items() if 3 <= len(each.members) < 100][
        : 12 * repeats
    ]
    of = [some[at::12] for at in range(12)]

    def one(number: int) -> list[int]:
        return sorted(groups[number].members)[:1]

    return {
        "merge": lambda i: ("POST", "/v1/groups/merge", {"groups": [of[0][i], of[1][i]]}),
        "merge into the largest": lambda i: ("POST", "/v1/groups/merge", {"groups": [1, of[2][i]]}),
        "split": lambda i: ("POST", f"/v1/groups/{of[3][i]}/split", {"parts": [one(of[3][i])]}),
        "move": lambda i: ("POST", "/v1/items/move", {"items": one(of[4][i]), "group": of[5][0]}),
        "remove": lambda i: ("POST", "/v1/items/remove", {"items": one(of[6][i])}),
        "name": lambda i: ("PATCH", f"/v1/groups/{of[7][i]}", {"name": f"name {i}"}),
        "confirm": lambda i: ("PATCH", f"/v1/groups/{of[7][i]}", {"confirmed": True}),
        "hide": lambda i: ("PATCH", f"/v1/groups/{of[8][i]}", {"hidden": True}),
        "not same": lambda i: ("POST", "/v1/groups/not-same", {"a": of[9][i], "b": of[10][i]}),
        "turn down": lambda i: ("POST", "/v1/suggestions/reject", {"key": f"name:{of[11][i]}"}),
        "undo": lambda i: ("POST", "/v1/undo", {}),
        "redo": lambda i: ("POST", "/v1/redo", {}),
    }


def asked(client: httpx.Client, step: tuple[str, str, Any]) -> Spent:
    """Milliseconds until the answer is there, and of the processor."""
    method, path, body = step
    begun, worked = time.perf_counter(), time.process_time()
    answer = client.request(method, path, json=body)
    spent = 1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - worked)
    assert answer.status_code == 200, (path, answer.text)
    return spent


def told(spent: list[Spent]) -> dict[str, float]:
    wall, processor = zip(*spent, strict=True)
    names = ("median", "p95", "longest", "processor_median", "processor_p95")
    values = [*np.percentile(wall, [50, 95]), max(wall), *np.percentile(processor, [50, 95])]
    return {name: round(float(value), 2) for name, value in zip(names, values, strict=True)}


def measured(n: int, repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        made_project(folder, n)
        begun = time.perf_counter()
        with served(folder) as (client, review):
            opening = time.perf_counter() - begun
            starting: list[Spent] = []
            while not client.get("/v1/suggestions").json()["ready"]:
                starting.append(asked(client, ("GET", "/v1/groups?limit=60", None)))
                starting.append(asked(client, ("GET", "/v1/groups/5/members", None)))
            ready = time.perf_counter() - begun
            found: dict[str, dict[str, float]] = {}
            if starting:
                found["groups and members, while it starts"] = told(starting)
            for what, step in readings().items():
                found[what] = told([asked(client, step(i)) for i in range(repeats)])
            after: dict[str, list[Spent]] = {
                "the project, after a change": [],
                "groups, after a change": [],
                "suggestions, after a change": [],
                "items in no group, after a change": [],
            }
            paths = ("/v1/project", "/v1/groups?limit=60", "/v1/suggestions", "/v1/none")
            for what, step in changes(review, repeats).items():
                spent = []
                for i in range(repeats):
                    spent.append(asked(client, step(i)))
                    for times, path in zip(after.values(), paths, strict=True):
                        times.append(asked(client, ("GET", path, None)))
                found[what] = told(spent)
            found |= {what: told(spent) for what, spent in after.items()}
            facts = {
                "items": n,
                "groups": len(review.state.groups),
                "largest": max(len(each.members) for each in review.state.groups.values()),
                "edges": len(review.last_run().edges().source),  # type: ignore[union-attr]
                "suggestions": client.get("/v1/suggestions").json()["total"],
                "repeats": repeats,
                "seconds_to_open": round(opening, 2),
                "seconds_to_suggestions": round(ready, 2),
            }
    return {**facts, "milliseconds": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    result = measured(options.items, options.repeats)
    for what, times in result["milliseconds"].items():
        print(f"{what:45}", *(f"{value:8.1f}" for value in times.values()))
    print({name: value for name, value in result.items() if name != "milliseconds"})
    write_json(options.out, {**provenance("fastapi", "uvicorn", "httpx"), **result})


if __name__ == "__main__":
    main()
