"""`covey train b-attention`: what it says and writes, what it refuses, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from covey import BAttention
from covey.cli.train_refiner import sentences, step_sentence
from covey.hub import default_model, load_refiner
from covey.io.checkpoints import checksum, claim_training
from covey.io.embeddings import read_embeddings
from covey.io.labelled_items import labelled_items
from covey.io.model_folder import write_model
from covey.io.refiner_card import refiner_card
from covey.models.b_attention_config import BAttentionConfig

pytest.importorskip("torch")

from covey.training.b_attention import BAttentionPlan
from covey.training.loop import Schedule
from covey.training.neighbour_filter import FilterValidation
from covey.training.refiner import Follow, train_refiner
from covey.training.watch import Validation

FILES = {"model.safetensors", "config.json", "README.md"}
TRAIN = ("train", "b-attention", "x.npy", "--labels", "y.npy", "-o", "m")
QUICK = ("--steps", "4", "--threads", "1", "--scores", "cosine")


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
    labels = nine[1].astype(float)
    labels[:10] = np.nan
    np.save(tmp_path / "y.npy", labels)
    np.save(tmp_path / "mask.npy", np.arange(90) < 80)
    options = ("--mask", "mask.npy", "--tests", "multiple", "--flavour", "transformer")
    ran = covey(*TRAIN, *QUICK, *options, "--work", "elsewhere")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[:2] == [
        "Trained on 70 items in 9 groups.",
        "Left out: 10 rows without a label.",
    ]
    assert lines[2].startswith("On held-out groups, at the best cut: BCubed F ")
    assert lines[-1] == (
        "Wrote m; use it by covey cluster EMB --model m, or with covey search and reid"
    )
    network = load_refiner(tmp_path / "m").network
    assert (network.single, network.multiple, network.flavour) == (False, True, "transformer")
    assert _names(tmp_path) == {"x.npy", "y.npy", "mask.npy", "m"}


def test_negative_labels_are_items_of_nobody(covey, nine, tmp_path) -> None:
    """As in Python: the model is the same."""
    x, labels = nine
    some = labels.astype(float)
    some[80:85], some[85:] = np.nan, -np.arange(1, 6)
    np.save(tmp_path / "y.npy", some)
    ran = covey(*TRAIN, *QUICK)
    assert ran.code == 0, ran.err
    first, *notes = ran.out.splitlines()[:3]
    assert first == "Trained on 85 items in 9 groups, 5 of them of nobody."
    assert notes[0] == "Left out: 5 rows without a label."
    assert notes[1].startswith("Note: an item with a negative label counts as belonging with noth")
    model, fitted = (
        load_refiner(tmp_path / "m"),
        BAttention(steps=4, scores="cosine").fit(x, some).model_,
    )
    for name, weight in model.weights().items():
        np.testing.assert_allclose(weight, fitted.weights()[name], atol=1e-5)
    told = "85 items in 9 groups of x.npy, 5 of them of nobody"
    assert model.about["trained on"] == told
    assert f"- trained on: {told}\n" in (tmp_path / "m" / "README.md").read_text()
    ran = covey(*TRAIN, *QUICK, "--force", "--json")
    used = ("n_items", "n_groups", "n_nobody", "n_left_out")
    assert [ran.json[name] for name in used] == [85, 9, 5, 5]


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
    covey(*TRAIN).refused(3, "x.npy: 8 of 8 groups have two different items", "at least 9", "more")
    np.save(tmp_path / "y.npy", np.arange(90))
    covey(*TRAIN).refused(3, "x.npy: 0 of 90 groups", "at least 9 such groups", "label more")
    assert _names(tmp_path) == {"x.npy", "y.npy", "photos"}


def test_without_torch_nothing_is_read(covey, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    covey("train", "b-attention", "nowhere.npy", "--labels", "no.npy", "-o", "m").refused(
        5, 'pip install "covey[learn]"'
    )


@pytest.mark.parametrize(
    ("own", "whitening", "told"),
    [
        (0.0, True, "is used: 100% of every cosine is what it makes of an item and its nearest."),
        (0.2, False, "is used: 80% of every cosine is what it makes of an item and its nearest, "),
        (1.0, False, "is not used: on held-out groups embeddings were not clearly better by it. "),
        (1.0, True, "Embeddings are whitened and no more."),
    ],
)
def test_says_as_the_card_does_whether_the_network_is_used(
    any_refiner, own, whitening, told
) -> None:
    model = any_refiner(own, whitening)
    model.about["validation"] |= {"BCubed F": 0.5, "BCubed F of the cosine": 0.25}
    lines = sentences(model)
    assert "BCubed F 0.500, of the embeddings as they are 0.250" in lines[0]
    assert told in lines[1]
    assert lines[2].startswith("Edges are weighed by ")
    assert len(lines) == 3
    card = refiner_card(model, "made")
    if own == 1:
        assert lines[1] in card
    assert "- edges weighed by: the cosine\n- groups made by: map-equation\n" in card
    for plain, end in ((0.6, "so leave the model out."), (0.4, "that it finds without labels.")):
        model.about["validation"]["BCubed F without labels"] = plain
        assert sentences(model)[3].endswith(end)
        assert sentences(model)[3] in refiner_card(model, "made")
    del model.about["validation"]["BCubed F without labels"]
    model.about.update(drawn="9 of 12 items were drawn", judged="2 of 3 items were drawn")
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


def test_tells_that_a_training_was_over_before(covey, nine, tmp_path) -> None:
    source = labelled_items(read_embeddings(tmp_path / "x.npy"), tmp_path / "y.npy")
    network, plan = BAttentionConfig(16), BAttentionPlan(schedule=Schedule(steps=4))
    facts = {
        "kind": "b-attention",
        "data": checksum(source.x, source.labels),
        "network": asdict(network),
        "plan": asdict(plan),
        "scores": "cosine",
    }
    with claim_training(tmp_path / "m.work", tmp_path / "m", facts) as kept:

        def keep(phase, checkpoint) -> None:
            kept.keep(phase, checkpoint)
            raise KeyboardInterrupt

        follow = Follow(keep=keep)
        with pytest.raises(KeyboardInterrupt):
            train_refiner(
                source.x, source.labels, network=network, plan=plan, follow=follow, scores="cosine"
            )
    ran = covey(*TRAIN, *QUICK)
    assert ran.code == 0, ran.err
    told = "covey: training without the groups held out was over before"
    assert told in ran.err.splitlines()
    assert "covey: step 4 of 4: loss" not in ran.err


def test_says_how_each_training_comes_on() -> None:
    lists, everything = "held out, lists", "all groups"
    told = step_sentence(everything, 50, 150, 1.25, None)
    assert told == "covey: step 50 of 150, all groups: loss 1.250"
    assert step_sentence("held out", 50, 400, 2.0, Validation(0.75, 0.5)) == (
        "covey: step 50 of 400: loss 2.000; held-out groups: average precision 0.750, F 0.500"
    )
    assert step_sentence(lists, 50, 300, 2.0, FilterValidation(0.25, 1.0, 0.5)) == (
        "covey: step 50 of 300, lists: loss 2.000; held-out groups: lengths off by 25%, one length "
        "for all by 50%"
    )


@pytest.mark.slow
def test_the_training_on_all_groups_comes_on_in_a_log(covey, hidden, tmp_path) -> None:
    x, labels = hidden()
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", labels)
    ran = covey(*TRAIN, "--steps", "60", "--threads", "1")
    assert ran.code == 0, ran.err
    assert "The network is used: " in ran.out
    last = load_refiner(tmp_path / "m").about["steps"]
    lines = [line for line in ran.err.splitlines() if ", all groups: loss " in line]
    assert lines[-1].startswith(f"covey: step {last} of {last}, all groups: loss ")
    assert len(lines) == (2 if last > 50 else 1)


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
    assert "; held-out groups" not in ran.err
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
    assert "covey: step 50 of 100: loss" not in ran.err
    assert _names(tmp_path) == {"x.npy", "y.npy", "m"}
