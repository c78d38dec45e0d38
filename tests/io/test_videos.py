"""Films to frames."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covey.io.videos import open_video
from covey.types import InputError, MissingExtraError

av = pytest.importorskip("av")


def test_start_skips_exactly(tmp_path, ball_frames, write_film, read_film, most_levels) -> None:
    path = write_film(tmp_path / "a.mp4", ball_frames(9))
    whole = read_film(path)
    for start in (0, 1, 5, 8, 9, 20):
        found = read_film(path, start)
        assert [pts for pts, _ in found] == [pts for pts, _ in whole[start:]]
        assert not found or most_levels(found, whole[start:]) == 0


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_films_are_turned_upright(turn, tmp_path, ball_frames, most_levels) -> None:
    frames = ball_frames(3)
    with av.open(str(tmp_path / "a.mp4"), "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"crf": "4"})
        if not hasattr(stream, "set_display_rotation"):
            pytest.skip("this PyAV writes no rotation")
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        stream.set_display_rotation(turn)
        for pts, pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = pts
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    with av.open(str(tmp_path / "a.mp4")) as film:
        stored = next(film.decode(video=0))
        left = stored.rotation // 90
    assert abs(stored.rotation) in (turn, 360 - turn)
    source = open_video(tmp_path / "a.mp4")
    assert (source.width, source.height) == ((48, 32) if turn % 180 == 0 else (32, 48))
    wanted = [(pts, np.rot90(pixels, left)) for pts, pixels in frames]
    assert most_levels(list(source.frames()), wanted) <= 24


def test_a_film_that_changes_its_size_is_refused(tmp_path, ball_frames, read_film) -> None:
    raw = b""
    for size in ((48, 32), (64, 32)):
        path = tmp_path / "a.h264"
        with av.open(str(path), "w", format="h264") as film:
            stream = film.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for _, pixels in ball_frames(3, *size):
                film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            film.mux(stream.encode())
        raw += path.read_bytes()
    (tmp_path / "b.h264").write_bytes(raw)
    with pytest.raises(InputError, match="frame 3 has 64 x 32 pixels, and the first one 48 x 32"):
        read_film(tmp_path / "b.h264")


def test_patterns_and_moving_pictures(tmp_path, read_film) -> None:
    for at in range(3):
        Image.new("RGB", (8, 6), (40 * at, 9, 200)).save(tmp_path / f"f{at:03d}.png")
    found = read_film(tmp_path / "f%03d.png")
    assert [pixels[0, 0].tolist() for _, pixels in found] == [[40 * at, 9, 200] for at in range(3)]
    first, *rest = [Image.new("RGB", (8, 6), (99 * at, 9, 200)) for at in range(3)]
    first.save(tmp_path / "a.gif", save_all=True, append_images=rest, duration=100)
    found = read_film(tmp_path / "a.gif")
    assert [pixels[0, 0].tolist() for _, pixels in found] == [[99 * at, 9, 200] for at in range(3)]


def test_what_is_no_video_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match=r"none\.mp4: there is no such file"):
        open_video(tmp_path / "none.mp4")
    for name, data in (("a.mp4", b"Dear reader,\n" * 50), ("b.mp4", b""), ("c.txt", b"hi\n" * 99)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=f"{name}: cannot be read as a video"):
            open_video(tmp_path / name)
    with av.open(str(tmp_path / "a.mkv"), "w") as film:
        stream = film.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        film.mux(stream.encode(frame))
        film.mux(stream.encode())
    with pytest.raises(InputError, match=r"a\.mkv: has no video stream"):
        open_video(tmp_path / "a.mkv")


def test_frames_that_are_too_large_are_refused(tmp_path, ball_frames, write_film) -> None:
    path = write_film(tmp_path / "a.mp4", ball_frames(1))
    with pytest.raises(InputError, match="48 x 32 pixels, more than 1,000; allow"):
        open_video(path, most_pixels=1000)


def test_of_a_film_that_is_cut_off_the_rest_is_used(
    tmp_path, ball_frames, write_film, read_film, most_levels
) -> None:
    path = write_film(tmp_path / "a.mp4", ball_frames(40), crf=4)
    data = path.read_bytes()
    whole = read_film(path)
    path.write_bytes(data[: len(data) * 3 // 4])
    source = open_video(path)
    found = list(source.frames())
    assert 5 < len(found) < 40
    assert any("of its 40 frames" in note or "damaged" in note for note in source.notes)
    assert most_levels(found[:5], whole[:5]) == 0
    path.write_bytes(data[:300])
    with pytest.raises(InputError, match=r"cannot be read|no video stream|nothing of its"):
        open_video(path)


def test_no_bytes_make_it_fail_otherwise(tmp_path, ball_frames, write_film, read_film) -> None:
    data = write_film(tmp_path / "a.mp4", ball_frames(6)).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40):
        changed = np.frombuffer(data, np.uint8).copy()
        changed[rng.integers(0, len(data), 12)] = rng.integers(0, 256, 12)
        (tmp_path / "b.mp4").write_bytes(changed.tobytes())
        try:
            found = read_film(tmp_path / "b.mp4")
        except InputError:
            continue
        assert np.all(np.diff([pts for pts, _ in found]) > 0)


def test_without_pyav_the_command_is_named(
    tmp_path, monkeypatch, ball_frames, write_film, read_film
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    (tmp_path / "a.mp4").write_bytes(b"a")
    with pytest.raises(MissingExtraError, match=r'pip install "covey\[video\]"'):
        open_video(tmp_path / "a.mp4")
    write_film(tmp_path / "out", ball_frames(1))  # a folder needs none
    assert len(read_film(tmp_path / "out")) == 1


def _real() -> list[Path]:
    root = Path(os.environ.get("COVEY_DATA", "/nowhere")) / "codec" / "video"
    return sorted(path for path in root.rglob("*") if path.suffix in {".mp4", ".mkv", ".y4m"})


@pytest.mark.data
def test_real_films_open() -> None:
    if not (films := _real()):
        pytest.skip("set COVEY_DATA to the folder of data sets")
    from covey.io.audio_tracks import audio_of

    for path in films:
        with open_video(path) as source:
            stamps = []
            for (pts, pixels), _ in zip(source.frames(), range(5), strict=False):
                stamps.append(pts)
                assert pixels.shape == (source.height, source.width, 3)
            assert np.all(np.diff(stamps) > 0)
            assert (source.expected_frames or 5) >= len(stamps)
        with audio_of(path):
            pass
    folder = films[0].parents[1] / "BasketballPass"
    assert not folder.is_dir() or open_video(folder).expected_frames == 100
