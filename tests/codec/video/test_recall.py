"""Foresight behind other latents: integers as in training, on any threads."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.image.cells import to_cells  # noqa: E402
from covey.codec.image.tile_coding import decode_tile, encode_tile  # noqa: E402
from covey.codec.video.body import BehindBody  # noqa: E402
from covey.codec.video.recall import FrozenRecall  # noqa: E402


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(0)
    before = rng.integers(-300, 301, (16, 6, 4)).astype(np.int32)
    z = rng.integers(-5, 6, (8, 2, 1)).astype(np.int32)
    return before, z


def test_as_in_training(small_video_body, small_video_codec, drawn) -> None:
    before, z = drawn
    real = small_video_body.still.foresight.behind(torch.from_numpy(before / 16.0).float()[None])
    frozen = small_video_codec.still.behind(before)
    t = torch.tensor([3.0])
    hints = real.hints(torch.from_numpy(z.astype(np.float32))[None], t)
    mine = frozen.hints(z, 3000)
    np.testing.assert_array_equal(mine.numpy(), hints.detach().numpy())
    rng = np.random.default_rng(1)
    decoded = [rng.integers(-90, 91, (16, 3, 2)).astype(np.int32) for _ in range(3)]
    read = real.read(torch.from_numpy(np.stack(decoded).astype(np.float32) / 16)[None])
    mean, scale = real.step(3, hints, read, t)
    means, tables = frozen.step(3, mine, [frozen.read(each) for each in decoded], 3000)
    assert np.abs(means - 16 * mean[0].detach().numpy()).max() < 1.01  # two roundings
    assert np.abs(tables - scale[0].detach().numpy()).max() < 0.51
    assert len(np.unique(tables)) > 3


def test_an_open_gate_begins_with_what_was_there(drawn) -> None:
    """With a gate of 1 and means of 0 every mean is the latent of before, to the bit."""
    from covey.codec.image.config import BodyConfig

    before, z = drawn
    body = BehindBody(BodyConfig(width=12, latents=16, context=16, hyper=8), 1.0)
    with torch.no_grad():
        for step in body.foresight.steps:
            step.gate.weight.zero_()
            step.mean.weight.zero_()
    behind = FrozenRecall.of(body.foresight).behind(before)
    hints = behind.hints(z, 2000)
    cells = to_cells(torch.from_numpy(before)[None])[0].numpy()
    mean, _ = behind.step(0, hints, [], 2000)
    np.testing.assert_array_equal(mean, cells[0])


@pytest.mark.parametrize("size", [(6, 4), (2, 2), (4, 8)])
@pytest.mark.parametrize("threads", [1, 2])
def test_round_trip(small_video_codec, size, threads) -> None:
    rng = np.random.default_rng(2)
    before = rng.integers(-600, 601, (16, *size)).astype(np.int32)
    y = before / 16 + rng.normal(0, 2, before.shape)
    z = rng.normal(0, 2, (8, -(-size[0] // 4), -(-size[1] // 4))).astype(np.float32)
    behind = small_video_codec.residual.behind(before)
    coder = small_video_codec.image.coder
    tile = encode_tile(behind, coder, y.astype(np.float32), z, 4321)
    had = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        torch.backends.mkldnn.set_flags(threads == 1)
        again = small_video_codec.residual.behind(before)
        found = decode_tile(again, coder, tile.words, tile.ends, size, 4321)
    finally:
        torch.set_num_threads(had)
        torch.backends.mkldnn.set_flags(True)
    np.testing.assert_array_equal(found.latents, tile.latents)
    off = np.abs(tile.latents / 16 - y)
    assert (off < 0.54).mean() > 0.5  # all that no table 0 makes its mean


def test_what_is_kept_can_be_trained_on(small_video_codec) -> None:
    body = small_video_codec.body()
    again = type(small_video_codec).of(body, small_video_codec.image)
    for name in ("motion", "residual", "still"):
        mine, theirs = (getattr(each, name).tensors() for each in (again, small_video_codec))
        assert mine.keys() == theirs.keys()
        assert any("gate" in key for key in mine) == (name != "motion")
        for key in mine:
            np.testing.assert_array_equal(mine[key], theirs[key], key)
    assert again.mark == small_video_codec.mark


def test_other_weights_have_another_mark(small_video_codec) -> None:
    weights = dict(small_video_codec.weights)
    name = next(iter(weights))
    weights[name] = weights[name] + np.ones((), weights[name].dtype)
    other = type(small_video_codec)(small_video_codec.config, small_video_codec.image, weights)
    assert other.mark != small_video_codec.mark
    assert len(other.mark) == 4


def test_missing_weights_are_refused(small_video_codec) -> None:
    weights = {k: v for k, v in small_video_codec.weights.items() if "gate" not in k}
    other = type(small_video_codec)(small_video_codec.config, small_video_codec.image, weights)
    with pytest.raises((ValueError, KeyError, RuntimeError)):
        other.check()
