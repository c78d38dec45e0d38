"""Films and folders of frames in and out, and their audio."""

from __future__ import annotations

import io
import os
import tracemalloc
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from PIL import Image

from covey.io.frame_folder import gaps, natural
from covey.io.video_source import Frame
from covey.io.videos import open_video
from covey.io.videos_out import write_video
from covey.types import CoveyError, InputError, MissingExtraError, UsageError

av = pytest.importorskip("av")

_RATE = Fraction(30_000, 1001)
_PATCHES = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255)]
_PATCHES += [(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 90, 40), (30, 110, 220)]


def _frames(count: int, width: int = 48, height: int = 32, step: int = 1) -> list[Frame]:
    """A soft ball that moves."""
    y, x = np.mgrid[:height, :width].astype(float)
    found = []
    for at in range(count):
        ball = np.exp(-((x - width / 4 - 2 * at) ** 2 + (y - height / 2) ** 2) / 60)
        pixels = np.stack([60 + 150 * ball, 200 - 120 * ball, 90 + 2.0 * x], -1)
        found.append((step * at, pixels.clip(0, 255).astype(np.uint8)))
    return found


def _patches(rows: int) -> np.ndarray:
    """Squares of 16 in strong colours."""
    pixels = np.zeros((rows, 64, 3), np.uint8)
    for at, colour in enumerate(_PATCHES):
        top, left = 16 * (at // 4), 16 * (at % 4)
        pixels[top : top + 16, left : left + 16] = colour
    return pixels


def _write(out: Path, frames: list[Frame], audio: IO[bytes] | None = None, **options) -> Path:
    height, width = frames[0][1].shape[:2]
    wanted = {"time_base": 1 / _RATE, "frame_rate": _RATE, "size": (width, height), **options}
    assert write_video(out, iter(frames), audio=audio, **wanted) == len(frames)
    return out


def _read(path: Path, start: int = 0) -> list[Frame]:
    with open_video(path) as source:
        found = list(source.frames(start))
        assert all(pixels.shape == (source.height, source.width, 3) for _, pixels in found)
    return found


def _worst(found: list[Frame], wanted: list[Frame]) -> int:
    assert len(found) == len(wanted)
    pairs = zip(found, wanted, strict=True)
    return max(int(np.abs(a.astype(int) - b).max()) for (_, a), (_, b) in pairs)


@pytest.mark.parametrize("size", [(48, 32), (47, 32), (48, 31), (1, 1), (5, 3)])
def test_a_folder_keeps_every_bit(size, tmp_path) -> None:
    frames = _frames(3, *size)
    _write(tmp_path / "out", frames)
    found = _read(tmp_path / "out")
    assert _worst(found, frames) == 0
    assert [pts for pts, _ in found] == [0, 1, 2]
    with pytest.raises(UsageError, match="exists already"):
        _write(tmp_path / "out", frames)
    _write(tmp_path / "out", frames[:1], overwrite=True)
    assert len(_read(tmp_path / "out")) == 1


@pytest.mark.parametrize("size", [(48, 32), (47, 31), (1, 1), (5, 3)])
def test_y4m_keeps_all_but_the_rounding_of_yuv(size, tmp_path) -> None:
    frames = _frames(3, *size)
    path = _write(tmp_path / "a.y4m", frames)
    found = _read(path)
    assert _worst(found, frames) <= 2
    assert open_video(path).frame_rate == _RATE
    again = _write(tmp_path / "b.y4m", found)
    assert _worst(_read(again), found) <= 1


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("size", [(48, 32), (47, 32), (48, 31), (63, 65), (17, 17)])
@pytest.mark.parametrize("count", [1, 2, 12])
def test_films_keep_sizes_and_nearly_the_pixels(suffix, size, count, tmp_path) -> None:
    frames = _frames(count, *size)
    path = _write(tmp_path / f"a{suffix}", frames, crf=4)
    source = open_video(path)
    assert (source.width, source.height) == size
    assert source.expected_frames in (count, None) or suffix == ".mkv"
    assert source.notes == []
    assert _worst(_read(path), frames) <= (24 if size == (48, 32) else 8)
    mean = np.mean(
        [np.abs(a[1].astype(int) - b[1]).mean() for a, b in zip(_read(path), frames, strict=True)]
    )
    assert mean < 2.5


def test_the_rate_is_kept(tmp_path) -> None:
    for suffix in (".mp4", ".mov", ".mkv"):
        source = open_video(_write(tmp_path / f"a{suffix}", _frames(8)))
        assert float(source.frame_rate) == pytest.approx(float(_RATE), rel=2e-3)


@pytest.mark.parametrize("first", [0, 700])
def test_time_stamps_are_kept(first, tmp_path) -> None:
    times = [first + at for at in (0, 33, 40, 100, 101, 350, 1000)]  # milliseconds
    frames = [(pts, pixels) for pts, (_, pixels) in zip(times, _frames(7), strict=True)]
    for suffix in (".mp4", ".mov", ".mkv"):
        path = _write(tmp_path / f"a{suffix}", frames, time_base=Fraction(1, 1000))
        source = open_video(path)
        assert [pts * source.time_base * 1000 for pts, _ in source.frames()] == times


def test_start_skips_exactly(tmp_path) -> None:
    path = _write(tmp_path / "a.mp4", _frames(9))
    whole = _read(path)
    for start in (0, 1, 5, 8, 9, 20):
        found = _read(path, start)
        assert [pts for pts, _ in found] == [pts for pts, _ in whole[start:]]
        assert not found or _worst(found, whole[start:]) == 0


@pytest.mark.parametrize(
    ("rows", "told", "taken"),
    [(48, 1, 1), (48, 6, 6), (48, 5, 5), (48, 9, 9), (48, 2, 6), (720, 2, 1), (720, 6, 6)],
)
@pytest.mark.parametrize("full", [False, True])
def test_colours_go_by_the_matrix_that_the_film_tells(rows, told, taken, full, tmp_path) -> None:
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
    [(_, found)] = _read(tmp_path / "a.mkv")
    assert np.abs(found.astype(int) - pixels).max() <= 3


@pytest.mark.parametrize("rows", [48, 720])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".y4m"])
def test_colours_that_are_written_are_read(rows, suffix, tmp_path) -> None:
    pixels = _patches(rows)
    path = _write(tmp_path / f"a{suffix}", [(0, pixels)], crf=1)
    [(_, found)] = _read(path)
    inside = np.abs(found.astype(int) - pixels)[4:44, :]
    middles = [at for at in range(64) if 4 <= at % 16 < 12]
    assert inside[[at - 4 for at in range(4, 44) if 4 <= at % 16 < 12]][:, middles].max() <= 5
    if suffix != ".y4m":
        with av.open(str(path)) as film:
            context = film.streams.video[0].codec_context
            assert (context.colorspace, context.color_range) == ((6 if rows < 720 else 1), 1)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_films_are_turned_upright(turn, tmp_path) -> None:
    frames = _frames(3)
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
    assert _worst(list(source.frames()), wanted) <= 24


def test_a_film_that_changes_its_size_is_refused(tmp_path) -> None:
    raw = b""
    for size in ((48, 32), (64, 32)):
        path = tmp_path / "a.h264"
        with av.open(str(path), "w", format="h264") as film:
            stream = film.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for _, pixels in _frames(3, *size):
                film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            film.mux(stream.encode())
        raw += path.read_bytes()
    (tmp_path / "b.h264").write_bytes(raw)
    with pytest.raises(InputError, match="frame 3 has 64 x 32 pixels, and the first one 48 x 32"):
        _read(tmp_path / "b.h264")


def test_frames_of_a_folder_come_in_natural_order(tmp_path) -> None:
    names = ["f10.png", "f2.JPG", "f1.png"]
    for name in names:
        Image.new("RGB", (8, 4), (int(natural(name)[1][0]), 0, 0)).save(tmp_path / name)
    (tmp_path / "read.txt").write_text("me")
    with open_video(tmp_path, Fraction(12)) as source:
        assert (source.expected_frames, source.frame_rate) == (3, 12)
        assert source.time_base == Fraction(1, 12)
        shown = [int(pixels[0, 0, 0]) for _, pixels in source.frames()]
        assert np.abs(np.array(shown) - [1, 2, 10]).max() <= 1
        assert [pts for pts, _ in source.frames(2)] == [2]
    Image.new("RGBA", (9, 4)).save(tmp_path / "f3.png")
    with pytest.raises(InputError, match=r"f3\.png: frame 2 has 9 x 4 pixels"):
        _read(tmp_path)
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


def test_patterns_and_moving_pictures(tmp_path) -> None:
    for at in range(3):
        Image.new("RGB", (8, 6), (40 * at, 9, 200)).save(tmp_path / f"f{at:03d}.png")
    found = _read(tmp_path / "f%03d.png")
    assert [pixels[0, 0].tolist() for _, pixels in found] == [[40 * at, 9, 200] for at in range(3)]
    first, *rest = [Image.new("RGB", (8, 6), (99 * at, 9, 200)) for at in range(3)]
    first.save(tmp_path / "a.gif", save_all=True, append_images=rest, duration=100)
    found = _read(tmp_path / "a.gif")
    assert [pixels[0, 0].tolist() for _, pixels in found] == [[99 * at, 9, 200] for at in range(3)]


def test_what_is_no_video_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match=r"none\.mp4: there is no such file"):
        open_video(tmp_path / "none.mp4")
    for name, data in (("a.mp4", b"Dear reader,\n" * 50), ("b.mp4", b""), ("c.txt", b"hi\n" * 99)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=f"{name}: cannot be read as a video"):
            open_video(tmp_path / name)
    (tmp_path / "a.mkv").write_bytes(_sound(tmp_path, "flac"))
    with pytest.raises(InputError, match=r"a\.mkv: has no video stream"):
        open_video(tmp_path / "a.mkv")


def test_frames_that_are_too_large_are_refused(tmp_path) -> None:
    path = _write(tmp_path / "a.mp4", _frames(1))
    with pytest.raises(InputError, match="48 x 32 pixels, more than 1,000; allow"):
        open_video(path, most_pixels=1000)


def test_of_a_film_that_is_cut_off_the_rest_is_used(tmp_path) -> None:
    path = _write(tmp_path / "a.mp4", _frames(40), crf=4)
    data = path.read_bytes()
    whole = _read(path)
    path.write_bytes(data[: len(data) * 3 // 4])
    source = open_video(path)
    found = list(source.frames())
    assert 5 < len(found) < 40
    assert any("of its 40 frames" in note or "damaged" in note for note in source.notes)
    assert _worst(found[:5], whole[:5]) == 0
    path.write_bytes(data[:300])
    with pytest.raises(InputError, match=r"cannot be read|no video stream|nothing of its"):
        open_video(path)


def test_no_bytes_make_it_fail_otherwise(tmp_path) -> None:
    data = _write(tmp_path / "a.mp4", _frames(6)).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40):
        changed = np.frombuffer(data, np.uint8).copy()
        changed[rng.integers(0, len(data), 12)] = rng.integers(0, 256, 12)
        (tmp_path / "b.mp4").write_bytes(changed.tobytes())
        try:
            found = _read(tmp_path / "b.mp4")
        except InputError:
            continue
        assert np.all(np.diff([pts for pts, _ in found]) > 0)


# Audio


_KINDS = {"aac": "fltp", "flac": "s16", "libopus": "flt", "pcm_s16le": "s16"}


def _sound(folder: Path, codec: str, film: Path | None = None) -> bytes:
    """Noise as a film without pictures, or with those of a film."""
    path = folder / "sound.mkv"
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec}")
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=48_000)
        stream.layout = "stereo"
        for at in range(30):
            noise = rng.uniform(-0.1, 0.1, (2, 960))
            if _KINDS[codec] == "fltp":
                values = noise.astype(np.float32)
            elif _KINDS[codec] == "flt":
                values = noise.T.reshape(1, -1).astype(np.float32)
            else:
                values = (noise.T.reshape(1, -1) * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(values), format=_KINDS[codec], layout="stereo"
            )
            frame.sample_rate, frame.pts = 48_000, 960 * at
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path.read_bytes()


def _packets(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as film:
        packets = film.demux(film.streams.audio[0])
        return [(p.pts * p.time_base, bytes(p)) for p in packets if p.dts is not None]


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [(codec, ".mkv") for codec in _KINDS]
    + [("aac", ".mp4"), ("aac", ".mov"), ("libopus", ".mp4"), ("pcm_s16le", ".mov")],
)
def test_audio_goes_through_untouched(codec, suffix, tmp_path) -> None:
    from covey.io.audio_tracks import audio_of

    _sound(tmp_path, codec)
    first = _packets(tmp_path / "sound.mkv")
    frames = _frames(15)
    with audio_of(tmp_path / "sound.mkv") as audio:
        film = _write(tmp_path / f"a{suffix}", frames, audio)
    with audio_of(film) as taken:
        assert taken is not None
        again = _write(tmp_path / f"b{suffix}", frames, taken)
    for path in (film, again):
        found = _packets(path)
        assert b"".join(data for _, data in found) == b"".join(data for _, data in first)
        if codec != "pcm_s16le":  # .mov packs samples anew
            assert [data for _, data in found] == [data for _, data in first]
            late = [float(a - b) for (a, _), (b, _) in zip(found, first, strict=True)]
            assert np.ptp(late) < 0.003
            assert max(map(abs, late)) < 0.01
        assert _worst(_read(path), frames) <= 40  # x264 is not quite the same each time
    assert open_video(film).notes == []
    with open_video(film) as source:
        assert len(list(source.frames())) == 15


def test_audio_starts_when_it_did(tmp_path) -> None:
    from covey.io.audio_tracks import audio_of

    sound = tmp_path / "sound.mp4"
    rng = np.random.default_rng(0)
    with av.open(str(sound), "w") as out:
        stream = out.add_stream("aac", rate=48_000)
        stream.layout = "stereo"
        for at in range(20):
            values = rng.uniform(-0.1, 0.1, (2, 1024)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(values, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, 1024 * at
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    first = _packets(sound)
    assert first[0][0] < 0, "an AAC encoder begins before 0"
    with audio_of(sound) as audio:
        film = _write(tmp_path / "a.mp4", _frames(9), audio)
    found = _packets(film)
    assert [data for _, data in found] == [data for _, data in first]
    assert float(found[0][0]) == pytest.approx(float(first[0][0]), abs=0.001)


def test_audio_takes_no_memory_of_its_own(tmp_path) -> None:
    """However long it is: it lies in a temporary file, both ways."""
    from covey.io.audio_tracks import audio_of, gathered

    sound = tmp_path / "sound.mkv"
    with av.open(str(sound), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        second = np.zeros((1, 2 * 48_000), np.int16)
        for at in range(120):
            frame = av.AudioFrame.from_ndarray(second, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, 48_000 * at
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    tracemalloc.start()
    try:
        with audio_of(sound) as taken:
            assert taken is not None
            size = taken.seek(0, os.SEEK_END)
            taken.seek(0)
            with gathered(iter(lambda: taken.read(2**16), b"")) as again:
                assert again is not None
                assert again.tell() == size
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 2e7
    assert most < size / 10


def test_films_without_audio(tmp_path) -> None:
    from covey.io.audio_tracks import audio_of

    for path in (_write(tmp_path / "a.mp4", _frames(2)), tmp_path):
        with audio_of(path) as audio:
            assert audio is None
    with pytest.raises(InputError, match="no such file"), audio_of(tmp_path / "b.mp4"):
        pass


def test_audio_that_does_not_fit_is_refused(tmp_path) -> None:
    from covey.io.audio_tracks import audio_of

    _sound(tmp_path, "pcm_s16le")
    before = sorted(tmp_path.iterdir())
    refused = {
        "a.mp4": r"\.mp4 holds no audio of this kind \(pcm_s16le\)",
        "a.y4m": "a .y4m file holds no audio; write .mkv",
        "a": "a folder of frames holds no audio; write .mkv",
    }
    with audio_of(tmp_path / "sound.mkv") as audio:
        for name, words in refused.items():
            with pytest.raises(UsageError, match=words):
                _write(tmp_path / name, _frames(2), audio)
    with pytest.raises(InputError, match="the audio cannot be read"):
        _write(tmp_path / "a.mp4", _frames(2), io.BytesIO(b"no audio"))
    assert sorted(tmp_path.iterdir()) == before


# Writing


def test_what_cannot_be_written_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"no videos are written as \.webm; choose \.mp4"):
        _write(tmp_path / "a.webm", _frames(1))
    with pytest.raises(UsageError, match="crf must be"):
        _write(tmp_path / "a.mp4", _frames(1), crf=60)
    with pytest.raises(UsageError, match="holds no time base"):
        _write(tmp_path / "a.mp4", _frames(1), time_base=Fraction(1, 2**40))
    with pytest.raises(ValueError, match="frame 0 is"):
        _write(tmp_path / "a.mp4", _frames(1), size=(9, 9))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing(tmp_path) -> None:
    def frames():
        yield from _frames(2)
        raise CoveyError("stop")

    for name in ("a.mp4", "a.y4m", "a"):
        with pytest.raises(CoveyError, match="stop"):
            write_video(
                tmp_path / name, frames(), time_base=1 / _RATE, frame_rate=_RATE, size=(48, 32)
            )
    assert list(tmp_path.iterdir()) == []


def test_without_pyav_the_command_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    (tmp_path / "a.mp4").write_bytes(b"a")
    with pytest.raises(MissingExtraError, match=r'pip install "covey\[video\]"'):
        open_video(tmp_path / "a.mp4")
    _write(tmp_path / "out", _frames(1))  # a folder needs none
    assert len(_read(tmp_path / "out")) == 1


# Real films


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
