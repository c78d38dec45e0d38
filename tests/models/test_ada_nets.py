"""Ada-NETS as a whole: its parts, what they change, and what must not matter."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.knn import build_knn_graph  # noqa: E402
from covey.models.ada_nets import (  # noqa: E402
    AdaNETSNetwork,
    graph_of,
    list_lengths,
    refine_rows,
)
from covey.models.ada_nets_config import AdaNETSConfig  # noqa: E402
from covey.models.ordered_lists import candidates, ordered_lists  # noqa: E402
from covey.types import KnnGraph, UsageError  # noqa: E402
from covey.vectors import as_rows  # noqa: E402

SMALL = AdaNETSConfig(
    12, k=15, space="structure", filter_width=6, filter_hidden=5, width=8, outputs=9
)
LENGTHS = ["adaptive", "fixed", "all", "gap", "stable"]


def _network(config=SMALL, seed=3):
    torch.manual_seed(seed)
    network = AdaNETSNetwork(config)
    with torch.no_grad():  # away from zeros and ones, which would hide errors
        for each in network.parameters():
            each.add_(0.3 * torch.randn_like(each))
    network.eval()
    if network.filter is not None:  # lists are to differ in their lengths
        with torch.no_grad():
            lists = ordered_lists(ROWS, candidates(ROWS, config), config)
            shares = network.filter(network.filter.tokens_of(ROWS, lists, slice(None)))
            spread = 0.25 / shares.std().clamp(min=1e-3)
            network.filter.out.weight.mul_(spread)
            bias = network.filter.out.bias
            bias.copy_(0.5 - spread * (shares.mean() - bias))
    return network


def _noisy_groups() -> np.ndarray:
    """Groups of 2 to 40 items in which cosines mislead, and no one length suits all."""
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(12), [2, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40])
    x = rng.standard_normal((12, 12))[labels] + 0.8 * rng.standard_normal((len(labels), 12))
    return as_rows(rng.permutation(x))


ROWS = _noisy_groups()


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return ROWS


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    "changes", [{}, {"faithful": True}, {"width": 12}, {"layers": 1}, {"layers": 3}]
)
def test_config_knows_all_shapes(length, changes) -> None:
    config = replace(SMALL, length=length, **changes)
    found = {name: tuple(each.shape) for name, each in AdaNETSNetwork(config).state_dict().items()}
    assert config.shapes() == found


def test_published_sizes() -> None:
    config = AdaNETSConfig.published(256)
    assert (config.k, config.width, config.outputs, config.faithful) == (80, 512, 512, True)
    assert config.shapes()["filter.lstm.weight_ih_l0"] == (1024, 256)
    assert config.shapes()["graph.layers.0.out.weight"] == (512, 256)
    assert AdaNETSConfig.published(256, k=40).k == 40


@pytest.mark.parametrize("changes", [{"k": 0}, {"layers": 0}])
def test_sizes_of_nothing_are_refused(changes) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        replace(SMALL, **changes)


def test_every_part_changes_what_comes_out(rows) -> None:
    """Order and length of lists, and the network; all with the same weights where they have any."""
    whole = _network()
    found = {}
    for name, changes in {
        "whole": {},
        "no structure space": {"space": "knn"},
        "another share": {"eta": 0.0},
        "longer lists": {"k": 30},
        "fixed": {"length": "fixed", "fixed": 7},
        "all": {"length": "all"},
        "gap": {"length": "gap"},
        "stable": {"length": "stable"},
    }.items():
        network = _network(replace(SMALL, **changes))
        weights = {k: v for k, v in whole.state_dict().items() if k in network.state_dict()}
        network.load_state_dict(weights)
        found[name] = refine_rows(network, rows)
    found["one layer"] = refine_rows(_network(replace(SMALL, layers=1)), rows)
    for one, other in combinations(found, 2):
        far = np.linalg.norm(found[one] - found[other], axis=1)
        assert (far > 0.01).mean() > 0.1, (one, other)


def test_lengths_really_differ(rows) -> None:
    network = _network()
    lists = ordered_lists(rows, candidates(rows, SMALL), SMALL)
    for length in ("adaptive", "gap", "stable"):
        found = list_lengths(replace(SMALL, length=length), rows, lists, network.filter)
        assert found.min() >= 1
        assert found.max() <= 15
        assert len(np.unique(found)) > 3, length
    fixed = replace(SMALL, length="fixed")
    assert (list_lengths(replace(fixed, fixed=7), rows, lists) == 7).all()
    assert (list_lengths(replace(fixed, fixed=99), rows, lists) == 15).all()
    assert (list_lengths(replace(SMALL, length="all"), rows, lists) == 15).all()


@pytest.mark.parametrize("length", LENGTHS)
def test_shuffled_rows_come_out_the_same(rows, length) -> None:
    network = _network(replace(SMALL, length=length, fixed=6))
    order = np.random.default_rng(0).permutation(len(rows))
    refined = refine_rows(network, rows)
    np.testing.assert_allclose(refine_rows(network, rows[order]), refined[order], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(refined, axis=1), 1, atol=1e-5)
    assert refined.dtype == np.float32


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("n", [1, 2, 3, 14, 15, 16])
@pytest.mark.parametrize("faithful", [False, True])
def test_few_rows(rows, length, n, faithful) -> None:
    network = _network(replace(SMALL, length=length, fixed=6, faithful=faithful))
    refined = refine_rows(network, rows[:n])
    assert refined.shape == (n, 9)
    np.testing.assert_allclose(np.linalg.norm(refined, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("length", LENGTHS)
def test_equal_rows(rows, length) -> None:
    """All the same, and some many times over: no length is too short or long, nothing is NaN."""
    network = _network(replace(SMALL, length=length, fixed=6))
    same = refine_rows(network, rows[[0] * 30])
    np.testing.assert_allclose(same, same[[0] * 30], atol=1e-5)
    some = np.vstack([rows, rows[[3] * 20], rows[[5]]])
    refined = refine_rows(network, some)
    assert np.isfinite(refined).all()
    np.testing.assert_allclose(np.linalg.norm(refined, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("k", [1, 2])
def test_hardly_any_candidates(rows, k) -> None:
    network = _network(replace(SMALL, k=k))
    assert np.isfinite(refine_rows(network, rows)).all()


def test_neighbours_that_are_known_are_used(rows) -> None:
    network = _network()
    knn = build_knn_graph(rows, 20)
    np.testing.assert_array_equal(refine_rows(network, rows, knn), refine_rows(network, rows))
    fewer = build_knn_graph(rows, 4)
    assert graph_of(network, rows, fewer).start[-1] < graph_of(network, rows, knn).start[-1]
    with pytest.raises(UsageError, match="must not include the item itself"):
        refine_rows(network, rows, KnnGraph(knn.indices, knn.similarities, includes_self=True))


def test_progress_and_threads(rows) -> None:
    network, done, before = _network(), [], torch.get_num_threads()
    one = refine_rows(network, rows, threads=1, tick=done.append)
    assert torch.get_num_threads() == before
    np.testing.assert_allclose(one, refine_rows(network, rows), atol=1e-5)
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_rows_that_may_not_be_written(rows) -> None:
    fixed = rows.copy()
    fixed.flags.writeable = False
    for faithful in (False, True):
        network = _network(replace(SMALL, faithful=faithful))
        np.testing.assert_allclose(
            refine_rows(network, fixed), refine_rows(network, rows), atol=1e-6
        )


def test_lengths_that_nothing_tells(rows) -> None:
    lists = ordered_lists(rows, candidates(rows, SMALL), SMALL)
    with pytest.raises(UsageError, match="need a filter"):
        list_lengths(SMALL, rows, lists)
    with pytest.raises(UsageError, match="not known yet"):
        refine_rows(_network(replace(SMALL, length="fixed")), rows)


def test_memory_grows_with_items_and_candidates() -> None:
    few, many = (AdaNETSConfig(64).bytes_among(n) for n in (100_000, 1_000_000))
    assert 5 < many / few <= 10
    assert AdaNETSConfig(64, k=80).bytes_among(1_000_000) > 1.7 * many
    assert AdaNETSConfig(64, length="all").bytes_among(10) < AdaNETSConfig(64).bytes_among(10)
