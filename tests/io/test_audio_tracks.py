"""Audio of films, kept as it is."""

from __future__ import annotations

import io
import os
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from covey.io.audio_tracks import audio_of, gathered
from covey.io.videos import open_video
from covey.types import InputError, UsageError

av = pytest.importorskip("av")

_KINDS = {"aac": "fltp", "flac": "s16", "libopus": "flt", "pcm_s16le": "s16"}


def _sound(folder: Path, codec: str) -> Path:
    """Noise as a film without pictures."""
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
    return path


def _packets(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as film:
        packets = film.demux(film.streams.audio[0])
        return [(p.pts * p.time_base, bytes(p)) for p in packets if p.dts is not None]


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [(codec, ".mkv") for codec in _KINDS]
    + [("aac", ".mp4"), ("aac", ".mov"), ("libopus", ".mp4"), ("pcm_s16le", ".mov")],
)
def test_audio_goes_through_untouched(
    codec, suffix, tmp_path, ball_frames, write_film, read_film, most_levels
) -> None:
    sound = _sound(tmp_path, codec)
    first = _packets(sound)
    frames = ball_frames(15)
    with audio_of(sound) as audio:
        film = write_film(tmp_path / f"a{suffix}", frames, audio)
    with audio_of(film) as taken:
        assert taken is not None
        again = write_film(tmp_path / f"b{suffix}", frames, taken)
    for path in (film, again):
        found = _packets(path)
        assert b"".join(data for _, data in found) == b"".join(data for _, data in first)
        if codec != "pcm_s16le":  # .mov packs samples anew
            assert [data for _, data in found] == [data for _, data in first]
            late = [float(a - b) for (a, _), (b, _) in zip(found, first, strict=True)]
            assert np.ptp(late) < 0.003
            assert max(map(abs, late)) < 0.01
        assert most_levels(read_film(path), frames) <= 40  # x264 is not quite the same each time
    assert open_video(film).notes == []
    with open_video(film) as source:
        assert len(list(source.frames())) == 15


def test_audio_starts_when_it_did(tmp_path, ball_frames, write_film) -> None:
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
        film = write_film(tmp_path / "a.mp4", ball_frames(9), audio)
    found = _packets(film)
    assert [data for _, data in found] == [data for _, data in first]
    assert float(found[0][0]) == pytest.approx(float(first[0][0]), abs=0.001)


def test_audio_takes_no_memory_of_its_own(tmp_path) -> None:
    """However long it is: it lies in a temporary file, both ways."""
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


def test_films_without_audio(tmp_path, ball_frames, write_film) -> None:
    for path in (write_film(tmp_path / "a.mp4", ball_frames(2)), tmp_path):
        with audio_of(path) as audio:
            assert audio is None
    with pytest.raises(InputError, match="no such file"), audio_of(tmp_path / "b.mp4"):
        pass


def test_audio_that_does_not_fit_is_refused(tmp_path, ball_frames, write_film) -> None:
    sound = _sound(tmp_path, "pcm_s16le")
    before = sorted(tmp_path.iterdir())
    refused = {
        "a.mp4": r"\.mp4 holds no audio of this kind \(pcm_s16le\)",
        "a.y4m": "a .y4m file holds no audio; write .mkv",
        "a": "a folder of frames holds no audio; write .mkv",
    }
    with audio_of(sound) as audio:
        for name, words in refused.items():
            with pytest.raises(UsageError, match=words):
                write_film(tmp_path / name, ball_frames(2), audio)
    with pytest.raises(InputError, match="the audio cannot be read"):
        write_film(tmp_path / "a.mp4", ball_frames(2), io.BytesIO(b"no audio"))
    assert sorted(tmp_path.iterdir()) == before
