"""Rules that choose among the clusterings of a view without labels, cross-validated.

A part of `universal_ablation.py`. What is chosen from are the recipes and cuts of `CutExamples`;
what counts is the BCubed F of the clustering taken and how far its precision and recall are from
those that were foreseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from covey.models.appraisal import SIGNS, Appraiser
from covey.training.appraisal import AppraisalSchedule, train_appraiser
from covey.training.examples import CutExamples

SYNTHETIC_FOLDS = 3
_UTILITY = [SIGNS.index(name) for name in ("utility below the highest", "highest utility")]
_HALVES = [
    SIGNS.index(f"{share} against the halves at good cuts") for share in ("precision", "recall")
]


class Fold(NamedTuple):
    """Views to judge on, all of one kind, and views to learn from."""

    kind: str
    held: list[CutExamples]
    rest: list[CutExamples]


class Choice(NamedTuple):
    """Recipe and cut of a clustering, and the (2,) precision and recall foreseen of it, if any."""

    recipe: int
    cut: int
    foreseen: np.ndarray | None


class Ledger:
    """What each rule has taken."""

    def __init__(self) -> None:
        self._taken: dict[str, list[tuple[str, float, float, float]]] = defaultdict(list)

    def add(self, rule: str, kind: str, view: CutExamples, choice: Choice) -> None:
        """Enters what a rule has taken of one view."""
        true = view.truth[choice.recipe, choice.cut].astype(np.float64)
        off = np.full(2, np.nan) if choice.foreseen is None else np.abs(choice.foreseen - true)
        self._taken[rule].append((kind, float(f_of(true)), *map(float, off)))

    def rows(self) -> list[dict[str, Any]]:
        """Means over views, of each kind and of all."""
        found = []
        for rule, taken in self._taken.items():
            kinds = np.array([kind for kind, *_ in taken])
            f, *off = np.array([figures for _, *figures in taken]).T
            errors = [None if np.isnan(one).any() else float(one.mean()) for one in off]
            found.append(
                {
                    "rule": rule,
                    "bcubed": {
                        kind: float(f[kinds == kind].mean())
                        for kind in dict.fromkeys(kinds.tolist())
                    },
                    "mean": float(f.mean()),
                    "precision_error": errors[0],
                    "recall_error": errors[1],
                }
            )
        return found


def compare_choices(
    examples: Sequence[CutExamples],
    families: Sequence[str],
    seen: Mapping[str, Sequence[int]],
    schedules: Sequence[AppraisalSchedule],
) -> list[dict[str, Any]]:
    """What every rule takes and foresees of views whose family it has not learned from.

    Args:
        examples: Views.
        families: Those that are held out alone.
        seen: Names of appraisers and the signs that they see, the complete one first.
        schedules: Each appraiser is trained by every one of them.

    Returns:
        One row a rule: "rule", "bcubed" by kind of view, "mean", "precision_error" and
        "recall_error", mean absolute, None where nothing is foreseen.
    """
    ledger = Ledger()
    complete = next(iter(seen))
    for kind, held, rest in folds(examples, families):
        always = highest(np.mean([f_of(e.truth) for e in rest], axis=0))
        usual = np.mean([e.truth[always] for e in rest], axis=0)
        for view in held:
            ledger.add("one recipe and cut for all", kind, view, Choice(*always, usual))
            for rule, choice in choices_without_network(view).items():
                ledger.add(rule, kind, view, choice)
        for name, columns in seen.items():
            learned = [replace(e, signs=e.signs[..., columns]) for e in rest]
            for schedule in schedules:
                appraiser = Appraiser(train_appraiser(learned, schedule))
                for view in held:
                    foreseen = appraiser(view.signs[..., columns])
                    cut = choose(foreseen, highest(utility(view))[0])
                    ledger.add(f"appraiser: {name}", kind, view, cut)
                    if name == complete:
                        both = choose(foreseen)
                        ledger.add(f"appraiser: {name}, for the recipe, too", kind, view, both)
        print(f"{kind}: {len(held)} views, learned from {len(rest)}", flush=True)
    return ledger.rows()


def folds(examples: Sequence[CutExamples], families: Sequence[str]) -> Iterator[Fold]:
    """Holds out each family, all other families together, and parts of the synthetic views.

    Mixtures of two families are learned from where neither is held out, and never judged.
    """
    others = {name for e in examples for name in e.families}.difference(families)
    for kind, names in [*((name, {name}) for name in families), ("others", others)]:
        held = [e for e in examples if len(e.families) == 1 and names.issuperset(e.families)]
        if held:
            yield Fold(kind, held, [e for e in examples if names.isdisjoint(e.families)])
    real, synthetic = ([e for e in examples if bool(e.families) == one] for one in (True, False))
    for part in range(min(SYNTHETIC_FOLDS, len(synthetic))):
        rest = [e for number, e in enumerate(synthetic) if number % SYNTHETIC_FOLDS != part]
        yield Fold("synthetic", synthetic[part::SYNTHETIC_FOLDS], real + rest)


def choices_without_network(view: CutExamples) -> dict[str, Choice]:
    """The bounds, and what the halves say alone."""
    true, agreed, halves = f_of(view.truth), utility(view), view.signs[..., _HALVES]
    recipe, cut = highest(agreed)
    return {
        "the best there is": Choice(*highest(true), None),
        "the best cut of the recipe that the halves choose": Choice(*highest(true, recipe), None),
        "halves: where they agree best": Choice(recipe, cut, halves[recipe, cut]),
        "halves: what is most like theirs": choose(halves, recipe),
    }


def choose(foreseen: np.ndarray, recipe: int | None = None) -> Choice:
    """The highest F that (r, c, 2) precision and recall foresee, of one recipe or of all."""
    index = highest(f_of(foreseen), recipe)
    return Choice(*index, foreseen[index])


def highest(values: np.ndarray, recipe: int | None = None) -> tuple[int, int]:
    """Recipe and cut of the highest of (r, c) values, of one recipe or of all."""
    if recipe is not None:
        return recipe, int(values[recipe].argmax())
    where = np.unravel_index(values.argmax(), values.shape)
    return int(where[0]), int(where[1])


def f_of(shares: np.ndarray) -> np.ndarray:
    """F of (..., 2) precision and recall."""
    return 2 * shares.prod(axis=-1) / np.maximum(shares.sum(axis=-1), 1e-9)


def utility(view: CutExamples) -> np.ndarray:
    """(r, c) agreement of the halves times a power of the share of items in company."""
    return view.signs[..., _UTILITY].sum(axis=-1)
