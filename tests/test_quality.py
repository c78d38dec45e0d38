"""How well real collections are grouped at the defaults, against peers tuned with labels.

cuhk03 and clinc150 stay unseen: they are for the final figures, never for choices.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from covey.clustering import ClusterResult, cluster
from covey.metrics.clustering import evaluate
from covey.types import Int64

sets = pytest.importorskip("labelled_sets", reason="not in a source distribution")

_PEER = {"lfw": 0.940, "market1501": 0.514, "googlenews_t": 0.865, "omniglot_eval": 0.734}
"""BCubed F of the best peer whose parameters were chosen with the labels."""


def test_the_gates_stand_where_the_peers_do() -> None:
    results = Path(sets.__file__).parent / "results" / "quality_peers.json"
    best = dict.fromkeys(_PEER, 0.0)
    for entry in json.loads(results.read_text())["results"]:
        if entry["set"] in best:
            best[entry["set"]] = max(best[entry["set"]], entry["scores"]["bcubed"]["f"])
    assert best == pytest.approx(_PEER, abs=6e-4)


@pytest.fixture(scope="module")
def clustered() -> Callable[[str], tuple[ClusterResult, Int64]]:
    """`clustered(name)`: a set at the defaults, and its groups; each clustered once."""
    if sets.data_root() is None:
        pytest.skip("set COVEY_DATA to the folder of data sets")

    @cache
    def run(name: str) -> tuple[ClusterResult, Int64]:
        x, labels = sets.load_set(name)
        return cluster(x), labels

    return run


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", _PEER)
def test_quality_holds(name: str, clustered) -> None:
    result, labels = clustered(name)
    scores = evaluate(labels, result.clustering.labels)
    assert scores.bcubed.f >= 0.9 * _PEER[name]
    assert result.report.agreement > 0.3
    assert not any("may be no groups" in note for note in result.report.notes)
    order = np.argsort(result.clustering.strength)
    weak, strong = order[: len(order) // 5], order[-len(order) // 5 :]
    right = _share_of_own_group(labels, result.clustering.labels)
    assert right[strong].mean() > right[weak].mean()


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", _PEER)
def test_promised_precision_is_near_enough_to_act_on(name: str, clustered) -> None:
    result, labels = clustered(name)
    true = evaluate(labels, result.clustering.labels).bcubed.precision
    assert result.report.expected_precision == pytest.approx(true, abs=0.35)


_UNSEEN = pytest.mark.xfail(
    strict=True, reason="recall between cameras cannot be foreseen: .72 promised, .37 true"
)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=_UNSEEN) if n == "market1501" else n for n in _PEER]
)
def test_promised_recall_is_near_enough_to_act_on(name: str, clustered) -> None:
    result, labels = clustered(name)
    true = evaluate(labels, result.clustering.labels).bcubed.recall
    assert result.report.expected_recall == pytest.approx(true, abs=0.35)


def _share_of_own_group(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) share of each item's cluster that is of its group."""
    _, inverse, count = np.unique(
        truth * (labels.max() + 1) + labels, return_inverse=True, return_counts=True
    )
    return count[inverse] / np.bincount(labels)[labels]
