"""Progress of every stage, and an interruption at any of them."""

import pytest

from covey.clustering import cluster


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_progress_of_every_stage(mixture, metric) -> None:
    calls: list[tuple[str, float]] = []
    cluster(mixture[0][:300], metric=metric, progress=lambda *call: calls.append(call))
    stages = list(dict.fromkeys(stage for stage, _ in calls))
    assert stages == ["reading", "neighbours", "agreement", "groups"]
    assert [stage for stage, _ in calls] == sorted((s for s, _ in calls), key=stages.index)
    for stage in stages:
        done = [fraction for name, fraction in calls if name == stage]
        assert done[0] == 0
        assert done[-1] == 1
        assert all(0 <= fraction <= 1 for fraction in done)
    agreement = [fraction for name, fraction in calls if name == "agreement"]
    assert agreement == sorted(agreement)
    assert len(agreement) > 20


@pytest.mark.parametrize("stage", ["reading", "neighbours", "agreement", "groups"])
def test_an_interrupt_comes_through(mixture, found, stage: str, assert_same) -> None:
    def stop(name: str, done: float) -> None:
        if name == stage and done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cluster(mixture[0], progress=stop)
    assert_same(found, cluster(mixture[0]))  # and leaves nothing behind
