"""`benchmarks/long_tail*.py`: versions, scores, and what tables and figures make of the results."""

from __future__ import annotations

import json
from argparse import Namespace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

versions = pytest.importorskip("long_tail_versions", reason="not in a source distribution")
study = pytest.importorskip("long_tail")
tables = pytest.importorskip("tables")
table_parts = pytest.importorskip("table_parts")
figures = pytest.importorskip("figures")


def labels_of(sizes: list[int]) -> np.ndarray:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(0).permutation(np.concatenate([labels, [-1] * 10]))


def sizes_of(labels: np.ndarray) -> list[int]:
    return sorted(np.unique(labels, return_counts=True)[1].tolist(), reverse=True)


def test_versions_have_the_sizes_that_are_told():
    labels = labels_of([20] * 120)
    heavy = labels[versions.version("head-heavy", labels, "omniglot_eval", 0)]
    assert sizes_of(heavy) == [20] * 110 + [3] * 10
    even = labels[versions.version("balanced", labels, "omniglot_eval", 0)]
    assert sizes_of(even) == [6] * 120
    for smallest, rows in (
        (2, versions.version("long tail", labels, "omniglot_eval", 0)),
        (1, versions.falling(labels, 1, "omniglot_eval", 0)),
    ):
        sizes = sizes_of(labels[rows])
        exponent = np.log(20 / smallest) / np.log(120)
        told = [int(20 / rank**exponent + 0.5) for rank in range(1, 121)]
        assert sizes == told
        assert (sizes[0], sizes[-1]) == (20, smallest)


def test_random_groups_stay_whole_and_leave_nobody_and_giants_out():
    labels = labels_of([400, *[7] * 600])
    rows = versions.whole_groups(labels, 3)
    assert set(sizes_of(labels[rows])) == {7}
    assert 3000 - 7 < len(rows) <= 3000
    assert labels[rows].min() >= 0
    assert (labels[rows] != labels[versions.whole_groups(labels, 4)][: len(rows)]).any()


def test_scores_are_parted_by_the_size_of_the_true_group():
    truth = np.repeat(np.arange(5), [12, 6, 2, 1, 1])
    split = truth.copy()
    split[:6] = 9  # the head in two halves
    split[-2:] = 3  # two that are alone, together
    scores = study.scores_of(truth, split)
    both = scores["with_singletons"]
    assert both["head"]["bcubed"] == pytest.approx({"precision": 1, "recall": 0.5, "f": 2 / 3})
    assert both["medium"]["bcubed"]["f"] == 1
    assert both["tail"]["bcubed"]["precision"] == pytest.approx(0.75)
    assert scores["without_singletons"]["tail"]["bcubed"]["f"] == 1


def test_what_learns_nothing_runs_once_and_whole_rows_come_first():
    options = Namespace(
        sets=["a", "b"], versions=["head-heavy", "balanced"], methods=study.METHODS, seeds=[0, 1]
    )
    runs = study.planned(options)
    assert len(set(runs)) == len(runs)
    assert [run for run in runs if run[2] == "without labels"] == [
        (name, "any", "without labels", seed) for seed in (0, 1) for name in "ab"
    ]
    assert {run[2] for run in runs if run[1] == "balanced"} == set(study.ON_BALANCED)
    assert [run[3] for run in runs] == sorted(run[3] for run in runs)


def run(name: str, version: str, method: str, seed: int, f: float) -> dict[str, Any]:
    part = {kind: {"f": f} for kind in ("bcubed", "pairwise")}
    parts = dict.fromkeys(("all", "head", "medium", "tail"), part)
    told = {"set": name, "version": version, "method": method, "seed": seed}
    scores = {"with_singletons": parts, "without_singletons": parts}
    return {**told, "scores": scores, "training_cpu_seconds": 3.0}


@pytest.fixture
def result(tmp_path, monkeypatch) -> dict[str, Any]:
    """A study in which RIWS is ahead of nothing by .1 on one set and behind by .2 on the other."""
    runs = [run(name, "any", "without labels", 0, 0.4) for name in ("faces", "news")]
    del runs[0]["training_cpu_seconds"]
    for seed in (0, 1):
        for name, ours, theirs in (("faces", 0.6, 0.5), ("news", 0.3, 0.5)):
            runs.append(run(name, "head-heavy", "RIWS", seed, ours + 0.1 * seed))
            runs.append(run(name, "head-heavy", "none", seed, theirs + 0.1 * seed))
    runs.append(run("faces", "head-heavy", "focal", 1, 0.5))
    for place, f in ((2, 0.9), (3, 0.7), (5, 0.4)):
        cut = {"with_singletons": {"all": {"bcubed": {"f": f}}, "tail": {"bcubed": {"f": None}}}}
        precision = {"all": f, "tail": None}
        runs[place]["edges"] = {"average_precision": precision, "best_cut_with_labels": cut}
    points = [
        {"step": step, "learned": {"loss": 0.1, "average_precision": 0.9}, "other": other}
        for step, other in (
            (100, {"loss": 0.3, "average_precision": 0.8}),
            (200, {"loss": 0.7, "average_precision": 0.6}),
        )
    ]
    curve = {"set": "faces", "version": "head-heavy", "method": "RIWS", "seed": 0, "points": points}
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0}
    about = {"command": "x", "date": "y", "commit": "z", "machine": machine}
    found = {**about, "results": runs, "curves": [curve]}
    (tmp_path / "long_tail.json").write_text(json.dumps(found))
    monkeypatch.setattr(table_parts, "RESULTS", tmp_path)
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    return found


def test_tables_average_over_sets_and_spread_over_seeds(result):
    lines = tables.long_tail().splitlines()
    assert lines[2].startswith("| without labels | 2, 1 | .400 | .400 |")
    assert lines[3].startswith("| head-heavy: RIWS | 2, 2 | .500 ± .071 |")
    assert lines[4].startswith("| head-heavy: none | 2, 2 | .550 ± .071 |")
    assert lines[5].startswith("| head-heavy: focal | 1, 1 |  |")  # not of the same sets
    assert lines[4].endswith("| .550 |  | 3 |")
    by_set = tables.long_tail_sets().splitlines()
    assert by_set[3] == (
        "| head-heavy: RIWS | .650 ± .071 / .650 ± .071 | .350 ± .071 / .350 ± .071 |"
    )
    assert by_set[5] == "| head-heavy: focal | .500 / .500 |  |"


def test_riws_is_compared_on_the_same_draws(result):
    lines = tables.long_tail_riws().splitlines()
    own = " | ".join(["-0.050 ± .173 (2 of 4)"] * 6)
    edges = "+0.200 (1 of 1)"  # one draw has them on both sides
    assert lines[2] == f"| head-heavy: none | 4 | {edges} |  | {edges} |  | {own} |"
    assert lines[3].startswith("| head-heavy: focal | 1 |  |  |  |  | +0.200 (1 of 1) |")
    assert len(lines) == 6


def test_curves_tell_the_best_step_and_the_end(result):
    line = tables.long_tail_curves().splitlines()[2]
    assert line == "| faces: RIWS | .900 | .800 | 100 | .600 | 0.300 | 0.700 |"


@pytest.mark.parametrize("name", ["long-tail-buckets", "long-tail-curves"])
def test_figures_bear_missing_rows(result, name):
    pytest.importorskip("matplotlib", reason="see benchmarks/requirements-figures.txt")
    with Image.open(BytesIO(figures.render(name))) as image:
        assert image.width == 1600


def test_results_are_kept_by_their_key(tmp_path):
    out = tmp_path / "found.json"
    for f in (0.1, 0.2):
        study.keep("results", run("faces", "any", "none", 0, f), {"date": "x"}, out)
    study.keep("results", run("faces", "any", "none", 1, 0.3), {"date": "y"}, out)
    study.keep("curves", {**run("faces", "any", "none", 0, 0), "points": []}, {"date": "y"}, out)
    found = json.loads(out.read_text())
    kept = [each["scores"]["with_singletons"]["all"]["bcubed"]["f"] for each in found["results"]]
    assert (kept, len(found["curves"]), found["date"]) == ([0.2, 0.3], 1, "y")
