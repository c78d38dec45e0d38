"""Clips in memory: the first frames of a film, and no more than fit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import covey.codec_bench.held_clip as module
import covey.resources
from covey.codec_bench.held_clip import HeldClip, hold_clip
from covey.types import InputError, MemoryLimitError


def test_a_held_clip_is_a_source() -> None:
    clip = HeldClip("x", [np.full((4, 6, 3), n, np.uint8) for n in range(5)], Fraction(50))
    with clip as source:
        assert [n for n, _ in source.frames(3)] == [3, 4]
        assert [int(pixels[0, 0, 0]) for _, pixels in source.frames(3)] == [3, 4]
    assert (clip.width, clip.height, clip.expected_frames) == (6, 4, 5)
    assert clip.time_base == Fraction(1, 50)


@pytest.fixture
def folder(waves, tmp_path: Path) -> Path:
    (tmp_path / "f").mkdir()
    for number, pixels in enumerate(waves(5, 20, 30).pixels):
        Image.fromarray(pixels).save(tmp_path / "f" / f"{number}.png")
    return tmp_path / "f"


def test_the_first_frames_in_a_row(folder: Path, waves) -> None:
    told: list[float] = []
    clip = hold_clip(folder, 3, tell=told.append)
    assert len(clip.pixels) == 3
    for mine, theirs in zip(clip.pixels, waves(5, 20, 30).pixels, strict=False):
        np.testing.assert_array_equal(mine, theirs)
    assert clip.notes == [
        "only the first 3 frames of about 5 are compared; --max-frames N takes more"
    ]
    assert told[-1] == 1
    assert hold_clip(folder, 5).notes == hold_clip(folder).notes == []


def test_more_than_fits_is_refused_before_it_is_read(folder: Path, monkeypatch) -> None:
    frame = 2 * 3 * 20 * 30
    free = module._WORK * 20 * 30 + 2 * frame + 1
    for each in (module, covey.resources):
        monkeypatch.setattr(each, "memory_bytes", lambda: (free, free))
    (folder / "1.png").write_bytes(b"would be told of if it were read")
    with pytest.raises(MemoryLimitError, match="coding 5 frames of 30 x 20 pixels"):
        hold_clip(folder)
    with pytest.raises(MemoryLimitError, match="--max-frames 2 would fit"):
        hold_clip(folder)
    with pytest.raises(InputError, match=r"1\.png: cannot be read"):
        hold_clip(folder, 2)
    with pytest.raises(MemoryLimitError, match="smaller, or code fewer at a time"):
        hold_clip(folder, 2, at_once=2)


def test_a_film_that_was_compressed_is_told_of(waves, tmp_path: Path) -> None:
    pytest.importorskip("av")
    from covey.io.videos_out import write_video

    clip = waves(4)
    rate = clip.frame_rate
    for name in ("a.mp4", "a.y4m"):
        frames = clip.frames()
        write_video(tmp_path / name, frames, time_base=1 / rate, frame_rate=rate, size=(64, 48))
    held = hold_clip(tmp_path / "a.mp4")
    assert held.notes == [f"{tmp_path}/a.mp4 was compressed by h264 already, which flatters x264"]
    assert held.frame_rate == rate
    assert hold_clip(tmp_path / "a.y4m").notes == []
    (tmp_path / "b.mp4").write_text("a text")
    with pytest.raises(InputError, match=r"b\.mp4: cannot be read as a video"):
        hold_clip(tmp_path / "b.mp4")
