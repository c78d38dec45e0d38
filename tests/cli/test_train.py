"""`covey train universal`: both uses, what they refuse, and Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from covey.cli.train import warnings
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.hub import UniversalModel, default_model, load_model
from covey.io.model_folder import write_model

pytest.importorskip("torch")

FILES = {"model.safetensors", "config.json", "README.md"}
REFINE = ("train", "universal", "x.npy", "--labels", "y.npy", "-o", "m")
QUICK = ("--steps", "20", "--threads", "1")


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """A folder of two small labelled sets of different families."""
    folder = tmp_path / "sets"
    folder.mkdir()
    for number, name in enumerate("ab"):
        x, y = von_mises_fisher_mixture(300, 24, n_groups=20, seed=number)
        np.savez(folder / f"{name}.npz", embeddings=x, labels=y)
    return folder


def test_fine_tunes_the_shipped_model(covey, blobs, tmp_path) -> None:
    ran = covey(*REFINE, *QUICK, "--json")
    assert ran.code == 0, ran.err
    facts = ran.json
    assert (facts["n_items"], facts["n_groups"], facts["from"]) == (400, 20, "default")
    assert facts["outputs"] == ["m"]
    figures = facts["about"]["validation"]
    assert figures["groups"] == 4
    assert 0 < figures["of the cosine"] <= 1
    assert {path.name for path in (tmp_path / "m").iterdir()} == FILES
    assert load_model(tmp_path / "m").about == facts["about"]
    assert "400 items of x.npy" in (tmp_path / "m" / "README.md").read_text()
    used = covey(
        "cluster", "x.npy", "--model", "m", "--method", "universal", "-o", "g.csv", "--json"
    )
    assert used.code == 0, used.err
    assert (used.json["model"], used.json["method"]) == ("m", "universal")


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({}, "too little to hold some out"),
        ({"groups": 3, "average precision": None, "before": None}, "nothing to rank"),
        ({"average precision": 0.8, "of the cosine": 0.9}, "no better than the plain cosine"),
        ({"average precision": 0.8, "of the cosine": 0.9, "before": 0.85}, "than the plain"),
        ({"average precision": 0.8, "of the cosine": 0.9, "before": 0.95}, ""),
        ({"average precision": 0.91, "of the cosine": 0.9, "before": 0.8}, ""),
    ],
)
def test_warns_of_the_scorer_that_was_kept(figures, told) -> None:
    model = default_model()
    found = warnings(UniversalModel(model.scorer, model.appraiser, {"validation": figures}))
    assert len(found) == bool(told)
    assert told in "".join(found)


def test_learns_from_labelled_rows_that_the_mask_names(covey, blobs, tmp_path) -> None:
    labels = blobs[1].astype(np.float64)
    labels[:50], labels[50:60] = np.nan, -1
    np.save(tmp_path / "y.npy", labels)
    np.save(tmp_path / "mask.npy", np.arange(400) < 300)
    ran = covey(*REFINE, *QUICK, "--mask", "mask.npy")
    assert ran.code == 0, ran.err
    first, *notes = ran.out.splitlines()[:3]
    assert " 250 items in 20 groups, 10 of them of nobody" in first
    assert notes[0] == "Left out: 50 rows without a label."
    assert "leave its label empty" in notes[1]
    assert "among 4 held-out groups" in ran.out
    assert "covey cluster EMB --model m" in ran.out


def test_refuses_before_it_works(covey, blobs, sets, tmp_path) -> None:
    train = ("train", "universal")
    covey(*train, "-o", "m").refused(2, "EMB", "--sets")
    covey(*train, "x.npy", "--sets", "sets", "-o", "m").refused(2, "EMB", "--sets")
    covey(*train, "x.npy", "-o", "m").refused(2, "--labels")
    covey(*train, "--sets", "sets", "--labels", "y.npy", "-o", "m").refused(2, "--labels")
    covey(*REFINE, "--leave-out", "a").refused(2, "--leave-out")
    covey(*REFINE, "--from", "nowhere").refused(3, "nowhere")
    covey(*train, "--sets", "nowhere", "-o", "m").refused(3, "nowhere")
    covey(*train, "--sets", "sets", "-o", "m", "--work", "sets").refused(2, "a.npz", "--work")
    covey(*train, "x.npy", "--labels", "y.npy", "-o", "sets").refused(2, "is no model")
    np.save(tmp_path / "y.npy", blobs[1][:100])
    covey(*REFINE).refused(3, "100 labels", "400 rows")
    np.save(tmp_path / "mask.npy", np.ones(100))
    covey(*REFINE, "--mask", "mask.npy").refused(3, "mask.npy")
    np.save(tmp_path / "y.npy", np.arange(400))
    covey(*REFINE).refused(3, "x.npy: 0 of 400 groups", "two different items")
    assert {path.name for path in tmp_path.iterdir()} == {"x.npy", "y.npy", "mask.npy", "sets"}


def test_keeps_a_model_unless_forced(covey, blobs, tmp_path) -> None:
    from covey.hub import default_model

    write_model(tmp_path / "m", default_model(), "old")
    covey(*REFINE, *QUICK).refused(2, "--force")
    assert covey(*REFINE, *QUICK, "--force", "--quiet").code == 0
    assert (tmp_path / "m" / "README.md").read_text() != "old"


def test_without_torch_nothing_is_read(covey, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr("covey.extras.import_module", _no_torch)
    covey("train", "universal", "nowhere.npy", "--labels", "no.npy", "-o", "m").refused(
        5, 'pip install "covey[learn]"'
    )


def _no_torch(name: str) -> None:
    raise ModuleNotFoundError(name, name=name)


def test_a_group_that_is_no_command(covey) -> None:
    assert "universal" in covey("train", "--help").out
    assert covey("train", "something").code == 2


@pytest.mark.slow
def test_makes_a_model_of_sets_and_goes_on_where_it_was(covey, sets, tmp_path) -> None:
    plan = ("--edge-views", "3", "--cut-views", "2", "--steps", "20", "--threads", "1")
    make = ("train", "universal", "--sets", "sets", *plan, "--json")
    ran = covey(*make, "-o", "m")
    assert ran.code == 0, ran.err
    assert ran.json["sets"] == ["a", "b"]
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("m.work/*/*.npz")}
    assert len(kept) == 5
    again = covey(*make, "-o", "n", "--work", "m.work", "--leave-out", "b")
    assert again.code == 0, again.err
    assert again.json["sets"] == ["a"]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*/*/*.npz")} == kept
    assert json.loads((tmp_path / "n" / "config.json").read_text())["about"]["left out"] == "b"
    covey(*make, "-o", "o", "--work", "m.work", "--seed", "1").refused(2, "another plan")
    covey(*make, "-o", "o", "--work", "m.work", "--leave-out", "c").refused(2, "a, b")


@pytest.mark.slow
def test_a_refused_set_can_be_mended(covey, sets) -> None:
    make = ("train", "universal", "--sets", "sets", "-o", "m", "--threads", "1", "--quiet")
    plan = ("--edge-views", "3", "--cut-views", "1", "--steps", "2")
    whole = (sets / "b.npz").read_bytes()
    (sets / "b.npz").write_bytes(whole[:5000])
    covey(*make, *plan).refused(3, "b.npz", "cut short")
    (sets / "b.npz").write_bytes(whole)
    ran = covey(*make, *plan)
    assert ran.code == 0, ran.err


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("wait", [0.3, 3.0])  # while processes start, and while they work
def test_ctrl_c_leaves_examples_only(sets, tmp_path, threads, wait) -> None:
    process = subprocess.Popen(
        f"{sys.executable} -m covey train universal --sets sets -o m --threads {threads}".split(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, NUMBA_NUM_THREADS="1"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        start_new_session=True,
    )
    while not (tmp_path / "m.work" / "edges").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    time.sleep(wait)
    assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    told, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == ""
    assert error.splitlines()[-1] == "covey: interrupted: nothing was left half-written"
    assert "Traceback" not in error
    assert {path.name for path in tmp_path.iterdir()} == {"sets", "m.work"}


def test_the_shipped_model_by_name(covey, blobs) -> None:
    ran = covey("cluster", "x.npy", "--model", "default", "-o", "g.csv", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["model"] == "default"
