"""Curves of rate and quality as SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from covey.io.report.rate_chart import RateLine, even_ticks, log_ticks, rate_chart_svg


def _line(rates: list[float], qualities: list[float], name: str = "a") -> RateLine:
    return RateLine(name, "s0", rates, qualities, [f"setting {n}" for n in range(len(rates))])


@pytest.mark.parametrize("width", [500, 336])
@pytest.mark.parametrize(
    ("rates", "qualities"),
    [
        ([0.1, 0.5, 4.0], [25.0, 31.0, 44.0]),
        ([1e-4, 90.0], [-3.0, 100.0]),
        ([0.3], [30.0]),
        ([0.3, 0.3], [30.0, 30.0]),
    ],
)
def test_all_stays_inside(rates: list[float], qualities: list[float], width: int) -> None:
    svg = rate_chart_svg([_line(rates, qualities)], width, "PSNR in dB")
    root = ElementTree.fromstring(svg)
    _, _, w, h = map(float, root.attrib["viewBox"].split())
    assert w == width
    for element in root.iter():
        for name, limit in (("x", w), ("x1", w), ("x2", w), ("cx", w), ("y", h), ("cy", h)):
            if name in element.attrib:
                assert 0 <= float(element.attrib[name]) <= limit
    assert svg.count("<title>") == len(rates)


def test_equal_savings_are_equal_distances_and_better_is_above() -> None:
    svg = rate_chart_svg([_line([0.2, 0.4, 0.8], [30, 33, 36])], 500, "PSNR in dB")
    (path,) = re.findall(r'class="line s0" d="([^"]*)"', svg)
    places = np.array(re.findall(r"([\d.]+) ([\d.]+)", path), float)
    across, down = np.diff(places, axis=0).T
    assert across[0] == pytest.approx(across[1], abs=0.11)
    assert across[0] > 0
    assert down[0] == pytest.approx(down[1], abs=0.11)
    assert down[0] < 0


def test_names_are_escaped() -> None:
    svg = rate_chart_svg([_line([0.2, 0.4], [30, 33], "<b>&")], 500, "dB")
    assert "<b>" not in svg
    assert "&lt;b&gt;&amp;" in svg
    ElementTree.fromstring(svg)


def test_ticks() -> None:
    assert log_ticks(0.09, 6) == [0.1, 0.2, 0.5, 1, 2, 5]
    assert log_ticks(0.3, 0.4) == []
    assert even_ticks(23, 50) == [25, 30, 35, 40, 45, 50]
    assert even_ticks(30, 30.5) == [30, 30.1, 30.2, 30.3, 30.4, 30.5]
    for high in np.geomspace(0.01, 1e4, 40):
        assert 2 <= len(even_ticks(0, high)) <= 8
