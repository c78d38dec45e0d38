"""Folders of frames in and out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from covey.io.frame_folder import gaps, natural
from covey.io.videos import open_video
from covey.types import InputError, UsageError


@pytest.mark.parametrize("size", [(48, 32), (47, 32), (48, 31), (1, 1), (5, 3)])
def test_a_folder_keeps_every_bit(
    size, tmp_path, ball_frames, write_film, read_film, most_levels
) -> None:
    frames = ball_frames(3, *size)
    write_film(tmp_path / "out", frames)
    found = read_film(tmp_path / "out")
    assert most_levels(found, frames) == 0
    assert [pts for pts, _ in found] == [0, 1, 2]
    with pytest.raises(UsageError, match="exists already"):
        write_film(tmp_path / "out", frames)
    write_film(tmp_path / "out", frames[:1], overwrite=True)
    assert len(read_film(tmp_path / "out")) == 1


def test_frames_of_a_folder_come_in_natural_order(tmp_path, read_film) -> None:
    names = ["f10.png", "f2.JPG", "f1.png"]
    for name in names:
        Image.new("RGB", (8, 4), (int(natural(name)[1][0]), 0, 0)).save(tmp_path / name)
    (tmp_path / "read.txt").write_text("me")
    (tmp_path / "._f1.png").write_bytes(b"what macOS leaves beside files")
    (tmp_path / "f9.png").mkdir()
    with open_video(tmp_path, Fraction(12)) as source:
        assert (source.expected_frames, source.frame_rate) == (3, 12)
        assert source.time_base == Fraction(1, 12)
        shown = [int(pixels[0, 0, 0]) for _, pixels in source.frames()]
        assert np.abs(np.array(shown) - [1, 2, 10]).max() <= 1
        assert [pts for pts, _ in source.frames(2)] == [2]
    Image.new("RGBA", (9, 4)).save(tmp_path / "f3.png")
    with pytest.raises(InputError, match=r"f3\.png: frame 2 has 9 x 4 pixels"):
        read_film(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no PNG or JPEG"):
        open_video(tmp_path / "empty")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("f1 f2 f3", None),
        ("f0 f5 f10", None),
        ("f1 f2 f4", "lacks 1 of its numbers, between f2 and f4;"),
        ("f000 f005 f015 f040", "lacks 5 of its numbers, between f005 and f015 and in 1 more pl"),
        ("1 2 9", "lacks 6 of its numbers, between 2 and 9;"),
        ("take2_1 take2_2 take2_4", "lacks 1 of its numbers, between take2_2 and take2_4;"),
        ("f1 f2 g9", None),
        ("f1 f9 last", None),
        ("7", None),
    ],
)
def test_missing_numbers_of_frames_are_told(names, told) -> None:
    found = gaps(names.split())
    assert len(found) == (told is not None)
    assert not told or found[0].startswith(told)
