"""The network against sums written out."""

from itertools import pairwise

import numpy as np
import pytest

from covey.models.network import CLIP, Network, averaged
from covey.types import UsageError


def _oracle(network: Network, row: np.ndarray) -> list[float]:
    values = [
        min(max((v - m) / s, -CLIP), CLIP)
        for v, m, s in zip(row, network.mean, network.scale, strict=True)
    ]
    for number, (weight, bias) in enumerate(network.layers):
        values = [
            sum(w * v for w, v in zip(line, values, strict=True)) + b
            for line, b in zip(weight, bias, strict=True)
        ]
        if number < len(network.layers) - 1:
            values = [max(v, 0.0) for v in values]
    return values


@pytest.mark.parametrize("shape", [(7,), (4, 7), (2, 3, 7), (0, 7), (3, 0, 7)])
def test_equals_loops_in_any_shape(any_network, shape: tuple[int, ...]) -> None:
    network = any_network(7, 2)
    inputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    kept = inputs.copy()
    got = network(inputs)
    assert (got.shape, got.dtype) == ((*shape[:-1], 2), np.float32)
    expected = np.array([_oracle(network, row) for row in inputs.reshape(-1, 7)])
    np.testing.assert_allclose(got.reshape(-1, 2), expected.reshape(-1, 2), atol=1e-5)
    np.testing.assert_array_equal(inputs, kept)


def test_far_inputs_count_as_the_farthest_seen(any_network) -> None:
    network = any_network(7, 1)
    far = (network.mean + 2 * CLIP * network.scale)[None]
    farther = (network.mean + 1e6 * network.scale)[None]
    np.testing.assert_array_equal(network(far), network(farther))


def test_one_layer_is_linear() -> None:
    line = Network(
        np.zeros(2, np.float32),
        np.ones(2, np.float32),
        ((np.array([[2, -3]], np.float32), np.array([1], np.float32)),),
    )
    np.testing.assert_allclose(line(np.array([[1, 2], [0, 0]], np.float32)), [[-3], [1]])


@pytest.mark.parametrize("hidden", [0, 1])
def test_averaged_gives_the_mean_of_outputs(hidden) -> None:
    rng = np.random.default_rng(hidden)
    mean, scale = np.zeros(4, np.float32), np.ones(4, np.float32)
    networks = []
    for number in range(3):
        widths = [4, *([5 + number] * (hidden + 1)), 2]  # of different widths
        layers = tuple(
            (rng.standard_normal((b, a), np.float32), rng.standard_normal(b).astype(np.float32))
            for a, b in pairwise(widths)
        )
        networks.append(Network(mean, scale, layers))
    x = rng.standard_normal((7, 4)).astype(np.float32)
    wanted = np.mean([network(x) for network in networks], axis=0)
    np.testing.assert_allclose(averaged(networks)(x), wanted, atol=1e-4)


def test_networks_of_different_scales_are_not_averaged() -> None:
    layer = (np.ones((1, 2), np.float32), np.zeros(1, np.float32))
    one, other = (
        Network(np.zeros(2, np.float32), np.full(2, scale, np.float32), (layer, layer))
        for scale in (1, 2)
    )
    with pytest.raises(UsageError, match="scales"):
        averaged([one, other])
