"""The network with gradients computes what the one without does."""

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from covey.training.trainable import TrainableNetwork


def _inputs(shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (3 * rng.standard_cauchy(shape)).astype(np.float32)  # many are clipped


@pytest.mark.parametrize("shape", [(50, 9), (4, 5, 9), (1, 9)])
def test_torch_and_numpy_agree(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network = TrainableNetwork(9, 16, 2)
    network.fit_scale([_inputs((200, 9))])
    inputs = _inputs(shape)
    with torch.no_grad():
        expected = network(torch.from_numpy(inputs)).numpy()
    got = network.as_arrays()(inputs)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_weights_go_over_and_come_back() -> None:
    torch.manual_seed(1)
    network = TrainableNetwork(5, 8, 1)
    network.fit_scale([_inputs((100, 5))])
    arrays = network.as_arrays()
    back = TrainableNetwork.of(arrays).as_arrays()
    np.testing.assert_array_equal(back.mean, arrays.mean)
    np.testing.assert_array_equal(back.scale, arrays.scale)
    for one, other in zip(arrays.layers, back.layers, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_arrays_do_not_train_on() -> None:
    network = TrainableNetwork(3, 4, 1)
    arrays = network.as_arrays()
    kept = arrays.layers[0][0].copy()
    with torch.no_grad():
        network.layers[0].weight += 1
        network.mean += 1
    np.testing.assert_array_equal(arrays.layers[0][0], kept)
    assert (arrays.mean == 0).all()


def test_scale_is_mean_and_deviation_of_all_parts() -> None:
    parts = [np.random.default_rng(i).normal(i, 2, (3 + i, 10, 4)) for i in range(3)]
    rows = np.concatenate([part.reshape(-1, 4) for part in parts])
    network = TrainableNetwork(4, 4, 1)
    network.fit_scale([part.astype(np.float16) for part in parts])
    np.testing.assert_allclose(network.mean, rows.mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(network.scale, rows.std(axis=0) + 1e-3, atol=2e-3)


def test_constant_inputs_have_a_scale() -> None:
    network = TrainableNetwork(2, 4, 1)
    network.fit_scale([np.full((10, 2), 7.0)])
    assert np.isfinite(network.as_arrays()(np.full((1, 2), 7, np.float32))).all()
