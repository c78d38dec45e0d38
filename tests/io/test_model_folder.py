"""A model on disk is the model, and nothing else is lost for it."""

from pathlib import Path

import numpy as np
import pytest

from covey.hub import UniversalModel, default_model, load_model
from covey.io.model_card import (
    default_card,
    universal_card,
    validation_sentence,
    without_folders,
)
from covey.io.model_folder import work_folder, write_model
from covey.types import UsageError
from covey.vectors import as_rows

FILES = {"model.safetensors", "config.json", "README.md"}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_reads_as_it_was_written(tmp_path: Path) -> None:
    one = default_model()
    figures = {"validation": {"average precision": float("nan")}}
    write_model(tmp_path / "m", UniversalModel(one.scorer, one.appraiser, figures), "# Card\n")
    other = load_model(tmp_path / "m")
    assert other.about == {"validation": {"average precision": None}}
    assert one.weights().keys() == other.weights().keys()
    for name, weight in one.weights().items():
        np.testing.assert_array_equal(weight, other.weights()[name])
    assert _names(tmp_path / "m") == FILES
    assert (tmp_path / "m" / "README.md").read_text() == "# Card\n"
    modes = {(tmp_path / "m" / name).stat().st_mode for name in FILES}
    assert len(modes) == 1


def test_replaces_a_model_only_if_told_to(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    write_model(folder, default_model(), "one")
    with pytest.raises(UsageError, match="--force"):
        write_model(folder, default_model(), "two")
    assert (folder / "README.md").read_text() == "one"
    write_model(folder, default_model(), "two", force=True)
    assert (folder / "README.md").read_text() == "two"
    assert _names(tmp_path) == {"m"}


def test_fills_an_empty_folder(tmp_path: Path) -> None:
    write_model(tmp_path, default_model(), "")
    assert _names(tmp_path) == FILES


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_model_stays(tmp_path: Path, force: bool) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_text("a")
    (tmp_path / "file").write_text("b")
    for name, told in (("photos", "is no model"), ("file", "is a file"), ("no/m", "no folder")):
        with pytest.raises(UsageError, match=told):
            write_model(tmp_path / name, default_model(), "", force=force)
    assert _names(tmp_path) == {"photos", "file"}
    assert _names(tmp_path / "photos") == {"a.png"}


def test_a_failed_write_leaves_the_old_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "m"
    write_model(folder, default_model(), "one")
    broken = UniversalModel(default_model().scorer, default_model().appraiser, {"x": object()})
    with pytest.raises(TypeError):
        write_model(folder, broken, "two", force=True)
    monkeypatch.setattr("covey.io.model_folder.save", lambda weights: "no bytes")
    with pytest.raises(TypeError):
        write_model(folder, default_model(), "two", force=True)
    assert (folder / "README.md").read_text() == "one"
    assert _names(tmp_path) == {"m"}


def test_card_names_sets_terms_command_and_figures() -> None:
    about = {
        "sets": ["clinc150_words", "mine"],
        "left out": None,
        "edge views": 12,
        "validation": {"views": 2, "average precision": 0.81, "of the cosine": 0.7, "before": 0.8},
    }
    card = universal_card(about, "covey train universal --sets folder -o m")
    assert "| clinc150_words | CC BY 3.0" in card
    assert "| mine | not known to Covey |" in card
    assert "    covey train universal --sets folder -o m\n" in card
    assert "on 2 held-out views" in card
    assert "0.810, before fine-tuning 0.800, of the plain cosine 0.700." in card
    assert "left out" not in card


def test_card_says_when_the_scorer_from_before_was_kept() -> None:
    figures = {"groups": 7, "average precision": 0.5, "of the cosine": 0.9, "before": 0.5}
    told = validation_sentence({"validation": figures})
    assert told.startswith("Average precision of edges among 7 held-out groups: 0.500, before")
    assert told.endswith("of the plain cosine 0.900. So the scorer from before was kept.")
    better = {**figures, "average precision": 0.51}
    assert "kept" not in validation_sentence({"validation": better})


def test_no_figures_no_sentence() -> None:
    assert validation_sentence({}) == ""
    assert validation_sentence({"validation": {"views": 0, "average precision": None}}) == ""
    assert "## Figures" not in universal_card({}, "covey train")


@pytest.mark.parametrize("whitening", [False, True])
@pytest.mark.parametrize("own", [0.0, 0.2, 1.0])
def test_a_refiner_reads_as_it_was_written(tmp_path, any_refiner, whitening, own) -> None:
    one = any_refiner(own, whitening)
    write_model(tmp_path / "m", one)
    other = load_model(tmp_path / "m")
    assert (other.network, other.own, other.about) == (one.network, one.own, one.about)
    assert one.weights().keys() == other.weights().keys()
    for name, weight in one.weights().items():
        assert other.weights()[name].tobytes() == weight.tobytes()
    assert other.config().keys() == one.config().keys()
    for name, figures in one.config()["held_out"].items():
        np.testing.assert_array_equal(other.config()["held_out"][name], figures)
    assert _names(tmp_path / "m") == FILES
    assert (tmp_path / "m" / "README.md").read_text() == default_card(one)


def test_a_trained_refiner_refines_alike_when_read(tmp_path, whitened, hidden) -> None:
    rows = as_rows(hidden(60, 6, seed=4, wide=3.0)[0])
    write_model(tmp_path / "m", whitened)
    other = load_model(tmp_path / "m")
    np.testing.assert_array_equal(other.prepare(rows), whitened.prepare(rows))
    rows = whitened.prepare(rows)
    np.testing.assert_array_equal(other.refine(rows), whitened.refine(rows))
    assert other.about == whitened.about


def test_kinds_of_models_replace_each_other(tmp_path: Path, any_refiner) -> None:
    write_model(tmp_path / "m", any_refiner(whitening=True))
    write_model(tmp_path / "m", default_model(), force=True)
    assert isinstance(load_model(tmp_path / "m"), UniversalModel)
    write_model(tmp_path / "m", any_refiner(), force=True)
    assert load_model(tmp_path / "m").whitening is None


def test_default_card_of_a_universal_model() -> None:
    assert default_card(default_model()).startswith("# A universal scorer")


@pytest.mark.parametrize(
    ("word", "told"),
    [("-o", "-o"), ("a/b/x.npy", "x.npy"), ("C:\\me\\x.npy", "C:\\me\\x.npy"), ("x.npy", "x.npy")],
)
def test_no_folders_in_a_card(word: str, told: str) -> None:
    assert without_folders(word) == told


@pytest.mark.parametrize(
    ("folder", "work"), [("m", "m.work"), ("a/m.v2", "a/m.v2.work"), ("/x/m/", "/x/m.work")]
)
def test_work_lies_beside_the_model(folder: str, work: str) -> None:
    assert work_folder(Path(folder)) == Path(work)


def test_work_lies_beside_the_folder_that_one_is_in(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "m" / "inside").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "m")
    assert work_folder(Path(".")) == tmp_path / "m.work"
    monkeypatch.chdir(tmp_path / "m" / "inside")
    assert work_folder(Path("..")) == tmp_path / "m.work"
