"""Fine-tuning on labelled items: better on groups that were held out, or left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from covey import refinement
from covey.datasets.cameras import seen_by_cameras
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.datasets.view_draws import LabelledSet
from covey.hub import UniversalModel, default_model
from covey.labelled_rows import LabelledRows, draw_groups
from covey.models.network import Network
from covey.models.universal import UniversalScorer
from covey.refinement import check_groups, refine_model
from covey.types import InputError, UsageError
from covey.vectors import as_rows


@pytest.fixture(scope="module")
def mine() -> LabelledSet:
    x, labels = seen_by_cameras(1500, 48, n_groups=100, camera=0.6, noise=0.8, seed=4)
    return LabelledSet("mine", "mine", x, labels)


def _misled(model: UniversalModel) -> UniversalModel:
    """A model whose scorer says the opposite."""
    *layers, (weight, bias) = model.scorer.network.layers
    network = replace(model.scorer.network, layers=(*layers, (-weight, -bias)))
    return UniversalModel(UniversalScorer(network), model.appraiser, model.about)


def test_a_misled_scorer_learns_the_right_order(mine) -> None:
    told: list[tuple[str, float]] = []
    model = _misled(default_model())
    refined = refine_model(model, mine, steps=150, tell=lambda *call: told.append(call))
    figures = refined.about["validation"]
    assert figures["average precision"] > figures["before"] + 0.2
    assert figures["groups"] == 20
    assert refined.appraiser is model.appraiser
    assert refined.about["refined on"] == "1500 items of mine"
    assert refined.about["sets"] == model.about["sets"]
    np.testing.assert_array_equal(refined.scorer.network.mean, model.scorer.network.mean)
    assert told[0] == ("edges", 0.0)
    assert told[-1] == ("scorer", 1.0)
    again = refine_model(model, mine, steps=150)
    for one, other in zip(refined.weights().values(), again.weights().values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_scorer_that_came_to_rank_worse_is_not_taken(mine, monkeypatch) -> None:
    def mistrain(examples: object, schedule: object, *, start: Network, tell: object) -> Network:
        return _misled(default_model()).scorer.network

    monkeypatch.setattr("covey.training.universal.train_scorer", mistrain)
    refined = refine_model(default_model(), mine)
    assert refined.scorer is default_model().scorer
    figures = refined.about["validation"]
    assert figures["average precision"] < figures["before"]


def test_few_groups_are_all_learned_from() -> None:
    x, labels = von_mises_fisher_mixture(200, 16, n_groups=14, seed=1)
    refined = refine_model(default_model(), LabelledSet("few", "few", x, labels), steps=3)
    assert refined.about["validation"] == {}
    assert refined.scorer is not default_model().scorer


def test_items_of_nobody_stand_alone(mine) -> None:
    labels = mine.labels.copy()
    labels[::3] = -1
    source = LabelledSet("some", "some", mine.x, labels)
    figures = refine_model(default_model(), source, steps=2).about["validation"]
    counts = np.bincount(labels[labels >= 0])
    assert figures["groups"] == np.count_nonzero(counts > 1) // 5


def test_of_very_many_items_groups_are_drawn(mine, monkeypatch) -> None:
    monkeypatch.setattr(refinement, "_COMPARED", 600)
    about = refine_model(default_model(), mine, steps=2).about
    assert 3 <= about["validation"]["groups"] < 20
    drawn, told = draw_groups(LabelledRows(as_rows(mine.x), mine.labels), 600, 0)
    assert about["refined on"] == f"{len(mine.x)} items of mine ({told})"
    assert len(drawn.rows) <= 600


def test_a_negative_seed_is_refused(mine) -> None:
    with pytest.raises(UsageError, match="-1"):
        refine_model(default_model(), mine, seed=-1)


def test_equal_rows_belong_to_the_first_that_has_a_group() -> None:
    x = von_mises_fisher_mixture(320, 16, n_groups=24, seed=0)[0][:4]
    twice = np.concatenate([x, 3 * x, x])
    labels = np.repeat([-1, 0, 1], 4)
    labels[[6, 7]] = 1
    check_groups(LabelledSet("twins", "twins", twice, labels))
    with pytest.raises(
        InputError, match=r"twins: 1 of 1 groups .* at least 2 such groups: label more"
    ):
        check_groups(LabelledSet("twins", "twins", twice, np.minimum(labels, 0)))


@pytest.mark.parametrize(("kind", "high"), [(np.int64, 2**63 - 1), (np.uint64, 2**64 - 1)])
def test_labels_may_be_any_numbers(mine, kind, high) -> None:
    x, labels = mine.x[:300], mine.labels[:300].astype(kind)
    small = LabelledSet("small", "small", x, labels)
    large = LabelledSet("large", "large", x, labels + (kind(high) - labels.max()))
    one, other = (refine_model(default_model(), each, steps=2) for each in (small, large))
    assert one.about["validation"] == other.about["validation"]


def test_groups_so_apart_that_nothing_can_be_ranked_leave_the_scorer_alone() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(16), 70)
    x = rng.standard_normal((16, 20))[labels] + 0.05 * rng.standard_normal((len(labels), 20))
    refined = refine_model(default_model(), LabelledSet("apart", "apart", x, labels), steps=2)
    assert refined.scorer is default_model().scorer
    assert refined.about["validation"] == {
        "groups": 3,
        "average precision": None,
        "of the cosine": None,
        "before": None,
    }


def test_rows_of_zeros_alone_are_refused() -> None:
    with pytest.raises(InputError, match="none: 0 of 0 groups"):
        refine_model(
            default_model(), LabelledSet("none", "none", np.zeros((6, 4)), np.zeros(6, int))
        )


def test_repeated_rows_make_no_group() -> None:
    x = von_mises_fisher_mixture(320, 16, n_groups=24, seed=0)[0][:6]
    x[1] = 2 * x[0]  # one direction
    source = LabelledSet("twins", "twins", x, np.array([0, 0, 1, 1, 2, 3]))
    with pytest.raises(InputError, match="twins: 1 of 4 groups have two different items"):
        check_groups(source)
    with pytest.raises(InputError, match="twins: 1 of 4"):
        refine_model(default_model(), source)
    check_groups(LabelledSet("twins", "twins", x, np.array([0, 0, 1, 1, 2, 2])))
