"""`BAttention` keeps scikit-learn's contract and adds nothing to training and `cluster`."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from covey import AdaNETS, BAttention, LinkageGCN, write_model
from covey.clustering import cluster
from covey.estimators import GraphClusterer
from covey.io.embeddings import read_embeddings
from covey.io.labelled_items import labelled_items
from covey.types import InputError, MissingExtraError, UsageError
from covey.vectors import as_rows

pytest.importorskip("torch")

NAMES = np.array([f"person {chr(97 + number)}" for number in range(24)])


@pytest.fixture(scope="module")
def collection(hidden) -> tuple[np.ndarray, np.ndarray]:
    return hidden(90, 9)


@pytest.fixture(scope="module")
def others(hidden) -> tuple[np.ndarray, np.ndarray]:
    return hidden(80, 8, seed=4)


@pytest.fixture(scope="module")
def fitted(collection) -> BAttention:
    return BAttention(scores="cosine", steps=8, random_state=3).fit(*collection)


def _weights(estimator: BAttention) -> dict[str, np.ndarray]:
    return estimator.model_.weights()


def _assert_same(a: BAttention, b: BAttention) -> None:
    assert a.model_.own == b.model_.own
    assert _weights(a).keys() == _weights(b).keys()
    for name, weight in _weights(a).items():
        np.testing.assert_array_equal(weight, _weights(b)[name])


def test_predict_is_cluster_by_the_model(fitted, others) -> None:
    x = others[0]
    expected = cluster(x, model=fitted.model_, seed=3)
    np.testing.assert_array_equal(fitted.predict(x), expected.clustering.labels)
    result = fitted.cluster(x)
    assert result.report.method == "b-attention"
    np.testing.assert_array_equal(result.clustering.strength, expected.clustering.strength)
    assert fitted.n_features_in_ == 16


def test_says_that_the_network_is_not_used(fitted, others) -> None:
    assert fitted.model_.own == 1, "choose data that a few steps cannot better"
    assert fitted.model_.whitening is not None, "and whitening can"
    assert (fitted.uses_network_, fitted.whitens_) == (False, True)
    found = fitted.validation_
    assert found == fitted.model_.about["validation"]
    assert found["average precision"] > found["of the cosine"]
    expected = fitted.model_.whitening(as_rows(others[0]))
    np.testing.assert_allclose(fitted.transform(others[0]), expected, atol=1e-5)


@pytest.mark.slow
def test_says_that_the_network_is_used(hidden, others) -> None:
    learner = BAttention(scores="cosine", steps=40, random_state=3).fit(*hidden())
    assert learner.model_.own < 1, "choose data from which a network learns"
    assert learner.uses_network_ is True
    found = learner.validation_
    assert found["average precision"] > found["of the cosine"]
    assert found["BCubed F"] > found["BCubed F of the cosine"]
    assert learner.transform(others[0]).shape[1] > 16


def test_transform_is_refine(fitted, others) -> None:
    x = others[0]
    rows = fitted.model_.prepare(as_rows(x))
    found = fitted.transform(x * 3)
    np.testing.assert_allclose(found, fitted.model_.refine(rows), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert found.dtype == np.float32


def test_equal_rows_count_as_one(fitted, others) -> None:
    """Forty copies would fill a local set of 32."""
    x = others[0]
    copies = np.concatenate([x, np.repeat(x[:3], 40, axis=0)])
    found, alone = fitted.transform(copies), fitted.transform(x)
    np.testing.assert_allclose(found[: len(x)], alone, atol=1e-5)
    np.testing.assert_array_equal(found[len(x) :], np.repeat(found[:3], 40, axis=0))


def test_cloned_it_learns_the_same_again(fitted, collection, others) -> None:
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert again.get_params()["steps"] == 8
    assert not hasattr(again, "model_")
    found = again.set_params(prefer="precision", n_jobs=1).fit_transform(*collection)
    _assert_same(again, fitted)
    np.testing.assert_allclose(found, fitted.transform(collection[0]), atol=1e-6)
    assert again.cluster(others[0]).report.prefer == "precision"


def test_pickled_it_predicts_the_same(fitted, others) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(others[0]), fitted.predict(others[0]))


def test_names_are_identities_as_numbers_are(fitted, collection) -> None:
    x, labels = collection
    _assert_same(BAttention(scores="cosine", steps=8, random_state=3).fit(x, NAMES[labels]), fitted)


def test_numbers_below_zero_are_nobody(collection) -> None:
    x, labels = collection
    x = np.concatenate([x, np.random.default_rng(0).standard_normal((9, 16))])
    some = np.concatenate([labels, np.repeat([-1.0, -2.0, -7.0], 3)])
    model = BAttention(scores="cosine", steps=2).fit(x, some).model_
    told = "99 items in 9 groups of the items, 9 of them of nobody"
    assert model.about["trained on"] == told
    assert model.about["plan"]["schedule"]["steps"] == 2


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (NAMES.astype(object), [None, float("nan"), "", "NA", None, " ", "nan", None, "None"]),
        (np.arange(24.0), [float("nan")] * 9),
    ],
)
def test_rows_whose_identity_is_missing_are_left_out(collection, names, missing) -> None:
    x, labels = collection
    more = np.concatenate([x[:45], np.random.default_rng(0).standard_normal((9, 16)), x[45:]])
    y = np.concatenate([names[labels[:45]], np.array(missing, names.dtype), names[labels[45:]]])
    found, expected = (
        BAttention(scores="cosine", steps=2).fit(*each) for each in ((more, y), (x, labels))
    )
    assert found.model_.about == expected.model_.about
    for name, weight in _weights(found).items():
        np.testing.assert_allclose(weight, _weights(expected)[name], atol=1e-5)


def test_identities_mean_the_same_in_a_file(collection, tmp_path) -> None:
    x, labels = collection
    words = ["", "-1", "NA", "-3", "None", "-1", "nan", "-1", "-1", "-1"]
    (tmp_path / "y.txt").write_text("\n".join([*map(str, labels[:80]), *words]) + "\n")
    np.save(tmp_path / "x.npy", x)
    source = labelled_items(read_embeddings(tmp_path / "x.npy"), tmp_path / "y.txt")
    known = np.delete(np.arange(90), [80, 82, 84, 86])
    np.testing.assert_array_equal(source.x, x[known])
    numbers = [None, -1, None, -3, float("nan"), -1, None, -1, -1, -1]
    y = np.array([*labels[:80], *numbers], object)
    found = BAttention(scores="cosine", steps=1).fit(x, y).model_.about
    assert found["trained on"] == "86 items in 9 groups of the items, 6 of them of nobody"
    assert (source.labels < 0).sum() == 6
    assert found == BAttention(scores="cosine", steps=1).fit(source.x, source.labels).model_.about


@pytest.mark.parametrize(
    ("row", "label", "told"),
    [
        (5, 7, "y: row 5 holds 7 where row 0 holds 'person a'; give all labels as integers, or"),
        (5, (1, 2), r"y: row 5 holds \(1, 2\) where row 0 holds 'person a'"),
        (0, 2.5, "y: row 1 holds 'person b' where row 0 holds 2.5"),
    ],
)
def test_what_is_no_identity_is_refused_by_its_row(collection, row, label, told) -> None:
    names = NAMES[collection[1]].astype(object)
    names[row] = label
    with pytest.raises(InputError, match=told):
        BAttention(scores="cosine", steps=1).fit(collection[0], names)


def test_no_identities_are_refused_with_the_way_out(collection) -> None:
    x, labels = collection
    with pytest.raises(InputError, match=r"requires y to be passed.*GraphClusterer"):
        BAttention(scores="cosine", steps=1).fit(x, None)
    for nothing in ([None] * 90, np.full(90, np.nan), np.full(90, -1), [""] * 90):
        with pytest.raises(InputError, match=r"y: names no identity, all 90 rows .*GraphClusterer"):
            BAttention(scores="cosine", steps=1).fit(x, nothing)
    with pytest.raises(InputError, match=r"y: row 3 holds 1\.5; labels must be whole numbers"):
        BAttention(scores="cosine", steps=1).fit(x, np.where(np.arange(90) == 3, 1.5, labels))
    with pytest.raises(InputError, match="y: row 0 holds inf"):
        BAttention(scores="cosine", steps=1).fit(x, np.where(np.arange(90) == 0, np.inf, labels))
    with pytest.raises(InputError, match=r"y: has shape \(90, 2\)"):
        BAttention(scores="cosine", steps=1).fit(x, np.column_stack([labels, labels]))


def test_a_transformer_of_one_test_in_half_precision(collection, others) -> None:
    x, labels = collection
    found = BAttention(scores="cosine", tests="multiple", flavour="transformer", steps=1)
    network = found.fit(x.astype(np.float16), labels).model_.network
    assert (network.single, network.multiple, network.flavour) == (False, True, "transformer")
    assert len(found.predict(others[0].astype(np.float16))) == 80


def test_a_plain_gcn(collection) -> None:
    network = BAttention(scores="cosine", tests="none", steps=1).fit(*collection).model_.network
    assert (network.single, network.multiple, network.flavour) == (False, False, "gcn")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"tests": "all"}, "tests must be both, multiple, single or none, got 'all'"),
        ({"flavour": "mlp"}, "flavour must be gcn or transformer, got 'mlp'"),
        ({"steps": 0}, "steps must be a whole number above 0, got 0"),
        ({"steps": 2.5}, "steps must be a whole number above 0, got 2.5"),
        ({"random_state": -1}, "non-negative"),
    ],
)
def test_wrong_parameters_are_refused(collection, wrong, told) -> None:
    with pytest.raises(ValueError, match=told):
        BAttention(**wrong).fit(*collection)


def test_wrong_input_is_refused(fitted, collection, others) -> None:
    x, labels = collection
    estimator = BAttention(scores="cosine", steps=1)
    with pytest.raises(NotFittedError):
        estimator.predict(x)
    with pytest.raises(NotFittedError):
        estimator.transform(x)
    with pytest.raises(ValueError, match=r"8 of 8 groups have two different items .* at least 9"):
        estimator.fit(x[labels < 8], labels[labels < 8])
    with pytest.raises(ValueError, match="NaN"):
        estimator.fit(np.where(x == x[3, 3], np.nan, x), labels)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(x, labels[:-1])
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        estimator.fit(csr_array(x), labels)
    for use in (fitted.predict, fitted.transform):
        with pytest.raises(ValueError, match="15 features, but BAttention is expecting 16"):
            use(others[0][:, :15])
    with pytest.raises(InputError, match="nothing to group: 1 item"):
        fitted.predict(others[0][:1])


def test_a_wrong_dial_is_refused(fitted, others) -> None:
    wrong = pickle.loads(pickle.dumps(fitted)).set_params(prefer="speed")
    with pytest.raises(ValueError, match="unknown prefer 'speed'"):
        wrong.predict(others[0])


def test_a_graph_clusterer_takes_the_model(fitted, others, tmp_path) -> None:
    x = others[0]
    write_model(tmp_path / "m", fitted.model_)
    for model in (fitted.model_, tmp_path / "m", str(tmp_path / "m")):
        found = GraphClusterer(model=model, random_state=3).fit(x)
        np.testing.assert_array_equal(found.labels_, fitted.predict(x))
        assert found.report_.method == "b-attention"
    blank = np.concatenate([x, np.zeros((1, 16), np.float32)])
    found = GraphClusterer(model=fitted.model_, random_state=3).fit_predict(blank)
    np.testing.assert_array_equal(found[:-1], fitted.predict(x))
    assert (found == found[-1]).sum() == 1
    with pytest.raises(InputError, match="embeddings of 16 numbers, these have 15"):
        GraphClusterer(model=fitted.model_).fit(x[:, :15])
    with pytest.raises(UsageError, match="metric 'euclidean'"):
        GraphClusterer(model=fitted.model_, metric="euclidean").fit(x)


def test_without_torch(collection, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"covey\[learn\]"):
        BAttention(scores="cosine", steps=1).fit(*collection)


@pytest.fixture(scope="module", params=[AdaNETS, LinkageGCN])
def other(request, hidden):
    """Of another network, fitted in a few steps."""
    return request.param(steps=8, random_state=3).fit(*hidden(120, 12))


def test_other_networks_learn_and_predict_alike(other, hidden) -> None:
    x, _ = hidden(80, 8, seed=4)
    expected = cluster(x, model=other.model_, seed=3)
    np.testing.assert_array_equal(other.predict(x), expected.clustering.labels)
    kind = {AdaNETS: "ada-nets", LinkageGCN: "linkage"}[type(other)]
    assert other.cluster(x).report.method == kind == other.model_.kind.name
    assert other.uses_network_ == other.model_.uses_network
    assert other.validation_ == other.model_.about["validation"]
    assert other.model_.about["plan"]["schedule"]["steps"] == 8
    assert hasattr(other, "transform") == (type(other) is AdaNETS)
    assert clone(other).get_params() == other.get_params()
    again = pickle.loads(pickle.dumps(other))
    np.testing.assert_array_equal(again.predict(x), expected.clustering.labels)


@pytest.mark.parametrize(
    ("estimator", "changes", "words"),
    [
        (AdaNETS, {"space": "all"}, "space must be structure, read or knn, got 'all'"),
        (AdaNETS, {"length": 5}, "length must be adaptive, fixed, all, gap or stable, got 5"),
        (AdaNETS, {"k": 1}, r"k must be a whole number in \[2, inf\], got 1"),
        (AdaNETS, {"k": 2.5}, r"k must be a whole number in \[2, inf\], got 2.5"),
        (AdaNETS, {"beta": float("inf")}, "beta must be a number"),
        (LinkageGCN, {"pool": float("inf")}, "pool must be a number"),
        (AdaNETS, {"eta": 1.5}, r"eta must be a number in \[0, 1\], got 1.5"),
        (AdaNETS, {"beta": "x"}, "beta must be a number"),
        (AdaNETS, {"scores": "best"}, "scores must be auto or cosine"),
        (LinkageGCN, {"sampling": "all"}, "sampling must be riws, resample or none, got 'all'"),
        (LinkageGCN, {"loss": "mse"}, "loss must be ce, ohem"),
        (LinkageGCN, {"pool": 0.5}, r"pool must be a number in \[1, inf\], got 0.5"),
        (LinkageGCN, {"steps": 0}, "steps must be a whole number above 0"),
    ],
)
def test_parameters_of_other_networks_are_checked(estimator, changes, words, collection) -> None:
    with pytest.raises(ValueError, match=words):
        estimator(**changes).fit(*collection)


@pytest.mark.parametrize("estimator", [AdaNETS, LinkageGCN])
def test_other_networks_want_labels(estimator, collection) -> None:
    name = estimator.__name__
    with pytest.raises(InputError, match=f"{name} requires y to be passed"):
        estimator().fit(collection[0], None)
