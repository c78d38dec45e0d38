"""The linkage GCN against square matrices, one centre after another, and what must not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.knn import build_knn_graph  # noqa: E402
from covey.models.linkage_gcn import (  # noqa: E402
    LinkageGCN,
    PivotTensors,
    graphs_of,
    score_links,
)
from covey.models.linkage_gcn_config import LinkageGCNConfig  # noqa: E402
from covey.models.pivot_graphs import pivot_graphs  # noqa: E402
from covey.types import KnnGraph, UsageError  # noqa: E402
from covey.vectors import as_rows  # noqa: E402

SMALL = LinkageGCNConfig(6, width=6, hidden=(5, 7, 4), near=8, second=3, active=4)
CONFIGS = [
    SMALL,
    replace(SMALL, length=False),
    replace(SMALL, width=4),  # reduced
    replace(SMALL, hidden=(3,), second=0, active=2),
    LinkageGCNConfig.published(6, near=8, second=4, active=4, hidden=(8, 8, 4, 4)),
]


def _network(config, seed=3):
    torch.manual_seed(seed)
    network = LinkageGCN(config)
    with torch.no_grad():  # away from zeros and ones, which would hide errors
        for each in network.parameters():
            each.add_(0.3 * torch.randn_like(each))
        if network.axes is not None:
            network.axes.copy_(torch.randn_like(network.axes))
        network.mean.add_(0.2 * torch.randn_like(network.mean))
        network.variance.mul_(0.5 + torch.rand_like(network.variance))
    return network.eval()


def _rows(n=40, d=6, seed=0):
    return as_rows(np.random.default_rng(seed).standard_normal((n, d)))


def naive(network, rows, indices, centre, first):
    """Probabilities of the first hop of one centre; the published formulas on a square matrix."""
    config = network.config
    values = {name: each.numpy().astype(np.float64) for name, each in network.state_dict().items()}
    rows = rows.astype(np.float64) @ values.get("axes", np.eye(config.inputs)).T
    hop = list(dict.fromkeys(first))
    second = [j for i in hop for j in indices[i][: config.second]]
    items = list(dict.fromkeys([centre, *hop, *second]))
    joined = np.zeros((len(items), len(items)))
    for a, i in enumerate(items):
        for j in indices[i][: config.active]:
            if j in items:
                joined[a, items.index(j)] = joined[items.index(j), a] = 1
    joined /= np.maximum(joined.sum(1, keepdims=True), 1)
    h = rows[items] - rows[centre]
    if config.length:
        h = np.hstack([h, np.sqrt((h**2).sum(1, keepdims=True))])
    h = (h - values["mean"]) / np.sqrt(values["variance"] + 1e-5)
    for layer in range(len(config.hidden)):
        weight = values[f"convolutions.{layer}.weight"].T
        h = np.hstack([h, joined @ h]) @ weight + values[f"convolutions.{layer}.bias"]
        h = np.maximum(h, 0)
    h = h[[items.index(j) for j in first]]
    h = h @ values["classify.0.weight"].T + values["classify.0.bias"]
    h = np.where(h > 0, h, values["classify.1.weight"] * h)
    odds = h @ values["classify.2.weight"][0] + values["classify.2.bias"]
    return 1 / (1 + np.exp(-odds))


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("k", [8, 3, 12])
def test_same_as_square_matrices(config, k):
    rows, network = _rows(), _network(config)
    knn = build_knn_graph(rows, k)
    scores = score_links(network, rows, knn, batch=7)
    indices = knn.indices.tolist()
    wanted = [naive(network, rows, indices, i, indices[i]) for i in range(len(rows))]
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, wanted, atol=1e-5)
    assert scores.std() > 0.001


@pytest.mark.parametrize("config", CONFIGS)
def test_config_knows_all_shapes(config):
    found = {name: tuple(tensor.shape) for name, tensor in LinkageGCN(config).state_dict().items()}
    assert config.shapes() == found


def test_published_sizes():
    config = LinkageGCNConfig.published(256)
    assert (config.near, config.second, config.active) == (80, 10, 10)
    assert config.hidden == (512, 512, 256, 256)
    assert config.entered == config.features == 256
    assert LinkageGCN(config).axes is None
    with pytest.raises(ValueError, match="hidden"):
        LinkageGCNConfig(5, hidden=())


def test_places_without_entry_change_nothing():
    rows, network = _rows(), _network(SMALL)
    indices = build_knn_graph(rows, 8).indices
    first = indices[:6].astype(np.int64)
    first[2, 3:] = -1
    first[4] = -1
    wide = np.full((6, 13), -1)
    places = [0, 2, 3, 5, 6, 8, 11, 12]
    wide[:, places] = first
    entered = network.enter(rows)
    odds = []
    for hops in (first, wide):
        graphs = graphs_of(SMALL, indices, np.arange(6), hops)
        odds.append(network(entered, PivotTensors(graphs)).detach().numpy())
    there = first >= 0
    np.testing.assert_allclose(odds[1][:, places][there], odds[0][there], atol=1e-5)
    alone = graphs_of(SMALL, indices, np.array([2]), first[2:3, :3])
    np.testing.assert_allclose(
        network(entered, PivotTensors(alone)).detach().numpy()[0], odds[0][2, :3], atol=1e-5
    )


def test_other_graphs_of_a_batch_change_nothing():
    rows, network = _rows(), _network(SMALL)
    knn = build_knn_graph(rows, 8)
    one = score_links(network, rows, knn, batch=1)
    np.testing.assert_allclose(score_links(network, rows, knn, batch=64), one, atol=1e-5)
    some = np.array([30, 2, 2, 17])
    np.testing.assert_allclose(score_links(network, rows, knn, centres=some), one[some], atol=1e-5)


@pytest.mark.parametrize("config", CONFIGS)
def test_shuffled_rows_get_the_same_scores(config):
    rows, network = _rows(60), _network(config)
    shuffle = np.random.default_rng(1).permutation(60)
    knn, other = build_knn_graph(rows, 8), build_knn_graph(rows[shuffle], 8)
    np.testing.assert_array_equal(shuffle[other.indices], knn.indices[shuffle])  # no ties here
    found = score_links(network, rows[shuffle], other)
    np.testing.assert_allclose(found, score_links(network, rows, knn)[shuffle], atol=1e-5)


def test_gradients_reach_every_weight_and_are_right():
    network = _network(SMALL).double().train()
    rows = torch.tensor(_rows().astype(np.float64), requires_grad=True)
    indices = build_knn_graph(_rows(), 8).indices
    graphs = PivotTensors(graphs_of(SMALL, indices, np.arange(5), indices[:5]))
    graphs.share = graphs.share.double()

    def loss(x):
        return network(x, graphs).square().sum()

    loss(rows).backward()
    assert all(each.grad.abs().max() > 0 for each in network.parameters())
    step = torch.zeros_like(rows)
    for place in ((0, 0), (3, 4), (7, 2)):
        step.zero_()[place] = 1e-6
        slope = (loss(rows.detach() + step) - loss(rows.detach() - step)) / 2e-6
        assert float(slope.detach()) == pytest.approx(float(rows.grad[place]), rel=1e-4, abs=1e-6)


def test_neighbours_are_averaged_and_nobodys_are_zero():
    indices = np.array([[1], [0], [3], [2]])
    graphs = pivot_graphs(indices, np.array([0]), np.array([[1, 2]]), second=0, active=1)
    x = torch.tensor([[1.0], [10.0], [100.0]])  # nodes 0 and 1 joined, 2 alone
    assert PivotTensors(graphs).mean(x).tolist() == [[10.0], [1.0], [0.0]]


def test_training_standardises_over_the_nodes_of_a_batch():
    network = LinkageGCN(replace(SMALL, length=False)).train()
    rows = _rows()
    indices = build_knn_graph(rows, 8).indices
    graphs = graphs_of(SMALL, indices, np.arange(9), indices[:9])
    network(network.enter(rows), PivotTensors(graphs))
    seen = rows[graphs.item] - rows[graphs.centre]
    np.testing.assert_allclose(network.mean.numpy(), 0.1 * seen.mean(0), atol=1e-6)
    np.testing.assert_allclose(network.variance.numpy(), 0.9 + 0.1 * seen.var(0, ddof=1), atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_hardly_any_items(n):
    rows, network = _rows(3)[:n], _network(SMALL)
    indices = np.array([[j for j in range(n) if j != i] for i in range(n)], int).reshape(
        n, max(0, n - 1)
    )
    knn = KnnGraph(indices, np.zeros(indices.shape, np.float32))
    scores = score_links(network, rows, knn)
    assert scores.shape == indices.shape
    wanted = [naive(network, rows, indices.tolist(), i, indices[i]) for i in range(n)]
    np.testing.assert_allclose(scores, np.reshape(wanted, scores.shape), atol=1e-5)


def test_equal_rows_and_half_precision():
    network = _network(SMALL)
    rows = np.repeat(_rows(5), 4, axis=0)
    knn = build_knn_graph(rows, 6)
    scores = score_links(network, rows, knn)
    assert np.isfinite(scores).all()
    half = score_links(network, rows.astype(np.float16), knn)
    np.testing.assert_allclose(half, scores, atol=0.05)


def test_length_of_nothing_has_a_gradient():
    network = _network(SMALL).train()
    rows = torch.ones(9, 6, requires_grad=True)  # every difference is zero
    indices = (np.arange(9)[:, None] + np.arange(1, 4)) % 9
    graphs = graphs_of(SMALL, indices, np.arange(4), indices[:4])
    network(rows, PivotTensors(graphs)).sum().backward()
    assert torch.isfinite(rows.grad).all()


def test_tells_progress_and_reads_rows_that_may_not_be_written():
    rows, seen = _rows(), []
    rows.flags.writeable = False
    score_links(_network(SMALL), rows, build_knn_graph(rows, 4), batch=16, tick=seen.append)
    assert seen == [0.4, 0.8, 1.0]


def test_lists_with_the_item_itself_are_refused():
    knn = KnnGraph(np.array([[0, 1], [1, 0]]), np.ones((2, 2), np.float32), includes_self=True)
    with pytest.raises(UsageError, match="first column"):
        score_links(_network(SMALL), _rows(2), knn)


def test_reduces_by_its_axes_in_parts(monkeypatch):
    network, rows = _network(replace(SMALL, width=4)), _rows()
    monkeypatch.setattr("covey.models.linkage_gcn._ENTERED", 7)
    np.testing.assert_allclose(network.enter(rows), rows @ network.axes.numpy().T, atol=1e-6)
