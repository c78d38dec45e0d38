"""What signs of a suggestion mean: fits the weights in `covey.review.chances`.

Views of clinc150, googlenews_t and omniglot_eval and synthetic collections are grouped as projects
are, every other one by the untrained scorers alone, since the universal one learned from these
sets. Some views are drawn as it learns from them, of up to 4,000 items; others have few groups, 6
to 40, and are bent two times of three. Labels then tell which suggestions are right. Those of a
view count as much as the root of their number. What is printed is to be written into the module.

    COVEY_DATA=... python benchmarks/review_chances_fit.py FOLDER

FOLDER keeps the projects, so that another fit takes seconds; they take minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from covey.datasets.bends import bend
from covey.datasets.view_draws import LabelledSet, draw_view
from covey.review.cutting import FEWEST, halved_groups
from covey.review.item_links import ItemLinks, item_links
from covey.review.state import ReviewState
from covey.review.suggestions import pulled_items, tied_groups
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.running import RunOptions, run_project
from covey.vectors import as_rows
from labelled_sets import load_set
from review_answers import main_label

SETS = ("clinc150", "googlenews_t", "omniglot_eval")
OUT_OF_SCOPE = 80  # label of clinc150's sentences that belong to no intent
MOST_ITEMS = 4000
KINDS = ("merge", "mixed", "home", "outlier")
_RIDGE = 1e-3


def views(sets: list[LabelledSet], count: int) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """Names, seeds, rows and labels of views as the scorer learns from them."""
    for seed in range(count):
        view = draw_view(sets, seed, synthetic=0.25, bent=0.6, takes=0.05)
        if len(view.x) <= MOST_ITEMS:
            yield f"view_{seed}", seed, view.x, view.labels


def few_groups(
    sets: list[LabelledSet], count: int
) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """The same of parts of a few groups of at least 20 items."""
    for seed in range(count):
        rng = np.random.default_rng([77, seed])
        some = sets[rng.choice(len(sets), p=[0.5, 0.35, 0.15])]
        numbers, sizes = np.unique(some.labels, return_counts=True)
        numbers = numbers[(sizes >= 20) & (numbers >= 0)]
        groups = int(np.exp(rng.uniform(np.log(6), np.log(40))))
        rows = np.flatnonzero(np.isin(some.labels, rng.permutation(numbers)[:groups]))
        most = int(np.exp(rng.uniform(np.log(600), np.log(2200))))
        if len(rows) > most:
            rows = rows[np.sort(rng.permutation(len(rows))[:most])]
        x, labels = as_rows(some.x[rows]), some.labels[rows]
        if seed % 3:
            x, labels = bend(x, labels, rng)
        usable = np.isfinite(x).all(axis=1) & (np.linalg.norm(x, axis=1) > 1e-6)
        yield f"fewview_{seed}", seed, np.asarray(x[usable], np.float32), labels[usable]


def grouped(folder: Path, x: np.ndarray, labels: np.ndarray, method: str) -> None:
    """Makes a project of them, unless it is there."""
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    create_project(folder / "p")
    with Review(folder / "p") as review:
        review.add(Batch(np.arange(len(x)).astype(str).astype(object), x))
        run_project(review, RunOptions(method=method))
    np.save(folder / "labels.npy", labels)
    (folder / "done").touch()


def judged(
    state: ReviewState, links: ItemLinks, labels: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Of each kind the signs of what may be suggested, and whether it is right."""
    main = {number: main_label(labels, group.members) for number, group in state.groups.items()}
    found = {}
    ties, signs = tied_groups(state, links)
    right = [main[a] == main[b] for a, b in zip(ties.small, ties.large, strict=True)]
    found["merge"] = signs, np.array(right, bool)
    large = [number for number, group in state.groups.items() if len(group.members) >= FEWEST]
    parted = halved_groups(state, links, large)
    right = []
    for at, number in enumerate(parted.group.tolist()):
        smaller = parted.smaller[parted.start[at] : parted.start[at + 1]]
        rest = np.setdiff1d(sorted(state.groups[number].members), smaller)
        right.append(main_label(labels, smaller) != main_label(labels, rest))
    found["mixed"] = parted.signs, np.array(right, bool)
    for kind in ("home", "outlier"):
        strays = kind == "outlier"
        pulls, own, signs = pulled_items(state, links, np.arange(links.n), strays=strays)
        asked = pulls.pull * (1 - own) >= own
        right = [main[g] == labels[i] for i, g in zip(pulls.item, pulls.group, strict=True)]
        found[kind] = signs[asked], np.array(right, bool)[asked]
    return found


def fitted(signs: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights of a logistic function, the constant first: by Newton's method."""
    x = np.column_stack([np.ones(len(signs)), signs])
    weight = weight / weight.sum()
    ridge = _RIDGE * np.diag([0.0, *np.ones(signs.shape[1])])
    found = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weight * (p - right)) + ridge @ found
        bend_of = (x * (weight * p * (1 - p))[:, None]).T @ x + ridge
        found = found - np.linalg.solve(bend_of, slope)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--views", type=int, default=19)
    parser.add_argument("--few", type=int, default=35)
    options = parser.parse_args()
    sets = []
    for name in SETS:
        x, labels = load_set(name)
        if name == "clinc150":
            labels = np.where(labels == OUT_OF_SCOPE, -1, labels)
        sets.append(LabelledSet(name, name, x, labels))
    every: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {kind: [] for kind in KINDS}
    drawn = [
        *views(sets, options.views),
        *few_groups(sets, options.few),
    ]
    for name, seed, x, labels in drawn:
        folder = options.folder / name
        grouped(folder, x, labels, "untrained" if seed % 2 else "auto")
        with Review(folder / "p") as review:
            run = review.last_run()
            assert run is not None
            links = item_links(run.edges(), run.groups())
            for kind, (signs, right) in judged(review.state, links, labels).items():
                if len(right):
                    every[kind].append((signs, right))
    for kind, parts in every.items():
        signs = np.concatenate([each for each, _ in parts])
        right = np.concatenate([each for _, each in parts])
        weight = np.concatenate([np.full(len(each), len(each) ** -0.5) for _, each in parts])
        found = fitted(signs, right, weight)
        numbers = ", ".join(f"{each:.3f}" for each in found)
        print(f"{kind.upper()} = ({numbers})  # {len(right)} of {len(parts)} views")


if __name__ == "__main__":
    main()
