"""Training of the linkage GCN: that it learns, from what, and that it can be told again."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.graph import knn_to_edges  # noqa: E402
from covey.knn import build_knn_graph  # noqa: E402
from covey.labelled_rows import LabelledRows  # noqa: E402
from covey.metrics.edges import average_precision  # noqa: E402
from covey.models.linkage_gcn import score_links  # noqa: E402
from covey.models.linkage_gcn_config import LinkageGCNConfig, LinkLoss, Sampling  # noqa: E402
from covey.training.b_attention import principal_axes  # noqa: E402
from covey.training.linkage_gcn import LinkagePlan, train_linkage_gcn  # noqa: E402
from covey.training.loop import Schedule  # noqa: E402
from covey.training.watch import Watch  # noqa: E402
from covey.vectors import as_rows  # noqa: E402

SMALL = LinkageGCNConfig(16, width=16, hidden=(24, 24), near=12, second=3, active=4)
SHORT = LinkagePlan(Schedule(steps=60, every=20, rate=1e-2), centres=16)
SAMPLINGS, LOSSES = get_args(Sampling), get_args(LinkLoss)
FEW = Schedule(steps=4, every=2, warm_up=0.5)


def _items(hidden, n: int = 160, groups: int = 16, seed: int = 0) -> LabelledRows:
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


def _followed(learned, watched, config=SMALL, plan=SHORT, start=None):
    """Network, last checkpoint, checkpoints, what was told, and the curve."""
    kept, told, curve = [], [], []
    watch = Watch(lambda *each: told.append(each), kept.append, start)
    network, last = train_linkage_gcn(learned, watched, config, plan, watch, record=curve.append)
    return network, last, kept, told, curve


@pytest.fixture(scope="module")
def run(learned, watched):
    return _followed(learned, watched)


def _precision(items: LabelledRows, network=None) -> float:
    knn = build_knn_graph(items.rows, SMALL.near)
    score = None if network is None else score_links(network, items.rows, knn)
    return average_precision(knn_to_edges(knn, score=score), items.labels)


def test_learns_what_other_groups_are_told_apart_by(run, watched) -> None:
    network, last, _, told, _ = run
    loss = [each[1] for each in told]
    assert np.mean(loss[-5:]) < 0.7 * np.mean(loss[:5])
    found = _precision(watched, network)
    assert found == pytest.approx(last.score, abs=1e-6)
    assert 1 - found < 0.7 * (1 - _precision(watched))


def test_tells_of_every_step_and_validates_some(run) -> None:
    _, last, kept, told, _ = run
    assert [each[0] for each in told] == list(range(1, 61))
    assert [each[0] for each in told if each[2] is not None] == [20, 40, 60]
    scores = [each[2].average_precision for each in told if each[2] is not None]
    assert last.score == max(scores)
    assert last.best_step == 20 * (1 + int(np.argmax(scores)))
    assert [checkpoint.step for checkpoint in kept] == [20, 40, 60]


def test_a_curve_shows_both_sides_as_they_are_scored(run, learned, watched) -> None:
    network, last, kept, _, curve = run
    assert [point.step for point in curve] == [20, 40, 60]
    assert curve[-1].learned.loss < curve[0].learned.loss
    network.load_state_dict(kept[1].network)
    for items, fit in ((learned, curve[1].learned), (watched, curve[1].watched)):
        knn = build_knn_graph(items.rows, SMALL.near)
        right = score_links(network, items.rows, knn)
        same = items.labels[knn.indices] == items.labels[:, None]
        loss = -np.log(np.where(same, right, 1 - right)).mean()
        assert fit.loss == pytest.approx(loss, rel=1e-3)
        assert 0 < fit.average_precision <= 1
    network.load_state_dict(last.best)


def test_a_curve_changes_nothing(run, learned, watched) -> None:
    network, last = train_linkage_gcn(learned, watched, SMALL, SHORT)
    assert _same(_weights(network), _weights(run[0]))
    assert last.score == run[1].score


def test_a_seed_decides_on_everything(run, learned, watched) -> None:
    again = _followed(learned, watched)
    assert _same(_weights(again[0]), _weights(run[0]))
    assert again[3:] == run[3:]
    other = replace(SHORT, schedule=replace(SHORT.schedule, seed=1, steps=20))
    assert not _same(_followed(learned, None, plan=other)[2][0].network, run[2][0].network)


@pytest.mark.parametrize("change", ["labels", "rows", "nobody"])
def test_what_is_watched_is_not_learned_from(run, learned, watched, hidden, change) -> None:
    other = {
        "labels": LabelledRows(watched.rows, np.random.default_rng(0).permutation(watched.labels)),
        "rows": _items(hidden, 40, 8, seed=9),
        "nobody": None,
    }[change]
    _, last, kept, told, curve = _followed(learned, other)
    assert [each.score for each in kept] != [each.score for each in run[2]]
    for one, two in zip(kept, run[2], strict=True):
        assert _same(one.network, two.network)
    assert [point.learned for point in curve] == [point.learned for point in run[4]]
    if other is None:
        assert last.best_step == 60
        assert all(each[2] is None for each in told)
        assert all(point.watched is None for point in curve)


def test_resumed_it_is_the_same(run, learned, watched) -> None:
    for start in run[2]:
        network, last, _, told, curve = _followed(learned, watched, start=start)
        assert _same(_weights(network), _weights(run[0]))
        assert told == run[3][start.step :]
        assert curve == run[4][start.step // 20 :]
        assert (last.step, last.score, last.best_step) == (60, run[1].score, run[1].best_step)


def _trains(items: LabelledRows, config=SMALL, plan=None):
    """Loss after loss of a few steps that leave finite weights."""
    network, _, _, told, curve = _followed(items, None, config, plan or LinkagePlan(FEW))
    assert all(torch.isfinite(tensor).all() for tensor in network.state_dict().values())
    assert all(np.isfinite(point.learned.loss) for point in curve)
    knn = build_knn_graph(items.rows, config.near)
    scores = score_links(network, items.rows, knn)
    assert ((scores >= 0) & (scores <= 1)).all()
    return [each[1] for each in told]


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_way_trains(learned, sampling, loss) -> None:
    plan = LinkagePlan(FEW, sampling=sampling, loss=loss, centres=8)
    told = _trains(learned, plan=plan)
    assert len(set(told)) == 4
    assert np.isfinite(told).all()


def test_ways_differ(hidden) -> None:
    pairs = _items(hidden, 160, 80)  # few links within a group, no place dense
    x, labels = hidden(160, 4, wide=0.1)
    crowds = LabelledRows(as_rows(x), labels)
    plans = [LinkagePlan(FEW, "none", loss=each) for each in LOSSES]
    losses = {(_trains(pairs, plan=plan)[0], _trains(crowds, plan=plan)[0]) for plan in plans}
    assert len(losses) == len(LOSSES)
    draws = {_trains(pairs, plan=LinkagePlan(FEW, each))[0] for each in SAMPLINGS}
    assert len(draws) == len(SAMPLINGS)


@pytest.mark.parametrize("pool", [0.01, 0.5, 1.0, 2.5, 1000.0])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_pools_of_any_size(learned, pool, sampling) -> None:
    _trains(learned, plan=LinkagePlan(FEW, sampling=sampling, pool=pool, centres=8))


def test_without_drawing_the_pool_does_not_matter(learned) -> None:
    plans = [LinkagePlan(FEW, sampling="none", pool=pool) for pool in (0.1, 3.0)]
    one, two = (_trains(learned, plan=plan) for plan in plans)
    assert one == two


def test_the_published_method_trains(learned) -> None:
    config = LinkageGCNConfig.published(16, near=20, hidden=(32, 32, 16, 16))
    plan = LinkagePlan.published(schedule=replace(LinkagePlan.published().schedule, steps=4))
    assert (plan.sampling, plan.loss, plan.centres) == ("riws", "ce", 16)
    assert (plan.schedule.optimiser, plan.schedule.rate) == ("sgd", 0.01)
    assert len(_trains(learned, config, plan)) == 4


@pytest.mark.parametrize(
    ("n", "groups"),
    [(20, 10), (3, 2), (2, 1), (90, 2)],  # pairs, hardly any, and groups larger than a first hop
)
def test_other_sizes(hidden, n: int, groups: int) -> None:
    assert len(_trains(_items(hidden, n, groups))) == 4


def test_items_of_nobody_belong_with_nobody(learned) -> None:
    """As if each were a group of its own, though all have the same label."""
    nobody = np.where(learned.labels < 4, -1, learned.labels)
    alone = nobody.copy()
    alone[nobody < 0] = 1000 + np.arange(np.count_nonzero(nobody < 0))
    one, two = (_trains(LabelledRows(learned.rows, each)) for each in (nobody, alone))
    assert one == two


def test_wide_embeddings_are_reduced_to_their_principal_axes(learned) -> None:
    network, *_ = _followed(learned, None, replace(SMALL, width=5), LinkagePlan(FEW))
    axes = principal_axes(learned.rows, 5)
    assert torch.equal(network.axes, axes)


def test_rows_that_may_not_be_written(learned) -> None:
    rows = learned.rows.copy()
    rows.flags.writeable = False
    _trains(LabelledRows(rows, learned.labels))
