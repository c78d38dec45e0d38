"""Points, curves, and how curves compare."""

from __future__ import annotations

import json

import numpy as np
import pytest

from covey.codec_bench.curves import Curve, Measured, Point, against, curve_facts, curve_of
from covey.metrics.rate import decibels


def _row(image: str, bpp: float, psnr: float, similarity: float | None = 0.9) -> Measured:
    return Measured(image, round(bpp * 1e6 / 8), bpp, psnr, similarity, 2.0, 1.0)


def _curve(factor: float = 1.0, shift: float = 0.0, points: int = 6) -> Curve:
    """Bits that double every 5 dB."""
    found = []
    for number in range(points):
        psnr = 28 + shift + 2 * number
        bpp = factor * 2 ** (psnr / 5) / 100
        found.append(Point.of(number, [_row("a", bpp, psnr, 1 - 10 ** (-psnr / 20))]))
    return Curve("1", tuple(found))


def test_a_point_is_the_mean_of_pictures() -> None:
    rows = [_row("a", 0.5, 30, 0.9), _row("b", 1.5, 34, None)]
    point = Point.of(7, rows)
    assert (point.dial, point.bpp, point.psnr, point.ms_ssim) == (7, 1.0, 32.0, 0.9)
    assert (point.encode_seconds, point.decode_seconds) == (2.0, 1.0)
    assert Point.of(7, rows[1:]).ms_ssim is None


def test_similarities_are_of_pictures_that_have_them() -> None:
    curve = Curve("1", (Point.of(7, [_row("a", 0.5, 30, 0.9), _row("b", 1.5, 34, None)]),))
    assert curve.psnrs == ([1.0], [32.0])
    rates, qualities = curve.similarities
    assert rates == [0.5]
    assert qualities == pytest.approx([10])
    assert Curve("1", (Point.of(7, [_row("b", 1.5, 34, None)]),)).similarities == ([], [])


def test_seconds_are_of_a_megapixel() -> None:
    rows = [Measured("a", 1000, 1.0, 30, None, 0.4, 0.1), Measured("b", 500, 2.0, 30, None, 0.2, 0)]
    curve = Curve("1", (Point.of(0, rows),))
    assert rows[0].megapixels == pytest.approx(0.008)
    assert rows[1].megapixels == pytest.approx(0.002)
    assert curve.seconds_per_megapixel("encode") == pytest.approx((0.4 / 0.008 + 0.2 / 0.002) / 2)
    untimed = Curve("1", (Point.of(0, [Measured("a", 1, 1, 30, None, None, None)]),))
    assert untimed.seconds_per_megapixel("encode") is None


def test_a_curve_against_another() -> None:
    found = against(_curve(0.5), _curve())
    assert found.psnr is not None
    assert found.psnr.percent == pytest.approx(-50)
    assert (found.psnr.low, found.psnr.high) == pytest.approx((28, 38))
    assert found.ms_ssim is not None
    assert found.ms_ssim.percent == pytest.approx(-50)
    above = against(_curve(shift=20), _curve())
    assert (above.psnr, above.ms_ssim) == (None, None)
    assert against(_curve(points=1), _curve()).psnr is None


def test_one_picture_of_many() -> None:
    points = [Point.of(n, [_row("a", 1 + n, 30 + n), _row("b", 2 + n, 40 + n)]) for n in range(3)]
    own = Curve("1", tuple(points)).of_image(1)
    assert own.psnrs == ([2, 3, 4], [40, 41, 42])


def test_there_and_back_as_json() -> None:
    curve = _curve()
    facts = json.loads(json.dumps(curve_facts(curve)))
    assert curve_of(facts) == curve
    assert list(facts["points"][0]) == [
        "dial",
        "bpp",
        "psnr",
        "ms_ssim",
        "encode_seconds",
        "decode_seconds",
        "images",
    ]
    means = json.loads(json.dumps(curve_facts(curve, images=False)))
    assert "images" not in means["points"][0]
    again = curve_of(means)
    assert again.psnrs == curve.psnrs
    assert np.allclose(again.similarities, curve.similarities)
    assert again.seconds_per_megapixel("encode") is None


def test_published_points_have_bits_and_psnr_alone() -> None:
    curve = curve_of({"points": [{"bpp": 0.1, "psnr": 30.0}, {"bpp": 0.2, "psnr": 32.0}]})
    assert curve.psnrs == ([0.1, 0.2], [30, 32])
    assert curve.similarities == ([], [])
    with_similarity = curve_of({"points": [{"bpp": 0.1, "psnr": 30.0, "ms_ssim": 0.99}]})
    assert with_similarity.similarities == ([0.1], [decibels(0.99)])
