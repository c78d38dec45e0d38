"""Account of bytes, on clips that are only numbers."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.video.pacing import Pacer


def _run(total: int | None, frames: int, group: int, jump: float = 1.0) -> tuple[float, list[int]]:
    """Bytes a frame against the budget, and rates; halfway frames get harder to code."""
    pacer, spent, rates = Pacer(1000.0, total), 0.0, []
    for done in range(0, frames, group):
        some = min(group, frames - done)
        pacer.spent = spent
        rate = pacer.next_rate(some)
        if rate is None:
            assert pacer.allowed(some) == pytest.approx(1000.0 * some)
            rate = 6400  # the first is searched for
        harder = jump if done >= frames / 2 else 1.0
        n_bytes = harder * 200 * np.exp(2.5e-4 * rate) * some
        pacer.take(rate, some, int(n_bytes))
        spent += n_bytes
        rates.append(rate)
    return spent / (1000.0 * frames), rates


@pytest.mark.parametrize("total", [320, None])
def test_what_is_spent_is_what_was_planned(total) -> None:
    share, rates = _run(total, 320, 8)
    assert share == pytest.approx(1.0, abs=0.03)
    assert np.ptp(rates[5:]) < 400


@pytest.mark.parametrize("jump", [0.6, 2.5])
def test_harder_and_easier_scenes(jump) -> None:
    share, rates = _run(320, 320, 8, jump)
    assert share == pytest.approx(1.0, abs=0.05)
    assert (rates[-1] < rates[5]) == (jump > 1)


def test_an_overspent_clip_still_gets_something() -> None:
    pacer = Pacer(100.0, 20)
    pacer.take(5000, 10, 90_000)
    pacer.spent = 90_000
    assert pacer.allowed(10) == pytest.approx(100.0)
    assert pacer.next_rate(10) == 3500  # no further at once


def test_more_frames_than_were_told() -> None:
    pacer = Pacer(100.0, 10)
    pacer.take(3000, 10, 1000)
    pacer.spent = 1000
    assert pacer.allowed(5) == pytest.approx(500.0)
