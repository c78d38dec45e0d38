"""`covey compare`: the table, what is refused, and what one method's failure leaves standing."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from covey.cli.child import in_child
from covey.cli.compare import table_lines
from covey.comparison import METHODS, Compared, run_method
from covey.datasets.view_draws import LabelledSet
from covey.metrics.clustering import evaluate
from covey.types import InputError, MemoryLimitError, UsageError

COMPARE = ("compare", "x.npy", "--labels", "y.csv", "--split", "s.csv", "--threads", "1")
UNLABELLED = ("--methods", "untrained, default,untrained")


@pytest.fixture
def files(hidden, tmp_path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half of 20 groups to learn from; one row without label, one left out."""
    x, labels = hidden(200, 20)
    learns = labels < 10
    words = np.where(learns, "train", "test").astype(object)
    named = labels.astype(str).astype(object)
    named[3], words[5] = "", ""
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "y.csv").write_text("label\n" + "\n".join(f'"{name}"' for name in named) + "\n")
    (tmp_path / "s.csv").write_text("label\n" + "\n".join(f'"{word}"' for word in words) + "\n")
    return x, labels, learns


def test_scores_the_part_that_it_is_told(covey, files) -> None:
    x, labels, learns = files
    ran = covey(*COMPARE, *UNLABELLED, "--json")
    assert ran.code == 0, ran.err
    facts = ran.json
    used = np.ones(200, np.bool_)
    used[[3, 5]] = False
    scored = used & ~learns
    assert facts["n_scored"] == scored.sum()
    assert facts["n_learned"] == (used & learns).sum()
    assert (facts["n_scored_groups"], facts["n_learned_groups"], facts["notes"]) == (10, 10, [])
    assert [each["method"] for each in facts["methods"]] == ["untrained", "default"]
    from covey.clustering import cluster

    found = cluster(x[scored], method="untrained", threads=1).clustering.labels
    expected = evaluate(labels[scored], found).as_dict()
    assert facts["methods"][0]["scores"]["bcubed"] == expected["bcubed"]
    assert facts["methods"][0]["training_seconds"] == 0
    assert facts["methods"][0]["peak_memory_mb"] > 50


def test_says_so_where_groups_are_on_both_sides(covey, files, tmp_path) -> None:
    (tmp_path / "s.csv").write_text("label\n" + "0\n" * 100 + "1\n" * 100)
    ran = covey(*COMPARE, "--methods", "untrained")
    assert ran.code == 0, ran.err
    assert "Note: 20 of 20 groups that are scored are learned from, too: that flatters" in ran.out
    assert "untrained" in ran.out
    assert "* highest BCubed F" in ran.out


@pytest.mark.parametrize(
    ("split", "options", "code", "words"),
    [
        ("train\n" * 200, (), 3, ("s.csv: no item to score has a label",)),
        ("0\n1\n" * 99 + "0\n2\n", (), 3, ("s.csv: holds '2', first for item",)),
        ("0\n1\n" * 50, (), 3, ("s.csv: has 100 labels where x.npy has 200 rows",)),
        ("test\n" * 200, ("--methods", "linkage"), 3, ("s.csv: no item to learn from has",)),
        ("0\n1\n" * 100, ("--methods", "best"), 2, ("--methods: 'best' is none of untrained",)),
    ],
)
def test_refuses(covey, files, tmp_path, split: str, options, code: int, words) -> None:
    (tmp_path / "s.csv").write_text("label\n" + split)
    covey(*COMPARE, *(options or UNLABELLED)).refused(code, *words)


def test_what_cannot_learn_is_named_and_the_others_go_on(covey, files, tmp_path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "s.csv").write_text(
        "label\n" + "\n".join("0" if label < 3 else "1" for label in files[1]) + "\n"
    )
    ran = covey(*COMPARE, "--methods", "untrained,linkage", "--json")
    assert ran.code == 0, ran.err
    assert [each["method"] for each in ran.json["methods"]] == ["untrained"]
    assert "x.npy: 3 of 3 groups have two different items or more" in ran.json["failed"]["linkage"]
    covey(*COMPARE, "--methods", "linkage").refused(3, "x.npy: 3 of 3 groups")


@pytest.mark.slow
def test_every_method_runs(covey, hidden, tmp_path) -> None:
    x, labels = hidden(600, 60)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", labels)
    np.save(tmp_path / "s.npy", (labels >= 40).astype(np.int64))
    ran = covey("compare", "x.npy", "--labels", "y.npy", "--split", "s.npy", "--json")
    assert ran.code == 0, ran.err
    assert [each["method"] for each in ran.json["methods"]] == list(METHODS)
    for each in ran.json["methods"]:
        assert 0 < each["scores"]["bcubed"]["f"] <= 1
        assert (each["training_seconds"] > 0) == (each["method"] not in METHODS[:2])
    assert ran.json["failed"] == {}


def test_learning_sees_no_label_of_the_other_part(hidden) -> None:
    """Labels of what is scored may be anything, and the groups stay the same."""
    pytest.importorskip("torch")
    x, labels = hidden(240, 24)
    known = LabelledSet("a", "a", x[:120], labels[:120])
    codes = []
    for other in (labels[120:], np.arange(120)):
        found = run_method("universal", known, LabelledSet("b", "b", x[120:], other), threads=1)
        codes.append((found.scores["clusters"], found.expected_precision, found.expected_recall))
        assert (found.scores["without_singletons"] is None) == (other[-1] == 119)
    assert codes[0] == codes[1]


def test_an_unknown_method_is_refused() -> None:
    items = LabelledSet("a", "a", np.eye(4, dtype=np.float32), np.arange(4))
    with pytest.raises(UsageError, match="unknown method 'best'"):
        run_method("best", items, items)


def test_the_best_is_marked() -> None:
    scores = {
        "bcubed": {"f": 0.5, "precision": 0.6, "recall": 0.4},
        "pairwise": {"f": 0.25},
        "clusters": 1200,
    }
    better = {**scores, "bcubed": {**scores["bcubed"], "f": 0.75}}
    found = [
        (Compared("default", scores, 0.5, float("nan"), 0.0, 1.0, "no labels"), 300.0),
        (Compared("linkage", better, 0.5, 0.25, 10.0, 1.0, "edges: network"), 400.0),
    ]
    counts = {"n_learned": 10, "n_learned_groups": 2, "n_scored": 20, "n_scored_groups": 3}
    lines = table_lines(found, counts)
    assert lines[0].startswith("Learned from 10 items in 2 groups; scored on 20 items in 3 groups")
    assert [line.endswith("*") for line in lines[4:6]] == [False, True]
    assert "0.250   0.750" in lines[5]
    assert "1,200" in lines[5]
    assert lines[-1] == "  linkage: edges: network"


_WORK = """
import os
from covey.types import InputError

def work(what, *, tell):
    tell("half", 0.5)
    if what == "refuse":
        raise InputError("x.npy: no")
    if what == "fail":
        raise KeyError("oops")
    if what == "die":
        os._exit(7)
    if what == "kill":
        os.kill(os.getpid(), 9)
    return what
"""


def test_a_child_gives_tells_refuses_and_dies(tmp_path, monkeypatch) -> None:
    (tmp_path / "work_of_a_child.py").write_text(_WORK)
    monkeypatch.syspath_prepend(tmp_path)
    work = importlib.import_module("work_of_a_child").work
    told: list[tuple[str, float]] = []
    result, peak = in_child(work, "fine", tell=lambda *each: told.append(each))
    assert (result, told) == ("fine", [("half", 0.5)])
    assert peak > 1
    for what, kind, words in (
        ("refuse", InputError, "x.npy: no"),
        ("fail", RuntimeError, "KeyError: 'oops'"),
        ("die", RuntimeError, "ended with 7"),
        ("kill", MemoryLimitError, "was killed, as systems do"),
    ):
        with pytest.raises(kind, match=words) as caught:
            in_child(work, what, tell=lambda *each: None)
        if what == "fail":
            assert "work_of_a_child.py" in caught.value.__notes__[0]


@pytest.mark.slow
def test_ended_it_leaves_nothing_behind(files, tmp_path) -> None:
    """Neither the folder nor the process that works."""
    home = tmp_path / "temporary"
    home.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "covey", *COMPARE, "--methods", "b-attention"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(home.glob("covey-compare-*/other_labels.npy")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    time.sleep(3)
    process.terminate()
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert list(home.iterdir()) == []
