"""`benchmarks/review_timings.py` on a project that is small."""

import pytest

review_timings = pytest.importorskip("review_timings", reason="not in a source distribution")


def test_every_action_is_timed() -> None:
    found = review_timings.measured(2500, 2)
    assert (found["items"], found["repeats"]) == (2500, 2)
    assert found["suggestions"] > 100
    steps = {*review_timings.readings(), "merge", "split", "move", "undo", "redo"}
    assert steps <= set(found["milliseconds"])
    for times in found["milliseconds"].values():
        assert 0 < times["median"] <= times["p95"] <= times["longest"]
