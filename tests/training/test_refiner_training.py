"""From labelled items to a refiner: what is held out, what is learned from, and going on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.datasets.synthetic import von_mises_fisher_mixture  # noqa: E402
from covey.io.checkpoints import claim_training  # noqa: E402
from covey.labelled_rows import LabelledRows, held_out  # noqa: E402
from covey.models.b_attention_config import BAttentionConfig  # noqa: E402
from covey.models.refiner import Refiner  # noqa: E402
from covey.models.whitening import fit_whitening  # noqa: E402
from covey.training.b_attention import (  # noqa: E402
    BAttentionPlan,
    train_b_attention,
)
from covey.training.loop import Schedule  # noqa: E402
from covey.training.refiner import PHASES, Follow, train_refiner  # noqa: E402
from covey.types import InputError  # noqa: E402
from covey.vectors import as_rows  # noqa: E402

TINY = BAttentionConfig(16, width=16, outputs=8, layers=1, tests=6)
PLAN = BAttentionPlan(schedule=Schedule(steps=30, every=10, rate=3e-2), seeds=8, groups=8)

train = partial(train_refiner, network=TINY, plan=PLAN, scores="cosine")


def _assert_same(a: Refiner, b: Refiner) -> None:
    assert a.about == b.about
    assert (a.network, a.own) == (b.network, b.own)
    assert a.weights().keys() == b.weights().keys()
    for name, weight in a.weights().items():
        np.testing.assert_array_equal(weight, b.weights()[name])
    figures = a.config()["held_out"]
    for name, value in b.config()["held_out"].items():
        np.testing.assert_array_equal(figures[name], value)


@pytest.fixture(scope="module")
def collection(hidden) -> tuple[np.ndarray, np.ndarray]:
    """Ninety unit rows in nine groups."""
    x, labels = hidden(90, 9)
    return as_rows(x), labels.astype(np.int64)


@pytest.fixture(scope="module")
def made(collection) -> tuple[Refiner, list, list]:
    """A refiner, and what was told and kept on the way."""
    told, kept = [], []
    follow = Follow(lambda *each: told.append(each), lambda *each: kept.append(each))
    model = train(*collection, name="nine", follow=follow)
    assert model.own < 1, "choose data from which a network learns"
    assert model.about["steps"] == 20, "and so that it is best before the end"
    return model, told, kept


def test_embeddings_of_other_groups_come_out_better(trained, hidden) -> None:
    found = trained.about["validation"]
    assert trained.own < 1
    assert 1 - found["average precision"] < 0.5 * (1 - found["of the cosine"])
    assert found["BCubed F"] > found["BCubed F of the cosine"]
    x, labels = hidden(120, 12, seed=7)
    rows = trained.prepare(as_rows(x))
    same = labels[:, None] == labels
    gap = [
        (unit @ unit.T)[same].mean() - (unit @ unit.T)[~same].mean()
        for unit in (rows, trained.refine(rows))
    ]
    assert gap[1] > 1.3 * gap[0]


def test_trains_twice_and_tells_of_both(made) -> None:
    model, told, kept = made
    steps = {phase: [each[1] for each in told if each[0] == phase] for phase in PHASES}
    assert steps == {PHASES[0]: list(range(1, 31)), PHASES[1]: list(range(1, 21))}
    assert [each[:2] for each in told if each[3] is not None] == [
        *((PHASES[0], step) for step in (10, 20, 30))
    ]
    assert [(phase, each.step) for phase, each in kept] == [
        *((PHASES[0], step) for step in (10, 20, 30)),
        *((PHASES[1], step) for step in (10, 20)),
    ]
    assert model.about["steps"] == kept[2][1].best_step


def test_says_what_it_is_made_of(made, collection) -> None:
    about = made[0].about
    held = held_out(collection[1], 0, 3)
    assert held.sum() == 30
    assert about["trained on"] == "90 items in 9 groups of nine"
    assert about["held out before that"] == "30 of them in 3 groups"
    assert made[0].held_out.n_items == 30
    assert about["plan"]["schedule"]["steps"] == 30
    assert about["share of the embedding itself"] == made[0].own


def test_the_weights_are_those_of_a_training_on_all_groups(made, collection) -> None:
    model = made[0]
    x, labels = collection
    rows = x if model.whitening is None else fit_whitening(x)(x)
    plan = replace(PLAN, schedule=replace(PLAN.schedule, until=model.about["steps"]))
    network, _ = train_b_attention(LabelledRows(rows, labels), None, TINY, plan)
    for name, weight in network.state_dict().items():
        np.testing.assert_array_equal(weight.numpy(), model.tensors[name])
    if model.whitening is not None:
        np.testing.assert_array_equal(model.whitening.map, fit_whitening(x).map)


def test_whitens_where_it_helps(whitened, hidden) -> None:
    rows = as_rows(hidden(wide=3.0)[0])
    expected = fit_whitening(rows)
    np.testing.assert_array_equal(whitened.whitening.mean, expected.mean)
    np.testing.assert_array_equal(whitened.whitening.map, expected.map)
    assert whitened.about["whitened"] is True


def test_labels_of_held_out_groups_do_not_leak(hidden) -> None:
    """Other labels among them leave every weight of the first training as it is."""
    x, labels = hidden(135, 9)
    held = np.flatnonzero(held_out(labels, 0, 3))
    mixed = labels.copy()
    mixed[held] = np.random.default_rng(0).permutation(labels[held])
    kept: list[list] = []
    for each in (labels, mixed):
        kept.append([])
        network = replace(TINY, faithful=True)  # no choice of whitening, which is by labels
        follow = Follow(keep=lambda phase, checkpoint: kept[-1].append((phase, checkpoint)))
        train_refiner(x, each, network=network, plan=PLAN, follow=follow, scores="cosine")
    first, second = ([at for phase, at in each if phase == PHASES[0]] for each in kept)
    assert [at.score for at in first] != [at.score for at in second]
    for one, other in zip(first, second, strict=True):
        for name, weight in one.network.items():
            assert torch.equal(weight, other.network[name])
    again = [at.network["head.weight"] for phase, at in kept[1] if phase == PHASES[1]]
    assert not torch.equal(again[0], second[0].network["head.weight"])


def test_a_seed_decides_on_everything(made, collection) -> None:
    _assert_same(train(*collection, name="nine"), made[0])
    other = train(*collection, plan=replace(PLAN, schedule=replace(PLAN.schedule, seed=1)))
    assert not np.array_equal(other.tensors["head.weight"], made[0].tensors["head.weight"])


@pytest.mark.parametrize("after", [1, 3, 4])
def test_interrupted_it_goes_on_to_the_same_model(made, collection, tmp_path, after: int) -> None:
    claimed = partial(claim_training, tmp_path / "work", tmp_path / "m", {})
    count = 0
    with claimed() as kept:

        def keep(phase, checkpoint) -> None:
            nonlocal count
            kept.keep(phase, checkpoint)
            count += 1
            if count == after:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(*collection, name="nine", follow=Follow(keep=keep, start=kept.start))
    told, begun = [], []
    with claimed() as kept:
        follow = Follow(
            tell=lambda *each: told.append(each[:2]),
            keep=kept.keep,
            start=kept.start,
            begin=lambda *each: begun.append(each),
        )
        _assert_same(train(*collection, name="nine", follow=follow), made[0])
    assert told == [each[:2] for each in made[1]][10 * after :]
    assert begun == [(PHASES[0], min(10 * after, 30), 30), (PHASES[1], max(10 * after - 30, 0), 20)]


@pytest.mark.parametrize("groups", [2, 8])
def test_too_few_groups_are_refused(hidden, groups: int) -> None:
    x, labels = hidden(60, groups)
    labels = np.concatenate([labels, 100 + np.arange(20), np.full(20, -1)])
    x = np.concatenate([x, np.random.default_rng(0).standard_normal((40, 16))])
    told = (
        rf"^mine\.npy: {groups} of {groups + 20} groups have two .* at least 9 .*: label more, or"
    )
    with pytest.raises(InputError, match=told):
        train(x, labels, name="mine.npy")


def test_groups_that_are_one_row_again_and_again_do_not_count(hidden) -> None:
    x, labels = hidden(90, 9)
    x[labels == 0] = x[0]
    with pytest.raises(InputError, match="8 of 9 groups have two different items or more"):
        train(x, labels)
    with pytest.raises(InputError, match=r"mine: 1 of 9 groups .* takes at least 9 such groups"):
        train(np.concatenate([x[:9], x[1:2] + 1]), np.append(labels[:9], 1), name="mine")


def test_items_of_nobody_are_strangers_to_all(collection) -> None:
    x, labels = collection
    rng = np.random.default_rng(1)
    more = np.concatenate([x, rng.standard_normal((30, 16))])
    some = np.concatenate([labels, rng.integers(-9, 0, 30)])
    alone = np.concatenate([labels, 9 + np.arange(30)])
    one = train(more, some)
    told = {
        "trained on": "120 items in 9 groups of the items, 30 of them of nobody",
        "held out before that": "40 of them in 3 groups, 10 of them of nobody",
    }
    assert one.about.items() >= told.items()
    other = train(more, alone)
    assert other.about["trained on"] == "120 items in 39 groups of the items"
    _assert_same(one, replace(other, about=other.about | told))


def test_form_of_the_rows_does_not_matter(made, collection) -> None:
    x, labels = collection
    model = made[0]
    twice = np.concatenate([x, np.zeros((3, 16), np.float32), x[::-1]])
    names = np.concatenate([labels, [5, 6, -1], np.full(90, -1)])  # a twin of somebody is somebody
    _assert_same(train(twice, names, name="nine"), model)
    x.flags.writeable = False
    _assert_same(train(x, labels + 1000, name="nine"), model)
    x.flags.writeable = True


def test_half_precision(made, collection) -> None:
    model = train(collection[0].astype(np.float16), collection[1])
    found, full = (each.about["validation"]["average precision"] for each in (model, made[0]))
    assert found == pytest.approx(full, abs=0.1)
    assert model.tensors["head.weight"].dtype == np.float32


def test_nothing_to_better(tmp_path) -> None:
    x, labels = von_mises_fisher_mixture(120, 16, n_groups=12, concentration=80, seed=0)
    phases = []
    model = train(x, labels, follow=Follow(lambda phase, *_: phases.append(phase)))
    assert (model.own, model.whitening) == (1.0, None)
    assert set(phases) == {PHASES[0]}
    assert model.held_out.n_items == 120
    rows = as_rows(x)
    assert model.refine(rows) is rows
    found = model.about["validation"]
    assert found["average precision"] == found["of the cosine"]


@pytest.mark.parametrize(
    ("n", "groups"),
    [(20, 10), (135, 9)],  # pairs, and groups larger than two local sets
)
def test_small_and_large_groups(hidden, n: int, groups: int) -> None:
    x, labels = hidden(n, groups)
    model = train(x, labels)
    refined = model.refine(model.prepare(as_rows(x)))
    np.testing.assert_allclose(np.linalg.norm(refined, axis=1), 1, atol=1e-5)
    assert (np.diff(model.held_out.cut) > 0).all()


def test_the_published_method(collection) -> None:
    config = BAttentionConfig.published(16, tests=12, outputs=16, layers=1)
    plan = BAttentionPlan.published(schedule=Schedule(steps=3, every=2), near=16, pool=30)
    model = train_refiner(*collection, network=config, plan=plan)
    assert (model.own, model.whitening) == (0.0, None)
    refined = model.refine(collection[0])
    assert refined.shape == (90, 16)
    np.testing.assert_allclose(np.linalg.norm(refined, axis=1), 1, atol=1e-5)


def test_groups_are_drawn_of_too_many_and_it_says_so(collection, monkeypatch) -> None:
    x, labels = collection
    monkeypatch.setattr("covey.training.refiner._MOST", 90)
    assert not {"drawn", "judged"} & train(x, labels).about.keys()
    more = np.concatenate([x, np.random.default_rng(0).standard_normal((200, 16))])
    giant = np.concatenate([labels, np.full(200, 9)])
    about = train(more, giant).about
    assert about["trained on"] == "90 items in 10 groups of the items"
    assert about["drawn"] == (
        "90 of 290 items were drawn; groups that had more than 9 were thinned to that: 10"
    )
    monkeypatch.setattr("covey.training.refiner._MOST_WATCHED", 20)
    model = train(x, labels)
    assert model.held_out.n_items == 18
    assert model.about["held out before that"] == "18 of them in 3 groups"
    assert model.about["judged"] == (
        "18 of 30 items were drawn; groups that had more than 6 were thinned to that: 3"
    )
