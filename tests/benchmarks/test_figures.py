"""`benchmarks/figures.py`: the figures of the documentation show what the results say."""

from __future__ import annotations

import copy
import json
import sys
from io import BytesIO

import pytest
from PIL import Image

figures = pytest.importorskip("figures", reason="not in a source distribution")


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Results and documentation of a made-up checkout, beginning with the real results."""
    results = tmp_path / "results"
    results.mkdir()
    (tmp_path / "docs").mkdir()
    for question in {each for drawing in figures.FIGURES.values() for each in drawing.questions}:
        path = figures.RESULTS / f"{question}.json"
        if path.exists():  # codec.json comes with a trained codec
            (results / path.name).write_text(path.read_text())
    monkeypatch.setattr(figures, "RESULTS", results)
    monkeypatch.setattr(figures, "REPOSITORY", tmp_path)
    return tmp_path


def run(monkeypatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["figures.py", *arguments])
    figures.main()


@pytest.mark.parametrize("name", figures.FIGURES)
def test_the_committed_figure_is_up_to_date(name):
    for question in figures.FIGURES[name].questions:
        if not (figures.RESULTS / f"{question}.json").exists():
            pytest.skip(f"{question}.json is not there yet")
    assert figures.is_current(name), "run `python benchmarks/figures.py`"


def test_says_what_is_missing(folders, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="out of date: universal-promises; run python"):
        run(monkeypatch, "--check", "universal-promises")
    with pytest.raises(SystemExit):
        run(monkeypatch, "height")
    assert "no figure 'height'" in capsys.readouterr().err
    (folders / "results" / "universal.json").unlink()
    with pytest.raises(SystemExit, match=r"universal\.json is missing: run benchmarks/universal"):
        run(monkeypatch, "universal-promises")


def test_draws_the_same_bytes_until_the_results_change(folders, monkeypatch):
    pytest.importorskip("matplotlib", reason="see benchmarks/requirements-figures.txt")
    run(monkeypatch, "universal-promises")
    run(monkeypatch, "--check", "universal-promises")
    drawn = (folders / "docs" / "universal-promises.png").read_bytes()
    assert figures.render("universal-promises") == drawn
    path = folders / "results" / "universal.json"
    result = json.loads(path.read_text())
    result["results"][0]["auto"]["expected_recall"] = 0.1
    path.write_text(json.dumps(result))
    assert not figures.is_current("universal-promises")
    assert figures.render("universal-promises") != drawn


def test_draws_fewer_sets_empty_bins_and_promises_that_are_all_kept(folders):
    pytest.importorskip("matplotlib", reason="see benchmarks/requirements-figures.txt")
    path = folders / "results" / "universal.json"
    result = json.loads(path.read_text())
    entry = copy.deepcopy(result["results"][0])
    bins = entry["auto"]["reliability"]
    bins["count"] = [0] * len(bins["count"])
    for share in ("precision", "recall"):
        entry["auto"][f"expected_{share}"] = entry["auto"]["bcubed"][share]
    path.write_text(json.dumps(result | {"results": [entry], "odd": {}}))
    for name in ("universal-reliability", "universal-promises"):
        with Image.open(BytesIO(figures.render(name))) as image:
            assert image.width == 1600
