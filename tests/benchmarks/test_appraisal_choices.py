"""`benchmarks/appraisal_choices.py`: nothing is judged by what it was learned from."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra learn")
from covey.models.appraisal import SIGNS
from covey.training.appraisal import AppraisalSchedule
from covey.training.examples import CutExamples

choices = pytest.importorskip("appraisal_choices", reason="not in a source distribution")

FAMILIES = [("a",), ("a",), ("b",), ("a", "b"), ("b", "c"), ("c",), ("d",), (), (), (), ()]


def view(*families: str, seed: int = 0) -> CutExamples:
    """Two recipes, three cuts, signs and truth at random."""
    rng = np.random.default_rng(seed)
    signs = rng.random((2, 3, len(SIGNS)), np.float32)
    return CutExamples(families, signs, rng.uniform(0.1, 1, (2, 3, 2)).astype(np.float32))


@pytest.fixture
def views() -> list[CutExamples]:
    return [view(*families, seed=seed) for seed, families in enumerate(FAMILIES)]


def test_folds_part_families_and_judge_each_pure_view_once(views):
    folds = list(choices.folds(views, ["a", "b"]))
    assert [fold.kind for fold in folds] == ["a", "b", "others", *["synthetic"] * 3]
    judged = [id(one) for fold in folds for one in fold.held]
    assert sorted(judged) == sorted(id(one) for one in views if len(one.families) < 2)
    for fold in folds:
        assert not {id(one) for one in fold.held} & {id(one) for one in fold.rest}
        held = {name for one in fold.held for name in one.families}
        assert not held & {name for one in fold.rest for name in one.families}
    assert [len(fold.rest) for fold in folds[:3]] == [8, 8, 8]


def test_rules_take_what_they_say():
    one = view()
    f = [[2 * p * r / (p + r) for p, r in recipe] for recipe in one.truth.tolist()]
    agreed = one.signs[..., SIGNS.index("utility below the highest")]
    agreed = agreed + one.signs[..., SIGNS.index("highest utility")]
    found = choices.choices_without_network(one)
    recipe = int(agreed.max(axis=1).argmax())
    assert found["the best there is"][:2] == max(
        ((r, c) for r in range(2) for c in range(3)), key=lambda at: f[at[0]][at[1]]
    )
    assert found["the best cut of the recipe that the halves choose"][:2] == (
        recipe,
        int(np.argmax(f[recipe])),
    )
    halves = found["halves: where they agree best"]
    assert halves[:2] == (recipe, int(agreed[recipe].argmax()))
    assert (
        halves.foreseen[1]
        == one.signs[halves[:2]][SIGNS.index("recall against the halves at good cuts")]
    )


def test_ledger_means():
    one, ledger = view(), choices.Ledger()
    true = one.truth[1, 2].astype(float)
    ledger.add("rule", "a", one, choices.Choice(1, 2, true + np.array([0.25, -0.5])))
    ledger.add("rule", "b", one, choices.Choice(1, 2, true))
    ledger.add("bound", "b", one, choices.Choice(0, 0, None))
    row, bound = ledger.rows()
    assert list(row["bcubed"]) == ["a", "b"]
    assert row["mean"] == pytest.approx(2 * true[0] * true[1] / true.sum())
    assert (row["precision_error"], row["recall_error"]) == pytest.approx((0.125, 0.25))
    assert bound["precision_error"] is bound["recall_error"] is None


def test_every_rule_has_a_row(views):
    seen = {"all signs": range(len(SIGNS)), "half of them": range(0, len(SIGNS), 2)}
    rows = choices.compare_choices(views, ["a", "b"], seen, [AppraisalSchedule(steps=2)])
    assert len({row["rule"] for row in rows}) == len(rows) == 8
    best = next(row["mean"] for row in rows if row["rule"] == "the best there is")
    assert all(row["mean"] <= best for row in rows)
    assert all(list(row["bcubed"]) == ["a", "b", "others", "synthetic"] for row in rows)
