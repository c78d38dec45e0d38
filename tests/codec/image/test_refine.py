"""Latents refined for one picture."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from covey.codec.container import unpack
from covey.codec.image import encoding
from covey.codec.image.decoding import decode_picture
from covey.codec.image.encoding import encode_picture
from covey.codec.image.model import lambdas_of
from covey.codec.image.picture import Picture
from covey.codec.image.refine import between, refine
from covey.codec.image.windows import analyse, padded
from covey.types import UsageError


def _cost(codec, pixels, rate, effort) -> float:
    """Bits and weighed error of a whole file."""
    data = encode_picture(codec, Picture(pixels), rate, effort=effort).data
    seen = decode_picture(codec, unpack(data)).picture.pixels
    error = np.square((seen.astype(float) - pixels) / 255)
    worth = np.broadcast_to(
        lambdas_of(rate), (-(-pixels.shape[0] // 32), -(-pixels.shape[1] // 32))
    )
    worth = worth.repeat(32, 0).repeat(32, 1)[: pixels.shape[0], : pixels.shape[1], None]
    return 8 * len(data) + float((worth * error).sum()) / 3


@pytest.mark.parametrize("rate", [500, 5000, "map"])
def test_costs_less(codec, smooth, rate) -> None:
    pixels = smooth(70, 100)
    if rate == "map":
        rate = np.random.default_rng(0).integers(0, 9000, (3, 4))
    plain, refined = (_cost(codec, pixels, rate, effort) for effort in (0, 2))
    assert refined < 0.99 * plain


def test_every_tile_is_refined_on_any_number_of_threads(codec, smooth, monkeypatch) -> None:
    monkeypatch.setattr(encoding, "refine", partial(refine, steps=20))
    pixels = smooth(260, 33)
    plain = encode_picture(codec, Picture(pixels), 8000, effort=0, tile=4)
    one, two = (
        encode_picture(codec, Picture(pixels), 8000, effort=2, tile=4, threads=threads)
        for threads in (1, 2)
    )
    assert len(one.tiles) == 2
    for before, after in zip(plain.tiles, one.tiles, strict=True):
        assert not np.array_equal(before.latents, after.latents)
    assert abs(len(one.data) - len(two.data)) < 0.01 * len(one.data)  # order of sums, at most


def test_what_was_added_counts_for_nothing(codec, smooth) -> None:
    """A row of padding that differs must not change what is coded of the rest for it."""
    pixels = padded(smooth(32, 32))
    box = (slice(0, 2), slice(0, 2))
    other = pixels.copy()
    other[20:] = 255 - other[20:]
    with torch.inference_mode():
        start = analyse(codec, pixels, box, 4000)
    a, b = (refine(codec, each, (20, 32), box, 4000, start, steps=5) for each in (pixels, other))
    np.testing.assert_array_equal(a[0], b[0])
    whole = refine(codec, other, (32, 32), box, 4000, start, steps=5)
    assert not np.array_equal(a[0], whole[0])


def test_draws_lie_between_the_integers_and_harden() -> None:
    x = torch.linspace(-3, 3, 2001)
    generator = torch.Generator().manual_seed(0)
    warm, cold = (between(x, heat, generator) for heat in (0.5, 0.05))
    for drawn in (warm, cold):
        assert ((drawn >= torch.floor(x)) & (drawn <= torch.floor(x) + 1)).all()
    off = [(drawn - torch.floor(drawn + 0.5)).abs().mean() for drawn in (warm, cold)]
    assert off[1] < 0.3 * off[0]
    nearest = (cold.round() == x.round())[(x - x.round()).abs() < 0.3].float().mean()
    assert nearest > 0.97


def test_progress_and_wrong_efforts(codec, smooth) -> None:
    told: list[float] = []
    encode_picture(codec, Picture(smooth(40, 40)), 0, effort=2, tick=told.append)
    assert len(told) > 50
    assert told == sorted(told)
    assert told[-1] == 1
    with pytest.raises(UsageError, match="effort must be 0, 1 or 2, got 3"):
        encode_picture(codec, Picture(smooth(40, 40)), 0, effort=3)
