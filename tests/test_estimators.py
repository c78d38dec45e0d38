"""The estimator keeps scikit-learn's contract and adds nothing to `cluster`."""

import joblib
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.utils.estimator_checks import parametrize_with_checks

from covey.clustering import cluster
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.estimators import GraphClusterer
from covey.hub import default_model
from covey.io.model_folder import write_model
from covey.metrics.clustering import evaluate
from covey.types import InputError


@parametrize_with_checks([GraphClusterer()])
def test_contract(estimator, check) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def collection():
    return von_mises_fisher_mixture(600, 64, n_groups=30, seed=1)


def test_is_cluster(collection) -> None:
    x, labels = collection
    fitted = GraphClusterer(prefer="precision", random_state=3).fit(x)
    result = cluster(x, prefer="precision", seed=3)
    np.testing.assert_array_equal(fitted.labels_, result.clustering.labels)
    np.testing.assert_array_equal(fitted.strength_, result.clustering.strength)
    assert fitted.n_clusters_ == result.clustering.n_clusters
    assert fitted.report_.prefer == "precision"
    assert fitted.n_features_in_ == 64
    scores = evaluate(labels, fitted.labels_).bcubed
    assert 1.0625 / (0.0625 / scores.recall + 1 / scores.precision) > 0.9  # F of beta .25
    assert evaluate(labels, GraphClusterer().fit(x).labels_).bcubed.f > 0.95


def test_in_a_pipeline_and_cloned(collection) -> None:
    x, _ = collection
    found = make_pipeline(Normalizer(), GraphClusterer(k=20)).fit_predict(x)
    scaled = Normalizer().fit_transform(x)
    np.testing.assert_array_equal(found, clone(GraphClusterer(k=20)).fit_predict(scaled))
    # Rows that differ in the last bit stand in another order: nearly the same clusters.
    assert adjusted_mutual_info_score(found, GraphClusterer(k=20).fit_predict(x)) > 0.95


@pytest.mark.parametrize("state", [None, 7, np.int64(7), np.random.RandomState(7)])
def test_any_random_state(collection, state) -> None:
    assert len(GraphClusterer(random_state=state).fit(collection[0][:100]).labels_) == 100


def test_rows_without_direction_stand_alone(collection) -> None:
    x = collection[0][:50].copy()
    x[[0, 13]] = 0
    fitted = GraphClusterer().fit(x)
    sizes = np.bincount(fitted.labels_)
    assert sizes[fitted.labels_[[0, 13]]].tolist() == [1, 1]
    assert fitted.strength_[[0, 13]].tolist() == [0, 0]
    assert fitted.labels_[0] == 0
    assert fitted.n_clusters_ == len(sizes)
    others = np.delete(fitted.labels_, [0, 13])
    alone = GraphClusterer().fit_predict(np.delete(x, [0, 13], axis=0))
    np.testing.assert_array_equal(np.unique(others, return_inverse=True)[1], alone)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(
    "x", [[[3.0, 4.0]], [[0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]], np.zeros((3, 2))]
)
def test_hardly_any_rows_are_labelled_too(x, metric) -> None:
    fitted = GraphClusterer(metric=metric).fit(x)
    alone = len(x) == 1 or metric == "cosine"
    if alone:
        assert fitted.labels_.tolist() == list(range(len(x)))
        assert fitted.strength_.tolist() == [0] * len(x)
        assert fitted.report_ is None
    assert fitted.n_clusters_ == len(set(fitted.labels_.tolist()))
    with pytest.raises(ValueError, match="magic"):
        GraphClusterer(metric=metric, method="magic").fit(x)


def test_a_model_by_its_folder_or_itself_pickles(collection, tmp_path) -> None:
    shipped = default_model()
    write_model(tmp_path / "m", shipped, "")
    by_default = GraphClusterer().fit(collection[0][:200])
    for model in (str(tmp_path / "m"), tmp_path / "m", shipped):
        fitted = clone(GraphClusterer(model=model)).fit(collection[0][:200])
        np.testing.assert_array_equal(fitted.labels_, by_default.labels_)
        joblib.dump(fitted, tmp_path / "fitted.joblib")
        again = joblib.load(tmp_path / "fitted.joblib")
        np.testing.assert_array_equal(again.labels_, fitted.labels_)
        assert again.get_params().keys() == fitted.get_params().keys()
    with pytest.raises(InputError, match="nowhere"):
        GraphClusterer(model=tmp_path / "nowhere").fit(collection[0][:1])


def test_sparse_is_refused(collection) -> None:
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        GraphClusterer().fit(csr_array(collection[0][:50]))


@pytest.mark.parametrize(
    "wrong", [{"prefer": "speed"}, {"method": "magic"}, {"partition": "magic"}, {"k": 0}]
)
def test_wrong_parameters_are_refused(collection, wrong) -> None:
    with pytest.raises(ValueError, match=r"speed|magic|k must"):
        GraphClusterer(**wrong).fit(collection[0][:50])
