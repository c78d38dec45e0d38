"""Training of one network: that it learns, from what, and that it can be told again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.graph import knn_to_edges  # noqa: E402
from covey.knn import build_knn_graph  # noqa: E402
from covey.labelled_rows import LabelledRows  # noqa: E402
from covey.metrics.edges import average_precision  # noqa: E402
from covey.models.b_attention import refine  # noqa: E402
from covey.models.b_attention_config import BAttentionConfig  # noqa: E402
from covey.training.b_attention import (  # noqa: E402
    BAttentionPlan,
    local_sets_of,
    principal_axes,
    train_b_attention,
)
from covey.training.loop import Schedule  # noqa: E402
from covey.training.watch import Watch  # noqa: E402
from covey.vectors import as_rows  # noqa: E402


def _items(hidden, n: int = 120, groups: int = 12, seed: int = 0) -> LabelledRows:
    x, labels = hidden(n, groups, seed=seed)
    return LabelledRows(as_rows(x), labels.astype(np.int64))


@pytest.fixture(scope="module")
def learned(hidden) -> LabelledRows:
    return _items(hidden)


@pytest.fixture(scope="module")
def watched(hidden) -> LabelledRows:
    return _items(hidden, 60, 6, seed=1)


def _weights(network) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def _same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def _followed(learned, watched, network, plan, start=None):
    """Weights in the end, checkpoints, and what was told."""
    kept, told = [], []
    watch = Watch(lambda *each: told.append(each), kept.append, start)
    trained, last = train_b_attention(learned, watched, network, plan, watch)
    return trained, last, kept, told


@pytest.fixture(scope="module")
def run(learned, watched, small_network, short_plan):
    return _followed(learned, watched, small_network, short_plan)


def _precision(rows: np.ndarray, labels: np.ndarray) -> float:
    return average_precision(knn_to_edges(build_knn_graph(rows, min(40, len(rows) - 1))), labels)


def test_learns_what_other_groups_are_told_apart_by(run, watched, small_network) -> None:
    network, last, _, told = run
    loss = [each[1] for each in told]
    assert np.mean(loss[-5:]) < 0.7 * np.mean(loss[:5])
    refined = refine(network, watched.rows, local_sets_of(watched.rows, small_network.tests))
    found = _precision(refined, watched.labels)
    assert found == pytest.approx(last.score, abs=1e-6)
    assert 1 - found < 0.5 * (1 - _precision(watched.rows, watched.labels))


def test_tells_of_every_step_and_validates_some(run) -> None:
    _, last, kept, told = run
    assert [each[0] for each in told] == list(range(1, 31))
    assert [each[0] for each in told if each[2] is not None] == [10, 20, 30]
    scores = [each[2].average_precision for each in told if each[2] is not None]
    assert last.score == max(scores)
    assert last.best_step == 10 * (1 + int(np.argmax(scores)))
    assert all(0 < each[2].f <= 1 for each in told if each[2] is not None)
    assert [checkpoint.step for checkpoint in kept] == [10, 20, 30]


def test_a_seed_decides_on_everything(run, learned, watched, small_network, short_plan) -> None:
    again = _followed(learned, watched, small_network, short_plan)
    assert _same(_weights(again[0]), _weights(run[0]))
    assert again[3] == run[3]
    schedule = replace(short_plan.schedule, seed=1, steps=10)
    other = _followed(learned, watched, small_network, replace(short_plan, schedule=schedule))
    assert not _same(other[2][0].network, run[2][0].network)


@pytest.mark.parametrize("change", ["labels", "rows", "nobody"])
def test_what_is_watched_is_not_learned_from(
    run, learned, watched, hidden, small_network, short_plan, change: str
) -> None:
    other = {
        "labels": LabelledRows(watched.rows, np.random.default_rng(0).permutation(watched.labels)),
        "rows": _items(hidden, 40, 8, seed=9),
        "nobody": None,
    }[change]
    _, last, kept, _ = _followed(learned, other, small_network, short_plan)
    assert [each.score for each in kept] != [each.score for each in run[2]]
    for one, two in zip(kept, run[2], strict=True):
        assert _same(one.network, two.network)
    assert other is not None or last.best_step == 30


def test_resumed_it_is_the_same(run, learned, watched, small_network, short_plan) -> None:
    for start in run[2]:
        network, last, _, told = _followed(learned, watched, small_network, short_plan, start)
        assert _same(_weights(network), _weights(run[0]))
        assert told == run[3][start.step :]
        assert (last.step, last.score, last.best_step) == (30, run[1].score, run[1].best_step)


def test_until_is_the_whole_broken_off(run, learned, small_network, short_plan) -> None:
    early = replace(short_plan, schedule=replace(short_plan.schedule, until=20))
    network, last, _, told = _followed(learned, None, small_network, early)
    assert (last.step, len(told)) == (20, 20)
    assert _same(_weights(network), run[2][1].network)
    assert all(each[2] is None for each in told)


def _trains(items: LabelledRows, config: BAttentionConfig, plan: BAttentionPlan):
    """Loss after loss of a few steps that leave finite weights."""
    network, _, _, told = _followed(items, None, config, plan)
    assert all(torch.isfinite(tensor).all() for tensor in network.state_dict().values())
    refined = refine(network, items.rows, local_sets_of(items.rows, config.tests))
    np.testing.assert_allclose(np.linalg.norm(refined, axis=1), 1, atol=1e-5)
    return [each[1] for each in told]


FEW = Schedule(steps=4, every=2, warm_up=0.5)


@pytest.mark.parametrize("flavour", ["gcn", "transformer"])
def test_the_published_method_trains(learned, flavour) -> None:
    config = BAttentionConfig.published(16, tests=20, outputs=32, layers=2, flavour=flavour)
    plan = BAttentionPlan.published(schedule=FEW, near=16, pool=30)
    assert (plan.loss, plan.negatives, plan.groups, plan.dropped) == ("hinge", "hardest", 0, 0)
    loss = _trains(learned, config, plan)
    assert len(set(loss)) == 4
    whole = BAttentionConfig.published(16)
    assert (whole.tests, whole.outputs, whole.width, whole.faithful) == (240, 2048, 16, True)


@pytest.mark.parametrize("negatives", ["hardest", "top", "all"])
def test_the_hinge_falls(learned, small_network, short_plan, negatives) -> None:
    plan = replace(short_plan, loss="hinge", negatives=negatives)
    loss = _trains(learned, small_network, plan)
    assert np.mean(loss[-5:]) < np.mean(loss[:5])


@pytest.mark.parametrize(
    ("n", "groups"),
    [(20, 10), (3, 2), (2, 1), (90, 2)],  # pairs, hardly any, and groups larger than a local set
)
def test_other_sizes(hidden, small_network, n: int, groups: int) -> None:
    assert len(_trains(_items(hidden, n, groups), small_network, BAttentionPlan(FEW))) == 4


@pytest.mark.parametrize("changes", [{"width": 8}, {"width": 24}, {"single": False}])
def test_other_networks(learned, small_network, changes) -> None:
    config = replace(small_network, **changes)
    assert len(_trains(learned, config, BAttentionPlan(FEW))) == 4


def test_two_dimensions_of_which_all_may_be_left_out() -> None:
    rows = as_rows(np.random.default_rng(0).standard_normal((40, 2)).astype(np.float32))
    items = LabelledRows(rows, np.arange(40) % 8)
    plan = BAttentionPlan(replace(FEW, steps=12), dropped=0.7)
    assert np.isfinite(_trains(items, BAttentionConfig(2, width=4, outputs=4), plan)).all()


def test_wide_embeddings_enter_by_their_principal_axes(learned, small_network) -> None:
    axes = principal_axes(learned.rows, 5).numpy()
    right = np.linalg.svd(learned.rows.astype(np.float64), full_matrices=False)[2][:5]
    np.testing.assert_allclose(np.abs(np.sum(axes * right, axis=1)), 1, atol=1e-4)
    config = replace(small_network, width=5)
    plan = BAttentionPlan(replace(FEW, steps=1, rate=0.0))
    network, _, _, _ = _followed(learned, None, config, plan)
    np.testing.assert_allclose(network.enter.weight.detach().numpy(), axes, atol=1e-6)


def test_rows_that_may_not_be_written(learned, small_network) -> None:
    rows = learned.rows.copy()
    rows.flags.writeable = False
    _trains(LabelledRows(rows, learned.labels), small_network, BAttentionPlan(FEW))


def test_local_sets_of_few_items_are_filled_up() -> None:
    sets = local_sets_of(np.eye(3, dtype=np.float32), 5)
    assert sets.tolist() == [[0, 1, 2, -1, -1], [1, 0, 2, -1, -1], [2, 0, 1, -1, -1]]
    assert local_sets_of(np.eye(1, dtype=np.float32), 3).tolist() == [[0, -1, -1]]


def test_some_labelled_rows(learned) -> None:
    some = learned.of(learned.labels == 3)
    np.testing.assert_array_equal(some.rows, learned.rows[3::12])
    assert set(some.labels.tolist()) == {3}
