"""Training of the appraiser: a planted rule, and what it takes of clusterings it has not seen."""

import numpy as np
import pytest

pytest.importorskip("torch")
from scipy.special import expit

from covey.training.appraisal import AppraisalSchedule, train_appraiser
from covey.training.examples import CutExamples
from covey.types import UsageError


def _planted(seed: int, recipes: int = 2, cuts: int = 8) -> CutExamples:
    """Six signs; precision follows the first, recall the second with a bend by the third."""
    rng = np.random.default_rng(seed)
    signs = (rng.normal(size=(recipes, cuts, 6)) * [1, 1, 1, 5, 0.1, 1] + 3).astype(np.float32)
    precision = expit(1.5 * (signs[..., 0] - 3))
    recall = expit(np.abs(signs[..., 2] - 3) - (signs[..., 1] - 3))
    return CutExamples((), signs, np.stack([precision, recall], axis=-1).astype(np.float32))


_SCHEDULE = AppraisalSchedule(steps=500, batch=256)


@pytest.fixture(scope="module")
def trained():
    told: list[tuple[int, float]] = []
    views = [_planted(seed) for seed in range(100)]
    network = train_appraiser(views, _SCHEDULE, tell=lambda *call: told.append(call))
    return network, told


def test_learns_a_planted_rule(trained) -> None:
    network, told = trained
    assert [step for step, _ in told] == list(range(1, 501))
    assert np.mean([loss for _, loss in told[-50:]]) < np.mean([loss for _, loss in told[:50]])
    held = [_planted(seed) for seed in range(1000, 1040)]
    foreseen = expit(network(np.concatenate([e.signs for e in held])))
    truth = np.concatenate([e.truth for e in held])
    assert np.abs(foreseen - truth).mean() < 0.05
    kept = []
    for e in held:
        best, taken = 0.0, (-1.0, 0.0)
        for r in range(e.signs.shape[0]):
            for c in range(e.signs.shape[1]):
                p, q = expit(network(e.signs[r, c][None])[0].astype(float))
                tp, tq = e.truth[r, c].astype(float)
                best = max(best, 2 * tp * tq / (tp + tq))
                taken = max(taken, (2 * p * q / (p + q), 2 * tp * tq / (tp + tq)))
        kept.append(taken[1] / best)
    assert np.mean(kept) > 0.97  # of the best F, by taking what it foresees to be best


def test_a_seed_gives_the_same_weights() -> None:
    views = [_planted(seed) for seed in range(5)]
    short = AppraisalSchedule(steps=10, batch=32, seed=2)
    one, other = train_appraiser(views, short), train_appraiser(views, short)
    for a, b in zip(one.layers, other.layers, strict=True):
        np.testing.assert_array_equal(a[0], b[0])


def test_targets_of_zero_and_one_stay_finite() -> None:
    e = _planted(0)
    hard = CutExamples((), e.signs, (e.truth > 0.5).astype(np.float32))
    network = train_appraiser([hard], AppraisalSchedule(steps=20, batch=16))
    assert np.isfinite(network(e.signs)).all()


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to train on"):
        train_appraiser([], _SCHEDULE)
