"""Account of bytes, on clips that are only numbers."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.video.pacing import Pacer


def _run(total: int | None, frames: int, group: int, jump: float = 1.0) -> tuple[float, list[int]]:
    """Bytes a frame against the budget, and rates; halfway frames get harder to code."""
    limit = 1000.0 * frames if total is not None else None
    pacer, spent, rates = Pacer(1000.0, limit, total), 0.0, []
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
    assert np.ptp(rates[5:-1]) < 400  # the last is searched for


@pytest.mark.parametrize("jump", [0.6, 2.5])
def test_harder_and_easier_scenes(jump) -> None:
    share, rates = _run(320, 320, 8, jump)
    assert share == pytest.approx(1.0, abs=0.05)
    assert (rates[-1] < rates[5]) == (jump > 1)


def test_an_overspent_clip_still_gets_something() -> None:
    """Where there is no limit to the whole; where there is one, nothing."""
    pacer = Pacer(100.0, total=20)
    pacer.take(5000, 10, 90_000)
    pacer.spent = 90_000
    assert pacer.allowed(10) == pytest.approx(100.0)
    assert pacer.next_rate(10) == 3500  # no further at once
    limited = Pacer(100.0, 2000.0, 20, spent=90_000, done=10)
    assert limited.allowed(10, last=True) == 0


@pytest.mark.parametrize("told", [12, 48, 96, 960])
def test_a_limit_holds_however_many_frames_were_told(told) -> None:
    limit, spent = 96_000.0, 0.0
    pacer = Pacer(limit / told, limit, told)
    for done in range(0, 96, 8):
        pacer.spent = spent
        allowed = pacer.allowed(8, last=done == 88)
        assert allowed > 0
        spent += allowed
        pacer.take(4000, 8, int(allowed))
    assert spent == pytest.approx(limit)
