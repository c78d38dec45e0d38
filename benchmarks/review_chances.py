"""Do chances of suggestions come true?

Sets that the weights of `covey.review.chances` were not fitted on are grouped as projects are. Of
every suggestion labels tell whether it is right: two groups are one if most of their items are of
one label, a group is two if most of one half are of another label than most of the other, and an
item belongs where most items have its label.

    COVEY_DATA=... python benchmarks/review_chances.py [--sets digits lfw ...] [--keep FOLDER]

`digits` are the first 900, 1,200 and 1,500 of scikit-learn's, taken together. With --keep the
projects are made in a folder, and used again if they are there.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from covey.datasets.digits import load_digits_images
from covey.review.item_links import item_links
from covey.review.queue import SuggestionQueue
from covey.store.review import Review
from labelled_sets import data_root, load_set
from machine import RESULTS, provenance, write_json
from review_answers import main_label
from review_chances_fit import KINDS, grouped

OUT = RESULTS / "review_chances.json"
PARTS = {"digits": ("digits900", "digits1200", "digits1500")}
SETS = ("digits", "uspsdata_20_uni", "coil20", "lfw", "market1501")
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
LIKELY = 0.5


def rows_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and labels of a set, of digits so many as the name says."""
    if name.startswith("digits"):
        digits, n = load_digits_images(), int(name.removeprefix("digits"))
        return digits.x[:n], digits.labels[:n]
    root = data_root()
    if root is not None and (root / "vectors" / f"{name}.npz").exists():
        with np.load(root / "vectors" / f"{name}.npz") as arrays:
            x, labels = arrays["x"], arrays["labels"]
        return x.reshape(len(x), -1).astype(np.float32), labels.astype(np.int64)
    return load_set(name)


def asked(folder: Path, labels: np.ndarray) -> dict[str, list[tuple[float, bool]]]:
    """Chance of every suggestion of a project, and whether it is right, by kind."""
    found = defaultdict(list)
    with Review(folder) as review:
        run = review.last_run()
        assert run is not None
        state = review.state
        queue = SuggestionQueue(state, review.evidence, item_links(run.edges(), run.groups()))
        main = {n: main_label(labels, group.members) for n, group in state.groups.items()}
        for each in queue.ordered():
            if each.kind == "merge":
                right = main[each.groups[0]] == main[each.groups[1]]
            elif each.kind == "mixed":
                rest = state.groups[each.groups[0]].members.difference(each.items)
                right = main_label(labels, each.items) != main_label(labels, rest)
            elif each.kind in ("home", "outlier"):
                right = main[each.groups[-1]] == labels[each.items[0]]
            else:
                continue
            found[each.kind].append((each.chance, bool(right)))
    return found


def reliability(told: list[tuple[float, bool]]) -> dict[str, Any]:
    """How chances compare with what came true: all, by bins, and of what is rather likely."""
    chance = np.array([each[0] for each in told])
    right = np.array([each[1] for each in told], float)
    which = np.clip(np.searchsorted(BINS, chance, side="right") - 1, 0, len(BINS) - 2)
    bins = [which == number for number in range(len(BINS) - 1)]
    error = sum(abs(float(np.sum(chance[each] - right[each]))) for each in bins) / len(chance)
    return {
        **_told(chance, right),
        "ece": round(error, 4),
        "bins": [_told(chance[each], right[each]) for each in bins],
        "likely": _told(chance[chance >= LIKELY], right[chance >= LIKELY]),
    }


def _told(chance: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    if not len(chance):
        return {"count": 0}
    means = {"chance": chance.mean(), "right": right.mean()}
    return {"count": len(chance), **{name: round(float(each), 4) for name, each in means.items()}}


def measured(name: str, folder: Path) -> dict[str, Any]:
    every: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    items = 0
    for part in PARTS.get(name, (name,)):
        x, labels = rows_of(part)
        grouped(folder / part, x, labels, "auto")
        items = max(items, len(x))
        for kind, told in asked(folder / part / "p", labels).items():
            every[kind] += told
    result = {kind: reliability(every[kind]) for kind in KINDS if every[kind]}
    for kind, each in result.items():
        print(name, kind, each, flush=True)
    return {"n": items, "groups": len(np.unique(labels)), "kinds": result}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    about = provenance("faiss-cpu", "numba")
    about["command"] = "python benchmarks/review_chances.py"
    with tempfile.TemporaryDirectory() as folder:
        sets = {name: measured(name, options.keep or Path(folder)) for name in options.sets}
    write_json(OUT, {**about, "bins": BINS, "sets": sets})


if __name__ == "__main__":
    main()
