"""Coders: the codec and the formats that Pillow has here."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.image.picture import Picture
from covey.codec_bench.coders import covey_coder, spread, with_points
from covey.codec_bench.formats import FORMATS, Format, lone_threads
from covey.metrics.rate import psnr
from covey.pictures import encode
from covey.types import UsageError


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    y, x = np.mgrid[:50, :70] / 7
    waves = 128 + 90 * np.sin(x[:, :, None] + y[:, :, None] * [1, 2, 3])
    return waves.astype(np.uint8)


def test_spread_keeps_ends_and_density() -> None:
    dial = (0, 5, 15, 30, 97)
    assert spread(dial, 5) == dial
    assert spread(dial, 2) == (0, 97)
    assert spread(dial, 3) == (0, 15, 97)
    many = spread(dial, 90)
    assert list(many) == sorted(set(many))
    assert (many[0], many[-1]) == (0, 97)


@pytest.mark.parametrize("name", FORMATS)
def test_formats_give_files_of_their_kind(name: str, pixels: np.ndarray) -> None:
    made = FORMATS[name]
    if made.why_missing():
        pytest.skip(made.why_missing())
    coder = made.coder()
    assert any(letter.isdigit() for letter in coder.version)
    found = []
    for point in (coder.dial[0], coder.dial[-1]):
        data = coder.encode(Picture(pixels), point)
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == made.kind
            assert image.size == (70, 50)
        decoded = coder.decode(data)
        assert (decoded.shape, decoded.dtype) == (pixels.shape, np.uint8)
        found.append((len(data), psnr(pixels, decoded)))
    assert found[0] < found[1]
    assert found[0][1] < found[1][1]


def test_grey_stays_grey(pixels: np.ndarray) -> None:
    grey = np.repeat(pixels[:, :, :1], 3, axis=2)
    coder = FORMATS["jpeg"].coder()
    data = coder.encode(Picture(grey, grey=True), 80)
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "L"
    assert coder.decode(data).shape == grey.shape


def test_what_is_not_there_is_told() -> None:
    other = replace(FORMATS["jpeg"], plugin="pillow_never", package="pillow-never")
    assert (
        other.why_missing() == "pillow_never is not installed; pip install pillow-never brings it"
    )
    unknown: Format = replace(FORMATS["jpeg"], kind="NEVER")
    assert unknown.why_missing() == "this Pillow writes no NEVER"
    assert FORMATS["jpeg"].why_missing() == ""


def test_covey_is_the_same_as_without_a_bench(small_codec, pixels: np.ndarray) -> None:
    coder = with_points(covey_coder(small_codec, 0), 3)
    assert coder.dial == (0, 4500, 8999)
    assert coder.version == small_codec.mark.hex()
    data = coder.encode(Picture(pixels), 8999)
    assert data == encode(pixels, quality=100, codec=small_codec, effort=0, threads=1)
    assert coder.decode(data).shape == pixels.shape
    with pytest.raises(UsageError, match="effort"):
        covey_coder(small_codec, 9).encode(Picture(pixels), 0)


def test_settings_of_pillow_are_put_back() -> None:
    from PIL import AvifImagePlugin

    def now() -> tuple[int | None, int]:
        return Image.MAX_IMAGE_PIXELS, AvifImagePlugin.DEFAULT_MAX_THREADS

    def fail() -> None:
        with lone_threads():
            assert now() == (None, 1)
            raise RuntimeError

    before = now()
    with pytest.raises(RuntimeError):
        fail()
    assert now() == before
