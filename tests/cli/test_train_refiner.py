"""`covey train b-attention`: what it says and writes, what it refuses, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from covey.cli.train_refiner import sentences
from covey.hub import default_model, load_refiner
from covey.io.model_folder import write_model
from covey.vectors import as_rows

pytest.importorskip("torch")

FILES = {"model.safetensors", "config.json", "README.md"}
TRAIN = ("train", "b-attention", "x.npy", "--labels", "y.npy", "-o", "m")
QUICK = ("--steps", "4", "--threads", "1")


@pytest.fixture
def nine(hidden, tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Ninety unit rows in nine groups, saved as x.npy and y.npy in the temporary folder."""
    x, labels = hidden(90, 9)
    x = as_rows(x)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", labels)
    return x, labels


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_trains_and_tells(covey, nine, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["covey", *TRAIN[:2], "/home/me/x.npy", *TRAIN[3:], "--json"])
    ran = covey(*TRAIN, *QUICK, "--seed", "2", "--json")
    assert ran.code == 0, ran.err
    facts = ran.json
    assert (facts["n_items"], facts["n_groups"], facts["outputs"]) == (90, 9, ["m"])
    about = facts["about"]
    assert about["trained on"] == "90 items in 9 groups of x.npy"
    assert about["held out before that"] == "30 of them in 3 groups"
    assert about["seed"] == 2
    assert about["plan"]["schedule"]["steps"] == 4
    assert 0 < about["validation"]["BCubed F"] <= 1
    assert "covey: step 4 of 4: loss " in ran.err
    assert "held-out groups: average precision 0." in ran.err
    assert _names(tmp_path) == {"x.npy", "y.npy", "m"}
    assert _names(tmp_path / "m") == FILES
    model = load_refiner(tmp_path / "m")
    assert model.about == about
    assert (model.network.inputs, model.network.width, model.network.tests) == (16, 64, 32)
    card = (tmp_path / "m" / "README.md").read_text()
    assert "    covey train b-attention x.npy --labels y.npy -o m --json\n" in card


def test_learns_from_labelled_rows_that_the_mask_names(covey, nine, tmp_path) -> None:
    labels = nine[1].copy()
    labels[:10] = -1
    np.save(tmp_path / "y.npy", labels)
    np.save(tmp_path / "mask.npy", np.arange(90) < 80)
    options = ("--mask", "mask.npy", "--tests", "multiple", "--flavour", "transformer")
    ran = covey(*TRAIN, *QUICK, *options, "--work", "elsewhere")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "Trained on 70 items in 9 groups."
    assert lines[1].startswith("On held-out groups, at the best cut: BCubed F ")
    assert lines[-1] == (
        "Wrote m; use it by covey cluster EMB --model m, or with covey search and reid"
    )
    network = load_refiner(tmp_path / "m").network
    assert (network.single, network.multiple, network.flavour) == (False, True, "transformer")
    assert _names(tmp_path) == {"x.npy", "y.npy", "mask.npy", "m"}


def test_keeps_a_model_unless_forced(covey, nine, tmp_path) -> None:
    write_model(tmp_path / "m", default_model(), "old")
    covey(*TRAIN, *QUICK).refused(2, "m: holds a model", "--force")
    ran = covey(*TRAIN, *QUICK, "--force", "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert load_refiner(tmp_path / "m").about["seed"] == 0
    assert _names(tmp_path) == {"x.npy", "y.npy", "m"}


def test_refuses_before_it_works(covey, nine, tmp_path) -> None:
    covey("train", "b-attention", "x.npy", "-o", "m").refused(2, "--labels")
    covey("train", "b-attention", "x.npy", "--labels", "y.npy").refused(2, "--out")
    covey(*TRAIN, "--tests", "all").refused(2, "'all'")
    covey(*TRAIN, "--flavour", "mlp").refused(2, "'mlp'")
    covey(*TRAIN, "--steps", "0").refused(2, "--steps")
    covey(*TRAIN, "--seed", "-1").refused(2, "--seed")
    covey(*TRAIN[:-1], "y.npy").refused(2, "y.npy: is a file")
    covey(*TRAIN[:-1], "no/m").refused(2, "no folder no")
    covey(*TRAIN, "--work", "m").refused(2, "is where the model goes", "--work")
    covey(*TRAIN, "--work", "x.npy").refused(2, "x.npy: cannot be a folder", "--work")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").touch()
    covey(*TRAIN, "--work", "photos").refused(2, "a.png", "--work")
    covey(*TRAIN[:-1], "photos").refused(2, "is no model")
    covey(*TRAIN[:3], "--labels", "no.npy", "-o", "m").refused(3, "no.npy")
    np.save(tmp_path / "y.npy", nine[1][:50])
    covey(*TRAIN).refused(3, "50 labels", "90 rows")
    np.save(tmp_path / "y.npy", np.where(nine[1] < 8, nine[1], -1))
    covey(*TRAIN).refused(3, "x.npy: 8 groups have two different items", "label more")
    np.save(tmp_path / "y.npy", np.arange(90))
    covey(*TRAIN).refused(3, "x.npy: 0 of 90 groups")
    assert _names(tmp_path) == {"x.npy", "y.npy", "photos"}


def test_without_torch_nothing_is_read(covey, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    covey("train", "b-attention", "nowhere.npy", "--labels", "no.npy", "-o", "m").refused(
        5, 'pip install "covey[learn]"'
    )


@pytest.mark.parametrize(
    ("own", "whitening", "told"),
    [(0.5, False, None), (1.0, False, "stay as they are"), (1.0, True, "whitened and no more")],
)
def test_says_what_the_network_was_good_for(any_refiner, own, whitening, told) -> None:
    model = any_refiner(own, whitening)
    model.about["validation"] |= {"BCubed F": 0.5, "BCubed F of the cosine": 0.25}
    lines = sentences(model)
    assert "BCubed F 0.500, of the embeddings as they are 0.250" in lines[0]
    assert len(lines) == 1 + (told is not None)
    assert told is None or told in lines[1]
    model.about |= {"drawn": "9 of 12 items were drawn", "judged": "2 of 3 items were drawn"}
    more = sentences(model)
    assert more[0] == "Of what is labelled, 9 of 12 items were drawn."
    assert more[1] == "Of what was held out, 2 of 3 items were drawn."
    assert more[2:] == lines


def test_the_folder_that_one_is_in(covey, nine, tmp_path, monkeypatch) -> None:
    (tmp_path / "m").mkdir()
    monkeypatch.chdir(tmp_path / "m")
    ran = covey("train", "b-attention", "../x.npy", "--labels", "../y.npy", "-o", ".", *QUICK)
    assert ran.code == 0, ran.err
    assert _names(tmp_path) == {"x.npy", "y.npy", "m"}
    assert _names(tmp_path / "m") == FILES


LONG = ("--steps", "150", "--threads", "1")


@contextmanager
def _training(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`TRAIN` in a process of its own, whose group a terminal would interrupt."""
    process = subprocess.Popen(
        [sys.executable, "-m", "covey", *TRAIN, *LONG],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, NUMBA_NUM_THREADS="1"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _interrupt_at(process: subprocess.Popen[str], file: Path) -> list[str]:
    """Presses Ctrl-C as soon as a file is there, and gives what was said."""
    while not file.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    told, error = process.communicate(timeout=300)
    assert process.returncode == 130, error
    assert told == ""
    assert "Traceback" not in error
    lines = error.splitlines()
    assert lines[-1] == "covey: interrupted: nothing was left half-written"
    return lines


@pytest.mark.slow
def test_ctrl_c_in_each_phase_and_the_same_model_in_the_end(covey, nine, tmp_path) -> None:
    """Before anything is kept, while groups are held out, and while it learns from all."""
    work, again = tmp_path / "m.work", "covey: the same command goes on from m.work"
    with _training(tmp_path) as process:
        assert again not in _interrupt_at(process, work / ".lock")
    assert _names(tmp_path) == {"x.npy", "y.npy"}
    kept = {"run.json"}
    for phase in ("held-out", "all-groups"):
        kept.add(f"{phase}.safetensors")
        with _training(tmp_path) as process:
            assert again in _interrupt_at(process, work / f"{phase}.safetensors")
        assert _names(tmp_path) == {"x.npy", "y.npy", "m.work"}
        assert _names(work) == kept
    covey(*TRAIN, *LONG, "--seed", "1").refused(2, "m.work: was left by a training on other data")
    covey(*TRAIN, "--steps", "151").refused(2, "or with other options; remove it")
    ran = covey(*TRAIN, *LONG)
    assert ran.code == 0, ran.err
    assert "covey: step " not in ran.err
    whole = covey(*TRAIN[:-1], "n", *LONG)
    assert "covey: step 150 of 150" in whole.err
    assert load_refiner(tmp_path / "n").about["steps"] > 50, "choose a longer second phase"
    assert _names(tmp_path) == {"x.npy", "y.npy", "m", "n"}
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "m" / name).read_bytes() == (tmp_path / "n" / name).read_bytes()


@pytest.mark.slow
def test_two_at_once_are_kept_apart(covey, nine, tmp_path) -> None:
    with _training(tmp_path) as process:
        while not (tmp_path / "m.work" / "held-out.safetensors").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        told = (f"m.work: is in use by process {process.pid} on ", "wait until that ends", "--work")
        covey(*TRAIN, *LONG).refused(2, *told)
        covey(*TRAIN[:-1], "n", *QUICK, "--work", "m.work").refused(2, *told)
        assert process.poll() is None
        process.kill()
        process.wait()
    ran = covey(*TRAIN, *LONG)  # the lock that a killed process left is in nobody's way
    assert ran.code == 0, ran.err
    assert "covey: step 50 of" not in ran.err
    assert _names(tmp_path) == {"x.npy", "y.npy", "m"}
