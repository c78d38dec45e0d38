"""What decides probabilities, by integers: on any threads, with oneDNN or without."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.image.config import BodyConfig  # noqa: E402
from covey.codec.image.frozen import FrozenForesight  # noqa: E402

CONFIG = BodyConfig(width=12, latents=16, encoder=2, decoder=2, context=16, hyper=8)


@pytest.fixture(scope="module")
def frozen(body) -> FrozenForesight:
    return FrozenForesight.of(body.foresight)


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    z = rng.integers(-9, 10, size=(8, 3, 2)).astype(np.int32)
    decoded = [rng.integers(-200, 201, size=(16, 6, 4)).astype(np.int32) for _ in range(3)]
    return z, decoded


def _all(frozen: FrozenForesight, z: np.ndarray, decoded: list[np.ndarray], rate) -> list:
    hints = frozen.hints(z, rate if isinstance(rate, int) else rate[::2, ::2])
    read = [frozen.read(each) for each in decoded]
    found = [hints.numpy(), *(each.numpy() for each in read)]
    for number in range(4):
        found += frozen.step(number, hints, read[:number], rate)
    return found


def test_as_in_training(frozen, body, drawn) -> None:
    z, decoded = drawn
    t = torch.tensor([4.0])
    hints = body.foresight.hints(torch.from_numpy(z.astype(np.float32))[None], t)
    np.testing.assert_array_equal(frozen.hints(z, 4000).numpy(), hints.detach().numpy())
    cells = torch.from_numpy(np.stack(decoded).astype(np.float32) / 16)[None]
    read = body.foresight.read(cells)
    found = torch.cat([frozen.read(each) for each in decoded], 1)
    np.testing.assert_array_equal(found.numpy(), read.numpy())
    mean, scale = body.foresight.steps[3](hints, read, t)
    mine = frozen.step(3, hints.detach(), [frozen.read(each) for each in decoded], 4000)
    for found, real in ((mine[0], mean * 16), (mine[1], scale)):  # biases are rounded in parts
        assert np.abs(found - real[0].detach().numpy()).max() < 0.51
    assert len(np.unique(mine[1])) > 3


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("onednn", [True, False])
def test_threads_and_libraries_change_nothing(frozen, drawn, threads, onednn) -> None:
    expected = _all(frozen, *drawn, 1234)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        torch.backends.mkldnn.set_flags(onednn)
        found = _all(frozen, *drawn, 1234)
    finally:
        torch.set_num_threads(before)
        torch.backends.mkldnn.set_flags(True)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_double_precision_changes_nothing(frozen, drawn, monkeypatch) -> None:
    expected = _all(frozen, *drawn, 8999)
    plain = torch.nn.functional.conv2d

    def double(a, weight, **options):
        return plain(a.double(), weight.double(), **options).float()

    monkeypatch.setattr(torch.nn.functional, "conv2d", double)
    for a, b in zip(_all(frozen, *drawn, 8999), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_map_of_one_rate_is_that_rate(frozen, drawn) -> None:
    for a, b in zip(
        _all(frozen, *drawn, np.full((6, 4), 4711)), _all(frozen, *drawn, 4711), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_there_and_back(frozen) -> None:
    tensors = frozen.tensors()
    again = FrozenForesight.from_tensors(tensors, CONFIG)
    assert again.tensors().keys() == tensors.keys()
    for name, value in again.tensors().items():
        np.testing.assert_array_equal(value, tensors[name])
    assert all(np.issubdtype(value.dtype, np.integer) for value in tensors.values())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("places", lambda value: value[:3]),
        ("places", lambda value: value + np.int8(9)),
        ("hyper_scale", lambda value: value.astype(np.float32)),
        ("steps.2.enter.weight", lambda value: value[:, :-1]),
        ("steps.0.scale.rate", lambda value: None),
        ("hint.shift", lambda value: value + np.int8(100)),
        ("enter.bias", lambda value: np.full_like(value, 2**30)),
    ],
)
def test_integers_that_do_not_fit_are_refused(frozen, name, change) -> None:
    tensors = dict(frozen.tensors())
    tensors[name] = change(tensors[name])
    with pytest.raises(ValueError, match=name.split(".")[0]):
        FrozenForesight.from_tensors(tensors, CONFIG)
