"""Training of Ada-NETS: that both parts learn, from what, and that they can be told again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.labelled_rows import LabelledRows, different_rows  # noqa: E402
from covey.models.ada_nets import graph_of, refine_rows  # noqa: E402
from covey.models.ada_nets_config import AdaNETSConfig  # noqa: E402
from covey.models.neighbour_filter import filtered_lengths  # noqa: E402
from covey.models.neighbour_quality import neighbour_quality  # noqa: E402
from covey.training.ada_nets import train_ada_nets  # noqa: E402
from covey.training.ada_nets_plan import AdaNETSPlan  # noqa: E402
from covey.training.b_attention import principal_axes  # noqa: E402
from covey.training.loop import Schedule  # noqa: E402
from covey.training.neighbour_filter import (  # noqa: E402
    FilterValidation,
    best_constant,
    rated_lists,
    relative_error,
    train_neighbour_filter,
)
from covey.training.watch import Watch, validate_rows  # noqa: E402
from covey.types import UsageError  # noqa: E402
from covey.vectors import as_rows  # noqa: E402

CONFIG = AdaNETSConfig(16, k=16, filter_width=12, filter_hidden=12, width=16, outputs=16)
PLAN = AdaNETSPlan(
    filter_schedule=Schedule(steps=60, every=20, rate=1e-2),
    lists=64,
    schedule=Schedule(steps=30, every=10, rate=1e-2),
    seeds=8,
    groups=8,
    pool=12,
)
FEW = replace(
    PLAN,
    filter_schedule=Schedule(steps=4, every=2, warm_up=0.5),
    schedule=Schedule(steps=4, every=2, warm_up=0.5),
)


def _items(seed: int, groups: int = 40) -> LabelledRows:
    """Groups of 1 to 24 items that show in 8 of 16 directions."""
    rng = np.random.default_rng(seed)
    sizes = np.tile([1, 2, 3, 5, 8, 12, 16, 24], -(-groups // 8))[:groups]
    labels = np.repeat(np.arange(groups), sizes)
    n = len(labels)
    shown = rng.standard_normal((groups, 8))[labels] + 0.3 * rng.standard_normal((n, 8))
    turn = np.linalg.qr(np.random.default_rng(99).standard_normal((16, 16)))[0]
    x = np.hstack([shown, 0.7 * rng.standard_normal((n, 8))]) @ turn
    order = rng.permutation(n)
    return LabelledRows(as_rows(x[order]), labels[order])


@pytest.fixture(scope="module")
def learned() -> LabelledRows:
    return _items(0)


@pytest.fixture(scope="module")
def watched() -> LabelledRows:
    return _items(1, 24)


def _same(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def _filtered(learned, watched, config=CONFIG, plan=PLAN, start=None):
    """The filter, checkpoints, and what was told."""
    kept, told = [], []
    watch: Watch[FilterValidation] = Watch(lambda *each: told.append(each), kept.append, start)
    network, last = train_neighbour_filter(learned, watched, config, plan, watch)
    return network, last, kept, told


@pytest.fixture(scope="module")
def filtered(learned, watched):
    return _filtered(learned, watched)


def _followed(learned, watched, config=CONFIG, plan=PLAN, start=None, neighbour_filter=None):
    kept, told = [], []
    watch = Watch(lambda *each: told.append(each), kept.append, start)
    network, last = train_ada_nets(
        learned, watched, config, plan, watch, neighbour_filter=neighbour_filter
    )
    return network, last, kept, told


@pytest.fixture(scope="module")
def run(learned, watched, filtered):
    return _followed(learned, watched, neighbour_filter=filtered[0])


def test_the_filter_learns_how_long_lists_of_other_groups_should_be(filtered, watched) -> None:
    network, last, _, told = filtered
    rated = rated_lists(watched, CONFIG)
    error = relative_error(filtered_lengths(network, watched.rows, rated.lists), rated.best)
    assert error == pytest.approx(-last.score, abs=1e-6)
    seen = [each[2] for each in told if each[2] is not None]
    assert min(each.error for each in seen) == error
    assert error < 0.5 * seen[-1].of_mean
    assert error < 0.75 * seen[-1].of_constant
    assert error < 0.75 * relative_error(best_constant(rated.best), rated.best)
    loss = [each[1] for each in told]
    assert np.mean(loss[-5:]) < 0.7 * np.mean(loss[:5])


def test_the_best_constant_is_best() -> None:
    best = np.random.default_rng(0).integers(1, 30, size=99)
    errors = [relative_error(k, best) for k in range(1, 31)]
    assert best_constant(best) == 1 + int(np.argmin(errors))


def test_of_as_many_neighbours_more_are_right_than_at_any_one_length(filtered, watched) -> None:
    lists = rated_lists(watched, CONFIG).lists
    place = np.arange(1, CONFIG.k)
    right = watched.labels[lists.items[:, 1:]] == watched.labels[:, None]
    kept = place < filtered_lengths(filtered[0], watched.rows, lists)[:, None]
    for fixed in range(1, CONFIG.k):
        if fixed * len(kept) >= kept.sum():  # at least as many
            assert right[kept].mean() > 1.1 * right[:, :fixed].mean()


def test_the_network_learns_what_other_groups_are_told_apart_by(run, watched) -> None:
    network, last, _, told = run
    loss = [each[1] for each in told]
    assert np.mean(loss[-5:]) < np.mean(loss[:5])
    refined = validate_rows(refine_rows(network, watched.rows), watched.labels)
    before = validate_rows(watched.rows, watched.labels)
    assert refined.average_precision == pytest.approx(last.score, abs=1e-6)
    assert 1 - last.score < 0.7 * (1 - before.average_precision)


def test_the_whole_holds_the_filter_as_it_was_trained(run, filtered) -> None:
    state = run[0].state_dict()
    assert {name: tuple(each.shape) for name, each in state.items()} == CONFIG.shapes()
    inside = {k.removeprefix("filter."): v for k, v in state.items() if k.startswith("filter.")}
    assert _same(inside, filtered[0].state_dict())
    assert not any(k.startswith("filter.") for k in run[2][0].network)


def test_every_step_is_told_of_and_some_validate(run, filtered) -> None:
    for (_, last, kept, told), steps, every in ((run, 30, 10), (filtered, 60, 20)):
        assert [each[0] for each in told] == list(range(1, steps + 1))
        due = list(range(every, steps + 1, every))
        assert [each[0] for each in told if each[2] is not None] == due
        assert [checkpoint.step for checkpoint in kept] == due
        assert last.best_step in due


def test_a_seed_decides_on_everything(run, filtered, learned, watched) -> None:
    again = _filtered(learned, watched)
    assert _same(again[0].state_dict(), filtered[0].state_dict())
    assert again[3] == filtered[3]
    more = _followed(learned, watched, neighbour_filter=again[0])
    assert _same(more[0].state_dict(), run[0].state_dict())
    assert more[3] == run[3]
    other = replace(FEW, schedule=replace(FEW.schedule, seed=1))
    one, two = (_followed(learned, None, replace(CONFIG, length="all"), p)[0] for p in (FEW, other))
    assert not _same(one.state_dict(), two.state_dict())


def test_resumed_they_are_the_same(run, filtered, learned, watched) -> None:
    for start in filtered[2]:
        network, last, _, told = _filtered(learned, watched, start=start)
        assert _same(network.state_dict(), filtered[0].state_dict())
        assert told == filtered[3][start.step :]
        assert (last.step, last.score) == (filtered[1].step, filtered[1].score)
    for start in run[2]:
        network, last, _, told = _followed(
            learned, watched, start=start, neighbour_filter=filtered[0]
        )
        assert _same(network.state_dict(), run[0].state_dict())
        assert told == run[3][start.step :]
        assert (last.step, last.score) == (run[1].step, run[1].score)


@pytest.mark.parametrize("change", ["labels", "nobody"])
def test_what_is_watched_is_not_learned_from(run, filtered, learned, watched, change) -> None:
    shuffled = np.random.default_rng(0).permutation(watched.labels)
    other = LabelledRows(watched.rows, shuffled) if change == "labels" else None
    for one, two in zip(_filtered(learned, other)[2], filtered[2], strict=True):
        assert _same(one.network, two.network)
    found = _followed(learned, other, neighbour_filter=filtered[0])
    for one, two in zip(found[2], run[2], strict=True):
        assert _same(one.network, two.network)


def test_items_in_another_order_teach_the_filter_the_same_lengths(learned) -> None:
    order = np.random.default_rng(0).permutation(len(learned.rows))
    turned = LabelledRows(learned.rows[order], learned.labels[order])
    np.testing.assert_array_equal(
        rated_lists(turned, CONFIG).best, rated_lists(learned, CONFIG).best[order]
    )


def _trains(items, config, plan=FEW):
    """Loss after loss of a few steps of both parts that leave finite weights."""
    neighbour_filter = None
    if config.length == "adaptive":
        neighbour_filter, _, _, told = _filtered(items, None, config, plan)
        assert np.isfinite([each[1] for each in told]).all()
    network, _, _, told = _followed(items, None, config, plan, None, neighbour_filter)
    assert all(torch.isfinite(each).all() for each in network.state_dict().values())
    refined = refine_rows(network, items.rows)
    np.testing.assert_allclose(np.linalg.norm(refined, axis=1), 1, atol=1e-5)
    loss = [each[1] for each in told]
    assert np.isfinite(loss).all()
    return network, loss


@pytest.mark.parametrize(
    "changes",
    [
        {"space": "knn"},
        {"space": "structure"},
        {"eta": 0.0},
        {"layers": 1},
        {"layers": 3},
        {"width": 8},
        {"width": 24},
        {"length": "all"},
        {"length": "gap"},
        {"length": "stable"},
        {"length": "fixed", "fixed": 4},
        {"faithful": True},
    ],
)
def test_other_networks(learned, changes) -> None:
    assert len(_trains(learned, replace(CONFIG, **changes))[1]) == 4


def test_training_chooses_the_fixed_length(learned) -> None:
    network, _ = _trains(learned, replace(CONFIG, length="fixed"))
    quality = neighbour_quality(rated_lists(learned, CONFIG).lists.items, learned.labels)
    assert network.config.fixed == 1 + int(quality.mean(axis=0).argmax()) > 1


@pytest.mark.parametrize(
    "changes",
    [{"loss": "hinge"}, {"loss": "hinge", "negatives": "hardest"}, {"most": 2}, {"groups": 0}],
)
def test_other_plans(learned, changes) -> None:
    _trains(learned, CONFIG, replace(FEW, **changes))


def test_the_published_method_trains(learned) -> None:
    config = AdaNETSConfig.published(16, k=12, width=24, outputs=24)
    schedules = {"filter_schedule": FEW.filter_schedule, "schedule": FEW.schedule}
    plan = AdaNETSPlan.published(**schedules, near=16, pool=30)
    assert (plan.loss, plan.negatives, plan.groups, plan.dropped) == ("hinge", "hardest", 0, 0)
    _trains(learned, config, plan)
    assert AdaNETSPlan.published().filter_schedule.optimiser == "sgd"


@pytest.mark.parametrize(("n", "groups"), [(20, 10), (3, 2), (2, 1), (90, 2)])
def test_other_sizes(hidden, n: int, groups: int) -> None:
    x, labels = hidden(n, groups)
    items = LabelledRows(as_rows(x), labels.astype(np.int64))
    for length in ("adaptive", "fixed"):
        _trains(items, replace(CONFIG, length=length))


def test_items_of_nobody_are_nobodys_company(learned) -> None:
    """Items without a group are told apart from each other as from all others."""
    labels = np.where(learned.labels % 8 < 4, -1, learned.labels)
    alone = np.where(labels < 0, 1000 + np.arange(len(labels)), labels)
    one, two = (_trains(LabelledRows(learned.rows, each), CONFIG) for each in (labels, alone))
    assert one[1] == two[1]
    assert _same(one[0].state_dict(), two[0].state_dict())


def test_rows_that_may_not_be_written(learned) -> None:
    rows = learned.rows.copy()
    rows.flags.writeable = False
    for faithful in (False, True):
        _trains(LabelledRows(rows, learned.labels), replace(CONFIG, faithful=faithful))


def test_wide_embeddings_enter_by_their_principal_axes(learned) -> None:
    plan = replace(FEW, schedule=Schedule(steps=1, every=1, rate=0.0))
    network, _ = _trains(learned, replace(CONFIG, width=5, length="all"), plan)
    axes = principal_axes(learned.rows, 5)
    torch.testing.assert_close(network.graph.enter.weight.detach(), axes)


def test_adaptive_lengths_without_a_filter_are_refused(learned) -> None:
    with pytest.raises(UsageError, match="need a filter"):
        train_ada_nets(learned, None, CONFIG, FEW)


def test_training_sees_the_graph_that_the_filter_makes(filtered, learned, monkeypatch) -> None:
    """What is published is a plain graph in training; here both are made by the same function."""
    from covey.training import ada_nets

    seen = []
    join = ada_nets.neighbour_graph
    monkeypatch.setattr(
        ada_nets, "neighbour_graph", lambda *lists: seen.append(join(*lists)) or seen[-1]
    )
    network = _followed(learned, None, CONFIG, FEW, None, filtered[0])[0]
    expected = graph_of(network, learned.rows)
    np.testing.assert_array_equal(seen[0].neighbour, expected.neighbour)
    np.testing.assert_array_equal(seen[0].start, expected.start)


@pytest.mark.data
def test_the_filter_on_faces_of_other_people() -> None:
    """The training half of lfw, its people split again."""
    sets = pytest.importorskip("labelled_sets", reason="not in a source distribution")
    if (root := sets.data_root()) is None:
        pytest.skip("set COVEY_DATA to the folder of data sets")
    folder = root / "embeddings" / "lfw"
    half = np.load(folder / "split.npy") == 0
    x = np.load(folder / "emb.npy")[half].astype(np.float32)
    rows, people = different_rows(x, np.load(folder / "labels.npy")[half].astype(np.int64))
    part = np.random.default_rng(0).random(people.max() + 1)[people]
    items = LabelledRows(rows, people)
    learned, watched, other = (
        items.of(each) for each in (part < 0.5, (part >= 0.5) & (part < 0.6), part >= 0.6)
    )
    config = AdaNETSConfig(128)
    plan = AdaNETSPlan(filter_schedule=Schedule(steps=150, every=50, rate=3e-3))
    network, _ = train_neighbour_filter(learned, watched, config, plan)
    rated = rated_lists(other, config)
    error = relative_error(filtered_lengths(network, other.rows, rated.lists), rated.best)
    assert error < 0.2 * relative_error(rated.best.mean(), rated.best)
    assert error < 0.6 * relative_error(best_constant(rated.best), rated.best)
