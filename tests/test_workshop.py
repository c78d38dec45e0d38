"""Making a model from folder to weights: interrupted, resumed, with a family left out."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from covey import workshop
from covey.datasets import view_draws
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.hub import UniversalModel
from covey.models.network import Network
from covey.training import appraisal, universal
from covey.types import InputError, UsageError
from covey.workshop import Plan, make_model

_PLAN = Plan(edge_views=8, cut_views=4, natural=0.5, steps=5, seed=2)


def _set(seed: int, n: int = 320) -> tuple[np.ndarray, np.ndarray]:
    return von_mises_fisher_mixture(n, 16, n_groups=24, noise=0.05, seed=seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Three sets of two families."""
    where = tmp_path_factory.mktemp("sets")
    for number, (name, family) in enumerate([("a", "x"), ("b", "y"), ("c", "y")]):
        x, labels = _set(number)
        np.savez(where / f"{name}.npz", embeddings=x, labels=labels, family=family)
    return where


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short training of the appraiser, and synthetic collections as small as the sets."""
    brief = partial(appraisal.AppraisalSchedule, steps=12, batch=16)
    monkeypatch.setattr(appraisal, "AppraisalSchedule", brief)
    monkeypatch.setattr(
        view_draws, "draw_synthetic", lambda rng: _set(int(rng.integers(1 << 20)), 260)
    )


def _assert_equal(one: UniversalModel, other: UniversalModel) -> None:
    before, after = one.weights(), other.weights()
    assert before.keys() == after.keys()
    for name, weight in before.items():
        np.testing.assert_array_equal(after[name], weight, err_msg=name)


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """Examples that the tests of this module share."""
    return tmp_path_factory.mktemp("work")


def test_interrupted_and_resumed_gives_the_same_weights(folder, work, tmp_path) -> None:
    told: list[tuple[str, float]] = []
    model = make_model(folder, _PLAN, work, tell=lambda *call: told.append(call))
    whats = list(dict.fromkeys(what for what, _ in told))
    expected = ["edges", "scorer", "scorers of other families", "clusterings", "appraiser"]
    assert whats == expected
    assert all(0 <= done <= 1 for _, done in told)
    assert model.about["sets"] == ["a", "b", "c"]
    assert model.about["left out"] is None
    assert model.about["edge views"] == 8
    assert set(model.about["validation"]) == {"views", "average precision", "of the cosine"}
    assert len(list((work / "edges").iterdir())) == 8
    assert len(list((work / "cuts").iterdir())) == 4

    for stage in expected:

        def stop(what: str, done: float, at: str = stage) -> None:
            if what == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            make_model(folder, _PLAN, tmp_path, tell=stop)
    for path in [*(tmp_path / "edges").iterdir()][::2]:
        path.unlink()  # as an interruption among them leaves it
    _assert_equal(make_model(folder, _PLAN, tmp_path), model)


def test_finished_examples_are_not_made_again(folder, work, monkeypatch) -> None:
    model = make_model(folder, _PLAN, work)
    monkeypatch.setattr(workshop, "draw_view", None)
    _assert_equal(make_model(folder, _PLAN, work), model)


def test_processes_change_nothing(folder, work, tmp_path) -> None:
    """Without the small synthetic collections, which other processes do not know of."""
    plan = Plan(edge_views=2, cut_views=0, seed=3)
    one, two = tmp_path / "one", tmp_path / "two"
    for where, jobs in ((one, 1), (two, 2)):
        kept = workshop._Kept(where, workshop.EdgeExamples, jobs)
        work_of = partial(workshop._edges_of, folder)
        list(kept.make(work_of, _seeds_without_synthetic(folder, plan), lambda done: None))
    for path in one.iterdir():
        with np.load(path) as a, np.load(two / path.name) as b:
            np.testing.assert_array_equal(a["features"], b["features"])


def _seeds_without_synthetic(folder: Path, plan: Plan) -> list[int]:
    sets = workshop.read_labelled_sets(folder)
    found = [s for s in range(30) if workshop.draw_view(sets, s).name != "synthetic"]
    return found[: plan.edge_views]


def test_a_family_is_left_out(folder, work, monkeypatch) -> None:
    seen: list[list[tuple[str, ...]]] = []
    train_scorer, train_appraiser = universal.train_scorer, appraisal.train_appraiser

    def spy_scorer(examples, schedule, **options) -> Network:
        seen.append([e.families for e in examples])
        return train_scorer(examples, schedule, **options)

    def spy_appraiser(examples, schedule, **options) -> Network:
        seen.append([e.families for e in examples])
        return train_appraiser(examples, schedule, **options)

    monkeypatch.setattr(universal, "train_scorer", spy_scorer)
    monkeypatch.setattr(appraisal, "train_appraiser", spy_appraiser)
    whole = make_model(folder, _PLAN, work)
    with_all = [one for one in seen if any("y" in families for families in one)]
    assert with_all
    seen.clear()
    model = make_model(folder, _PLAN, work, leave_out="y")
    assert len(seen) == 1 + workshop._APPRAISERS
    for families in seen:
        assert families
        assert not any("y" in one for one in families)
    assert model.about["sets"] == ["a"]
    assert model.about["left out"] == "y"
    assert not np.array_equal(
        model.weights()["scorer.0.weight"], whole.weights()["scorer.0.weight"]
    )


def test_an_empty_folder_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="has no"):
        make_model(tmp_path, _PLAN, tmp_path / "work")


def test_an_unknown_family_is_refused(folder, tmp_path) -> None:
    with pytest.raises(UsageError, match="no set is of the family 'z': choose one of x, y"):
        make_model(folder, _PLAN, tmp_path, leave_out="z")


@pytest.mark.parametrize("labels", [np.zeros(9, int), np.arange(9), np.full(9, -1)])
def test_sets_that_show_nothing_are_refused(tmp_path, labels: np.ndarray) -> None:
    np.savez(tmp_path / "dull.npz", embeddings=_set(0, 320)[0][:9], labels=labels)
    with pytest.raises(InputError, match=r"dull: . of . groups have two different items"):
        make_model(tmp_path, _PLAN, tmp_path / "work")


def test_views_that_give_nothing_are_remembered(tmp_path) -> None:
    ran: list[int] = []
    kept = workshop._Kept(tmp_path / "cuts", workshop.CutExamples, 1)

    def work(seed: int) -> workshop.CutExamples | None:
        ran.append(seed)
        if seed % 2:
            return None
        signs = np.full((1, 2, 3), seed, np.float32)
        return workshop.CutExamples(("ä", "b") if seed else (), signs, signs[..., :2])

    for _ in range(2):
        assert kept.complete(range(5)) is bool(ran)
        found = list(kept.make(work, range(5), lambda done: None))
        assert [e.families for e in found] == [(), ("ä", "b"), ("ä", "b")]
        assert [e.signs[0, 0, 0] for e in found] == [0, 2, 4]
    assert ran == [0, 1, 2, 3, 4]
