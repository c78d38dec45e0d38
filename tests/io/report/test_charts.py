from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from covey.calibration import CutCurve
from covey.io.report.charts import cut_curve_svg, histogram_svg, size_bins, size_name


def curve(c: int, chosen: int = 0) -> CutCurve:
    whole = np.arange(1, c + 1)
    cut = np.linspace(0.1, 0.9, c)
    return CutCurve(cut, whole * 7, whole, whole[::-1] * 1000, cut, 1 - cut, cut**2, chosen)


def inside(svg: str, width: int) -> None:
    root = ElementTree.fromstring(svg)
    left, top, w, h = map(float, root.attrib["viewBox"].split())
    assert (left, top, w) == (0, 0, width)
    for element in root.iter():
        for name, limit in (("x", w), ("x1", w), ("x2", w), ("y", h), ("y1", h), ("y2", h)):
            if name in element.attrib:
                assert -10 <= float(element.attrib[name]) <= limit + 10
        for a, b in re.findall(r"([\d.-]+) ([\d.-]+)", element.attrib.get("d", "")):
            assert 0 <= float(a) <= w
            assert 0 <= float(b) <= h


@pytest.mark.parametrize("width", [500, 336])
@pytest.mark.parametrize("c", [1, 2, 37, 400])
def test_cut_curve_stays_inside_and_marks_the_cut(c: int, width: int) -> None:
    svg = cut_curve_svg(curve(c, chosen=c // 2), width)
    inside(svg, width)
    assert f"taken {curve(c).cut[c // 2]:.3f}" in svg
    assert svg.count('class="band"') <= 121
    assert "<title>cut " in svg


def test_unknown_quality_draws_no_line() -> None:
    known = curve(9)
    broken = known.precision.copy()
    broken[4] = np.nan
    nothing = np.full(9, np.nan)
    svg = cut_curve_svg(replace(known, precision=broken, recall=nothing, chosen=2), 500)
    inside(svg, 500)
    drawn = re.findall(r'class="line precision" d="([^"]*)"', svg)[1]
    assert drawn.count("M") == 2
    assert len(re.findall(r'class="line recall"', svg)) == 1
    assert "recall unknown" in svg
    assert len(re.findall(r'class="line agreement"', svg)) == 2


def test_no_cut_at_all() -> None:
    inside(cut_curve_svg(curve(0), 500), 500)


def test_bins_against_plain_loops() -> None:
    sizes = np.random.default_rng(0).integers(1, 2000, 500)
    low, clusters, items = size_bins(sizes)
    for first, number, held in zip(low, clusters, items, strict=True):
        mine = [s for s in sizes if first <= s < 2 * first]
        assert number == len(mine)
        assert held == sum(mine)
    assert [size_name(int(first)) for first in low[:3]] == ["1", "2–3", "4–7"]


@pytest.mark.parametrize("width", [500, 336])
@pytest.mark.parametrize("sizes", [[], [1], [1, 1, 2, 700_000]])
def test_histogram_stays_inside(sizes: list[int], width: int) -> None:
    inside(histogram_svg(np.array(sizes, np.int64), width), width)


def test_cuts_stand_at_equal_distances() -> None:
    crowded = replace(curve(9, chosen=4), cut=1 - 0.5 ** np.arange(9))
    svg = cut_curve_svg(crowded, 500)
    line = re.findall(r'class="line agreement" d="([^"]*)"', svg)[1]
    x = np.array([float(a) for a, _ in re.findall(r"([\d.]+) ([\d.]+)", line)])
    assert np.allclose(np.diff(x), np.diff(x)[0], atol=0.11)
