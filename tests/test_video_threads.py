"""Threads that memory holds."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.video_threads import threads_that_fit

_GIBI = 2**30


@pytest.mark.parametrize(
    ("free", "size", "wanted", "found"),
    [
        (None, (2160, 3840), 64, 64),
        (32 * _GIBI, (240, 416), 16, 16),
        (32 * _GIBI, (1080, 1920), 16, 16),
        (32 * _GIBI, (2160, 3840), 16, 4),
        (_GIBI, (2160, 3840), 16, 1),
    ],
)
def test_large_frames_get_fewer(free, size, wanted, found, monkeypatch) -> None:
    monkeypatch.setattr("covey.video_threads.memory_bytes", lambda: (free, free))
    assert threads_that_fit(*size, 32, wanted) == found
