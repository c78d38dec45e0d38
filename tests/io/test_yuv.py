"""Colours of films, by the matrices that they tell."""

from __future__ import annotations

import numpy as np
import pytest

av = pytest.importorskip("av")

_PATCHES = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255)]
_PATCHES += [(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 90, 40), (30, 110, 220)]


def _patches(rows: int) -> np.ndarray:
    """Squares of 16 in strong colours."""
    pixels = np.zeros((rows, 64, 3), np.uint8)
    for at, colour in enumerate(_PATCHES):
        top, left = 16 * (at // 4), 16 * (at % 4)
        pixels[top : top + 16, left : left + 16] = colour
    return pixels


@pytest.mark.parametrize(
    ("rows", "told", "taken"),
    [(48, 1, 1), (48, 6, 6), (48, 5, 5), (48, 9, 9), (48, 2, 6), (720, 2, 1), (720, 6, 6)],
)
@pytest.mark.parametrize("full", [False, True])
def test_colours_go_by_the_matrix_that_the_film_tells(
    rows, told, taken, full, tmp_path, read_film
) -> None:
    pixels = _patches(rows)
    scaler = {1: 1, 5: 5, 6: 5, 9: 9}[taken]
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        format="yuv444p", dst_colorspace=scaler, dst_color_range=2 if full else 1, src_color_range=2
    )
    frame.colorspace, frame.color_range = told, 2 if full else 1
    frame.pts = 0
    with av.open(str(tmp_path / "a.mkv"), "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, rows, "yuv444p"
        stream.codec_context.colorspace = told
        stream.codec_context.color_range = 2 if full else 1
        film.mux(stream.encode(frame))
        film.mux(stream.encode())
    [(_, found)] = read_film(tmp_path / "a.mkv")
    assert np.abs(found.astype(int) - pixels).max() <= 3


@pytest.mark.parametrize("rows", [48, 720])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".y4m"])
def test_colours_that_are_written_are_read(rows, suffix, tmp_path, write_film, read_film) -> None:
    pixels = _patches(rows)
    path = write_film(tmp_path / f"a{suffix}", [(0, pixels)], crf=1)
    [(_, found)] = read_film(path)
    inside = np.abs(found.astype(int) - pixels)[4:44, :]
    middles = [at for at in range(64) if 4 <= at % 16 < 12]
    assert inside[[at - 4 for at in range(4, 44) if 4 <= at % 16 < 12]][:, middles].max() <= 5
    if suffix != ".y4m":
        with av.open(str(path)) as film:
            context = film.streams.video[0].codec_context
            assert (context.colorspace, context.color_range) == ((6 if rows < 720 else 1), 1)
