"""Latents of a tile to words and back."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.entropy.coder import LOOK_AHEAD  # noqa: E402
from covey.codec.image.tile_coding import (  # noqa: E402
    PARTS,
    decode_tile,
    encode_tile,
    hyper_rates,
)
from covey.types import InputError  # noqa: E402


def _latents(codec, height: int, width: int, spread: float = 3.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    y = (rng.normal(size=(16, height, width)) * spread).astype(np.float32)
    full = np.pad(y, ((0, 0), (0, -height % 4), (0, -width % 4)), "edge")
    with torch.inference_mode():
        return y, codec.hyper(torch.from_numpy(full)[None])[0].numpy()


def _coded(codec, height=8, width=6, rate=4321, **options):
    y, z = _latents(codec, height, width, **options)
    return y, encode_tile(codec.foresight, codec.coder, y, z, rate)


def _decoded(codec, coded, words=None, rate=4321):
    words = coded.words if words is None else words
    size = coded.latents.shape[1:]
    return decode_tile(codec.foresight, codec.coder, words, coded.ends, size, rate)


@pytest.mark.parametrize("size", [(2, 2), (4, 2), (6, 10), (16, 14)])
@pytest.mark.parametrize("rate", [0, 4321, 8999])
def test_reads_what_was_written(codec, size, rate) -> None:
    y, coded = _coded(codec, *size, rate=rate)
    found = _decoded(codec, coded, rate=rate)
    assert found.parts == PARTS
    np.testing.assert_array_equal(found.latents, coded.latents)
    assert coded.latents.shape == y.shape
    off = np.abs(coded.latents / 16 - y)
    assert np.mean(off <= 0.5 + 1e-4) > 0.95  # all but those that are not coded


def test_a_map_of_rates(codec) -> None:
    rate = np.random.default_rng(0).integers(0, 9000, size=(5, 3))
    _, coded = _coded(codec, 10, 6, rate=rate)
    np.testing.assert_array_equal(_decoded(codec, coded, rate=rate).latents, coded.latents)
    assert _coded(codec, 10, 6)[1].words.tobytes() != coded.words.tobytes()


def test_hyper_latents_that_are_not_coded(codec) -> None:
    dead = replace(codec.foresight, hyper_scale=codec.foresight.hyper_scale * 0)
    y, z = _latents(codec, 8, 6)
    z = z.transpose(1, 2, 0).copy().transpose(2, 0, 1)  # as some layers leave it in memory
    coded = encode_tile(dead, codec.coder, y, z + 3, 4321)
    found = decode_tile(dead, codec.coder, coded.words, coded.ends, (8, 6), 4321)
    np.testing.assert_array_equal(found.latents, coded.latents)


def test_rates_of_hyper_latents() -> None:
    assert hyper_rates(7, (2, 2)) == 7
    found = hyper_rates(np.array([[1, 2, 3], [4, 5, 6], [9, 8, 7]]), (2, 2))
    assert found.tolist() == [[5, 6], [9, 7]]


def test_every_part_more_comes_closer(codec) -> None:
    y, coded = _coded(codec, 16, 16)
    errors = []
    for part in range(PARTS):
        words = coded.words[: coded.ends[part] + LOOK_AHEAD]
        found = _decoded(codec, coded, words)
        assert found.parts == part + 1
        errors.append(np.square(found.latents / 16 - y).mean())
    assert errors[1:] == sorted(errors[1:], reverse=True)
    nothing = _decoded(codec, coded, coded.words[:0])
    assert nothing.parts == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_latents_that_are_no_numbers(codec, bad) -> None:
    y, z = _latents(codec, 4, 4)
    y[3, 1, 1] = z[2, 0, 0] = bad
    coded = encode_tile(codec.foresight, codec.coder, y, z, 100)
    np.testing.assert_array_equal(_decoded(codec, coded, rate=100).latents, coded.latents)


def test_damaged_words_are_read_or_refused(codec) -> None:
    _, coded = _coded(codec)
    rng = np.random.default_rng(0)
    for _ in range(100):
        words = coded.words.copy()
        words[rng.integers(len(words))] ^= np.uint32(1 << rng.integers(32))
        with contextlib.suppress(InputError):
            assert _decoded(codec, coded, words).latents.shape == coded.latents.shape
