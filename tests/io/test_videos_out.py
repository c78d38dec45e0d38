"""Frames to films."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from covey.io.videos import open_video
from covey.io.videos_out import write_video
from covey.types import CoveyError, UsageError

pytest.importorskip("av")


@pytest.mark.parametrize("size", [(48, 32), (47, 31), (1, 1), (5, 3)])
def test_y4m_keeps_all_but_the_rounding_of_yuv(
    size, tmp_path, film_rate, ball_frames, write_film, read_film, most_levels
) -> None:
    frames = ball_frames(3, *size)
    path = write_film(tmp_path / "a.y4m", frames)
    found = read_film(path)
    assert most_levels(found, frames) <= 2
    assert open_video(path).frame_rate == film_rate
    again = write_film(tmp_path / "b.y4m", found)
    assert most_levels(read_film(again), found) <= 1


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("size", [(48, 32), (47, 32), (48, 31), (63, 65), (17, 17)])
@pytest.mark.parametrize("count", [1, 2, 12])
def test_films_keep_sizes_and_nearly_the_pixels(
    suffix, size, count, tmp_path, ball_frames, write_film, read_film, most_levels
) -> None:
    frames = ball_frames(count, *size)
    path = write_film(tmp_path / f"a{suffix}", frames, crf=4)
    source = open_video(path)
    assert (source.width, source.height) == size
    assert source.expected_frames in (count, None) or suffix == ".mkv"
    assert source.notes == []
    assert most_levels(read_film(path), frames) <= (24 if size == (48, 32) else 8)
    mean = np.mean(
        [
            np.abs(a[1].astype(int) - b[1]).mean()
            for a, b in zip(read_film(path), frames, strict=True)
        ]
    )
    assert mean < 2.5


def test_the_rate_is_kept(tmp_path, film_rate, ball_frames, write_film) -> None:
    for suffix in (".mp4", ".mov", ".mkv"):
        source = open_video(write_film(tmp_path / f"a{suffix}", ball_frames(8)))
        assert float(source.frame_rate) == pytest.approx(float(film_rate), rel=2e-3)


@pytest.mark.parametrize("first", [0, 700])
def test_time_stamps_are_kept(first, tmp_path, ball_frames, write_film) -> None:
    times = [first + at for at in (0, 33, 40, 100, 101, 350, 1000)]  # milliseconds
    frames = [(pts, pixels) for pts, (_, pixels) in zip(times, ball_frames(7), strict=True)]
    for suffix in (".mp4", ".mov", ".mkv"):
        path = write_film(tmp_path / f"a{suffix}", frames, time_base=Fraction(1, 1000))
        source = open_video(path)
        assert [pts * source.time_base * 1000 for pts, _ in source.frames()] == times


def test_what_cannot_be_written_is_refused(tmp_path, ball_frames, write_film) -> None:
    with pytest.raises(UsageError, match=r"no videos are written as \.webm; choose \.mp4"):
        write_film(tmp_path / "a.webm", ball_frames(1))
    with pytest.raises(UsageError, match="crf must be"):
        write_film(tmp_path / "a.mp4", ball_frames(1), crf=60)
    with pytest.raises(UsageError, match="holds no time base"):
        write_film(tmp_path / "a.mp4", ball_frames(1), time_base=Fraction(1, 2**40))
    with pytest.raises(ValueError, match="frame 0 is"):
        write_film(tmp_path / "a.mp4", ball_frames(1), size=(9, 9))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing(tmp_path, film_rate, ball_frames) -> None:
    def frames():
        yield from ball_frames(2)
        raise CoveyError("stop")

    for name in ("a.mp4", "a.y4m", "a"):
        with pytest.raises(CoveyError, match="stop"):
            write_video(
                tmp_path / name,
                frames(),
                time_base=1 / film_rate,
                frame_rate=film_rate,
                size=(48, 32),
            )
    assert list(tmp_path.iterdir()) == []
