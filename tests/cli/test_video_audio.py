"""Audio of clips through `covey compress` and `decompress`."""

from __future__ import annotations

import io
import json
import re

import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.video.container import VideoReader
from covey.codec.video.records import SIGN
from covey.io.videos import open_video

av = pytest.importorskip("av")


def test_audio_is_kept_as_it_is(run, tmp_path, video_model, film, tone) -> None:
    heard = tone(tmp_path / "tone.mkv")
    film(tmp_path / "a.mkv", audio=heard)
    told = run("compress", "a.mkv", "-o", "a.cvv", "--model", video_model).out
    assert re.search(r"audio \d+(\.\d+)? kB as it was", told)
    told = run("decompress", "a.cvv", "-o", "b.mkv", "--model", video_model).out
    assert "frames to b.mkv, with its audio as it was" in told
    run("compress", "a.mkv", "-o", "again.cvv", "--model", video_model)
    assert (tmp_path / "again.cvv").read_bytes() == (tmp_path / "a.cvv").read_bytes()
    told = run("decompress", "a.cvv", "-o", "c", "--model", video_model).out
    assert "frames to c, without its audio" in told

    def packets(path):
        with av.open(str(path)) as source:
            return [bytes(p) for p in source.demux(source.streams.audio[0]) if p.size]

    assert packets(tmp_path / "b.mkv") == packets(tmp_path / "tone.mkv")
    facts = json.loads(
        run("compress", "a.mkv", "-o", "c.cvv", "--no-audio", "--model", video_model, "--json").out
    )
    assert (facts["audio_bytes"], facts["audio"], facts["audio_left_out"]) == (0, False, True)
    told = run(
        "compress", "a.mkv", "-o", "c.cvv", "--no-audio", "--model", video_model, "--overwrite"
    ).out
    assert "Note: a.mkv has audio, which is left out" in told
    facts = json.loads(run("decompress", "a.cvv", "-o", "d", "--model", video_model, "--json").out)
    assert (facts["audio"], facts["audio_left_out"]) == (False, True)
    facts = json.loads(run("decompress", "c.cvv", "-o", "e", "--model", video_model, "--json").out)
    assert (facts["audio"], facts["audio_left_out"]) == (False, False)


def test_damaged_audio_does_not_keep_frames_back(run, tmp_path, video_model, film, tone) -> None:
    """Unreadable it is left out; twice the same packets are written once."""
    heard = tone(tmp_path / "tone.mkv")
    film(tmp_path / "a.mkv", audio=heard)
    run("compress", "a.mkv", "-o", "a.cvv", "--model", video_model)
    data = bytearray((tmp_path / "a.cvv").read_bytes())
    begin = data.index(SIGN)
    (end,) = (place.offset for place in VideoReader(io.BytesIO(data)).places)
    broken = bytearray(data)
    broken[begin + 9 : begin + 60] = bytes(51)
    for name, made in (
        ("unreadable", broken),
        ("twice", data[:end] + data[begin:end] + data[end:]),
    ):
        (tmp_path / f"{name}.cvv").write_bytes(made)
        done = run("decompress", f"{name}.cvv", "-o", f"{name}.mkv", "--model", video_model, code=3)
        assert "Wrote 12 frames" in done.out
        assert "is damaged" in done.err
        with open_video(tmp_path / f"{name}.mkv") as source:
            assert len(list(source.frames())) == 12
    again = run("decompress", "unreadable.cvv", "-o", "b.mkv", "--model", video_model, "--force")
    assert "the audio cannot be read, and is left out" in again.out
    assert "without its audio" in again.out
