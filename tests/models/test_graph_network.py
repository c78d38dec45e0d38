"""Means over a graph and the layers on them, against square matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.models import graph_network  # noqa: E402
from covey.models.ada_nets_config import AdaNETSConfig  # noqa: E402
from covey.models.graph_network import GraphNetwork, GraphTensors, refine_graph  # noqa: E402
from covey.models.neighbour_graph import gather_hops, neighbour_graph  # noqa: E402
from covey.vectors import as_rows  # noqa: E402

SMALL = AdaNETSConfig(6, width=5, outputs=7)
CONFIGS = [
    SMALL,
    replace(SMALL, width=6),
    replace(SMALL, layers=1),
    replace(SMALL, layers=3),
    replace(SMALL, faithful=True),
    replace(SMALL, faithful=True, layers=3),
]


def _network(config, seed=3):
    torch.manual_seed(seed)
    network = GraphNetwork(config)
    with torch.no_grad():  # away from zeros and ones, which would hide errors
        for each in network.parameters():
            each.add_(0.3 * torch.randn_like(each))
    return network.eval()


@pytest.fixture(scope="module")
def collection():
    """Rows (40, 6) and a graph of them."""
    rng = np.random.default_rng(0)
    lists = [[i, *rng.permutation(np.delete(np.arange(40), i))[:6]] for i in range(40)]
    graph = neighbour_graph(np.array(lists, np.int32), rng.integers(1, 8, size=40))
    return as_rows(rng.standard_normal((40, 6))), graph


def _averages(graph, faithful=False):
    """(n, n) weights of the mean: an item counts twice if published, else half of all."""
    weight = np.zeros((graph.targets, graph.targets))
    for i, some in enumerate(np.split(graph.neighbour, graph.start[1:-1])):
        weight[i, some] = 1 if faithful else 0.5 / len(some)
        weight[i, i] += 1 if faithful else 0.5
    return weight / weight.sum(axis=1, keepdims=True)


def _unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


def naive(network, rows, graph):
    """The formulas of the module on square matrices."""
    config = network.config
    values = {name: each.numpy().astype(np.float64) for name, each in network.state_dict().items()}
    x = rows.astype(np.float64) @ values.get("enter.weight", np.eye(config.inputs)).T
    average = _averages(graph, config.faithful)
    for number in range(config.layers):
        mean = average @ x
        new = mean @ values[f"layers.{number}.out.weight"].T + values[f"layers.{number}.out.bias"]
        if config.faithful:
            x = np.maximum(new, 0)
            x = x if number == config.layers - 1 else _unit(x)
        else:
            new = mean + new
            new = (new - new.mean(-1, keepdims=True)) / np.sqrt(new.var(-1, keepdims=True) + 1e-5)
            x = new * values[f"layers.{number}.norm.weight"] + values[f"layers.{number}.norm.bias"]
    out = x @ values["head.weight"].T + values["head.bias"]
    if config.faithful:
        out = np.where(out > 0, out, values["bend.weight"] * out)
    return _unit(out)


@pytest.mark.parametrize("config", CONFIGS)
def test_same_as_square_matrices(config, collection) -> None:
    network = _network(config)
    found = refine_graph(network, *collection)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive(network, *collection), atol=1e-4)


@pytest.mark.parametrize("config", CONFIGS)
def test_a_batch_with_its_hops_is_the_same_as_all(config, collection) -> None:
    network, (rows, graph) = _network(config), collection
    drawn = np.array([3, 39, 12, 0])
    nodes, hops = gather_hops(graph, drawn, config.layers - 1, np.random.default_rng(0))
    faithful = config.faithful
    means = GraphTensors(graph, faithful=faithful).mean(torch.from_numpy(rows))[nodes]
    with torch.no_grad():
        layers = [GraphTensors(hop, faithful=faithful) for hop in hops]
        found = network(means, layers).numpy()
    np.testing.assert_allclose(found, refine_graph(network, rows, graph)[drawn], atol=1e-5)


@pytest.mark.parametrize("config", CONFIGS)
def test_rows_a_few_at_a_time_are_the_same(config, collection, monkeypatch) -> None:
    network, done = _network(config), []
    whole = refine_graph(network, *collection)
    monkeypatch.setattr(graph_network, "_ROWS", 7)
    np.testing.assert_allclose(
        refine_graph(network, *collection, tick=done.append), whole, atol=1e-5
    )
    assert done == sorted(done)
    assert done[-1] == 1.0


@pytest.mark.parametrize("faithful", [False, True])
def test_gradients_of_means_are_those_of_matrices(collection, faithful) -> None:
    rows, graph = collection
    drawn = np.array([8, 1, 30])
    nodes, (hop,) = gather_hops(graph, drawn, 1, np.random.default_rng(0))
    x = torch.from_numpy(rows[nodes]).double().requires_grad_()
    part = GraphTensors(hop, faithful=faithful)
    assert torch.autograd.gradcheck(part.mean, x, atol=1e-3)
    dense = torch.from_numpy(_averages(graph, faithful)[drawn][:, nodes])
    (part.mean(x) ** 2).sum().backward()
    found, x.grad = x.grad, None
    ((dense @ x) ** 2).sum().backward()
    torch.testing.assert_close(found, x.grad, atol=1e-6, rtol=1e-5)


def test_the_mended_network_starts_as_a_plain_mean(collection) -> None:
    """Before any step, cosines are about those of rows averaged over the graph as many times."""
    rows, graph = collection
    torch.manual_seed(0)
    network = GraphNetwork(AdaNETSConfig(6, width=6, outputs=400))
    found = refine_graph(network, rows, graph)
    mean = _averages(graph) @ rows
    mean = mean - mean.mean(axis=1, keepdims=True)
    mean = _averages(graph) @ (mean / mean.std(axis=1, keepdims=True))
    mean = _unit(mean - mean.mean(axis=1, keepdims=True))
    assert np.corrcoef((found @ found.T).ravel(), (mean @ mean.T).ravel())[0, 1] > 0.95


@pytest.mark.parametrize("config", CONFIGS)
def test_gradients_are_finite_and_reach_everything(config, collection) -> None:
    network, (rows, graph) = _network(config).train(), collection
    whole = GraphTensors(graph)
    out = network(whole.mean(torch.from_numpy(rows)), [whole] * (config.layers - 1))
    (out @ out.T)[0].sum().backward()
    for name, each in network.named_parameters():
        assert torch.isfinite(each.grad).all(), name
        assert each.grad.any(), name
