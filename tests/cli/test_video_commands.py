"""`covey compress` and `decompress` of clips, and `covey train video`."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction
from typing import IO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")

from covey.codec.video.container import VideoReader
from covey.codec.video.records import SIGN
from covey.io.video_codec_folder import write_video_codec
from covey.io.videos import open_video
from covey.io.videos_out import write_video
from covey.types import InputError
from covey.video_weights import load_video_codec


@pytest.fixture
def run(covey):
    """Runs a command that must end with a code, 0 if not told otherwise."""

    def call(*arguments, code=0):
        done = covey(*arguments)
        assert done.code == code, done
        return done

    return call


def _frames(count: int, width: int = 64, height: int = 48) -> list:
    y, x = np.mgrid[:height, :width] / 6.0
    found = []
    for n in range(count):
        waves = np.stack([np.sin(x * a + y + n / 3) for a in (1, 2, 3)], -1)
        found.append((n, np.clip(128 + 90 * waves, 0, 255).astype(np.uint8)))
    return found


def _started(folder, command) -> subprocess.Popen:
    """A process that Ctrl-C reaches, even of a test in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "covey", *map(str, command)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, OMP_NUM_THREADS="1"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def _film(path, count: int = 12, audio: IO[bytes] | None = None):
    rate = Fraction(25)
    write_video(
        path, iter(_frames(count)), time_base=1 / rate, frame_rate=rate, size=(64, 48), audio=audio
    )
    return path


def test_there_and_back(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4")
    done = run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 5, "--json")
    facts = json.loads(done.out)
    assert facts["bytes"] == (tmp_path / "a.cvv").stat().st_size
    assert (facts["width"], facts["height"], facts["frames"]) == (64, 48, 12)
    assert sum(facts["kinds"].values()) == 12
    assert facts["kinds"]["picture"] >= 3
    assert len(facts["rates"]) == 3
    for name in ("b.mp4", "b.mkv", "b.y4m"):
        run("decompress", "a.cvv", "-o", name, "--model", video_model)
        first = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        done = run("decompress", "a.cvv", "-o", name, "--model", video_model)
        assert f"Wrote 12 frames to {name}" in done.out
        assert (tmp_path / name).read_bytes() == first
        with open_video(tmp_path / name) as source:
            assert (source.width, source.height, len(list(source.frames()))) == (64, 48, 12)
    run("decompress", "a.cvv", "-o", "b", "--model", video_model)
    assert len(list((tmp_path / "b").glob("*.png"))) == 12
    assert not list(tmp_path.glob("*.part"))
    assert (
        "a.cvv: exists already"
        in run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, code=2).err
    )


def test_a_folder_with_other_files_is_left_alone(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4", 2)
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model)
    (tmp_path / "mine").mkdir()
    run("decompress", "a.cvv", "-o", "mine", "--model", video_model)
    run("decompress", "a.cvv", "-o", "mine", "--model", video_model, "--overwrite")
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    done = run("decompress", "a.cvv", "-o", "mine", "--overwrite", "--model", video_model, code=2)
    assert "letter.txt" in done.err
    assert (tmp_path / "mine" / "letter.txt").read_text() == "Dear"


def test_some_frames_of_a_clip(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4")
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 5)
    run("decompress", "a.cvv", "-o", "all", "--model", video_model)
    some = ("--start", 6, "--frames", 3)
    run("decompress", "a.cvv", "-o", "some", "--model", video_model, *some)
    whole = sorted((tmp_path / "all").glob("*.png"))[6:9]
    for a, b in zip(whole, sorted((tmp_path / "some").glob("*.png")), strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(a)), np.asarray(Image.open(b)))
    done = run("decompress", "a.cvv", "-o", "no", "--start", 99, "--model", video_model, code=3)
    assert "has no frame 99" in done.err


def test_a_folder_of_frames(run, tmp_path, video_model) -> None:
    (tmp_path / "in").mkdir()
    for n, pixels in _frames(12):
        if n != 3:
            Image.fromarray(pixels).save(tmp_path / "in" / f"f{n}.png")
    done = run(
        "compress", "in", "-o", "a.cvv", "--model", video_model, "--frame-rate", "30000/1001"
    )
    assert "Note: in lacks 1 of its numbers, between f2 and f4; the frames that are" in done.out
    assert "Wrote 11 frames" in run("decompress", "a.cvv", "-o", "b", "--model", video_model).out
    assert "11 frames, 29.97 a second" in run("info", "a.cvv").out
    facts = json.loads(run("compress", "in", "-o", "c.cvv", "--model", video_model, "--json").out)
    assert facts["frame_rate"] == 25


def _collection(root, *, pictures: bool = True) -> None:
    """A folder of clips and, if so wanted, pictures."""
    (root / "in" / "deep").mkdir(parents=True)
    _film(root / "in" / "a.mp4", 6)
    _film(root / "in" / "deep" / "b.MKV.mkv", 5)
    if pictures:
        Image.fromarray(_frames(1)[0][1]).save(root / "in" / "a.png")


def _below(folder) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_a_folder_of_clips(run, tmp_path, video_model) -> None:
    _collection(tmp_path, pictures=False)
    (tmp_path / "in" / "bad.mp4").write_text("no film")
    done = run("compress", "in", "-o", "out", "--model", video_model, "--json", code=3)
    assert "1 of 3 files could not be compressed" in done.err
    assert _below(tmp_path / "out") == {"a.cvv", "deep/b.MKV.cvv"}
    facts = json.loads(done.out)
    assert [each["frames"] for each in facts["clips"]] == [6, 5]
    assert "cannot be read as a video" in facts["failed"]["in/bad.mp4"]
    assert facts["files"] == []
    sizes = sum(each.stat().st_size for each in (tmp_path / "out").rglob("*.cvv"))
    assert facts["bytes"] == sizes
    (tmp_path / "in" / "bad.mp4").unlink()
    facts = json.loads(run("compress", "in", "-o", "out", "--model", video_model, "--json").out)
    assert (facts["left"], facts["clips"], facts["replaced"]) == (2, [], 0)
    os.utime(tmp_path / "in" / "a.mp4", (2**32, 2**32))
    for left in (1, 2):
        facts = json.loads(run("compress", "in", "-o", "out", "--model", video_model, "--json").out)
        assert (facts["left"], facts["replaced"]) == (left, 2 - left)
    run("compress", "in/a.mp4", "-o", "alone.cvv", "--model", video_model)
    assert (tmp_path / "alone.cvv").read_bytes() == (tmp_path / "out" / "a.cvv").read_bytes()
    done = run("decompress", "out", "-o", "back", "--model", video_model, code=3)
    assert "clips, which are decompressed one at a time, as out/a.cvv" in done.err
    done = run("compress", "in", "-o", "b.cvv", "--model", video_model, code=3)
    assert "for a folder of clips name a folder to write" in done.err


def test_a_folder_of_clips_and_pictures(run, tmp_path, video_model) -> None:
    """By the codecs that ship: a folder of a codec is of one kind."""
    _collection(tmp_path)
    for wrong, told in (
        (("--model", video_model), "holds pictures and clips; do them apart"),
        (("--bitrate", "1M"), "holds pictures and clips; do them apart"),
        (("--target-total", "1M"), "--target-total is for pictures, and in holds clips"),
        (("--effort", 2), "--effort 2 is for pictures, and in holds clips"),
        (("--frame-rate", 2), "--frame-rate is for a folder of frames"),
    ):
        assert told in run("compress", "in", "-o", "out", *wrong, code=2).err
    done = run("compress", "in", "-o", "out", "--quality", 5, "--group", 4)
    assert _below(tmp_path / "out") == {"a.cvi", "a.cvv", "deep/b.MKV.cvv"}
    assert "Wrote 3 files to out" in done.out
    assert "6 frames (" in done.out
    (tmp_path / "in" / "a.png").write_text("no picture")
    os.utime(tmp_path / "in" / "a.png", (2**32, 2**32))
    done = run("compress", "in", "-o", "out", "--quality", 5, "--json", code=3)
    facts = json.loads(done.out)
    assert (list(facts["failed"]), facts["left"]) == (["in/a.png"], 2)
    done = run("decompress", "out", "-o", "back")
    assert "Note: out holds clips, too (out/a.cvv, out/deep/b.MKV.cvv)" in done.out
    assert _below(tmp_path / "back") == {"a.png"}


def test_an_interrupted_folder_goes_on(run, tmp_path, video_model) -> None:
    (tmp_path / "in").mkdir()
    _film(tmp_path / "in" / "a.mp4", 4)
    _film(tmp_path / "in" / "b.mp4", 160)
    command = ["compress", "in", "-o", "out", "--model", video_model, "--group", "4"]
    process = _started(tmp_path, command)
    left = tmp_path / "out" / "b.cvv.part"
    while process.poll() is None and not (left.exists() and left.stat().st_size > 1500):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    kept = int(re.search(r"(\d+) frames are kept in out/b\.cvv\.part", told)[1])
    assert "1 of 2 clips are done" in told
    facts = json.loads(run(*command, "--json").out)
    assert facts["left"] == 1
    assert facts["clips"][0]["coded_frames"] == 160 - kept
    assert _below(tmp_path / "out") == {"a.cvv", "b.cvv"}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (("--bitrate", 90), "90 bits a second are too few; of the smallest file frames take"),
        (("--bpp", 0.001), "0.001 bits a pixel are too few; the smallest file has 0."),
        (("--size", 230), "230 bytes are too few; the smallest file has"),
        (("--size", 90), "12 frames 6 each or more"),
        (("--psnr", 99), "a PSNR of 99 dB cannot be reached; the highest is"),
    ],
)
def test_targets_that_cannot_be_met(run, tmp_path, video_model, target, told) -> None:
    _film(tmp_path / "a.mp4")
    done = run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, *target, code=3)
    assert told in done.err
    assert _below(tmp_path) == {"a.mp4"}


def _tone(path) -> IO[bytes]:
    import av

    from covey.io.audio_tracks import audio_of

    with av.open(str(path), "w") as out:
        stream = out.add_stream("flac", rate=16000)
        stream.layout = "mono"
        for at in range(20):
            wave = (8000 * np.sin(np.arange(960 * at, 960 * at + 960) / 9)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16000, 960 * at
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with audio_of(path) as found:
        assert found is not None
        found.seek(0)
        return io.BytesIO(found.read())


def test_audio_is_kept_as_it_is(run, tmp_path, video_model) -> None:
    import av

    tone = _tone(tmp_path / "tone.mkv")
    _film(tmp_path / "a.mkv", audio=tone)
    told = run("compress", "a.mkv", "-o", "a.cvv", "--model", video_model).out
    assert re.search(r"audio \d+(\.\d+)? kB as it was", told)
    told = run("decompress", "a.cvv", "-o", "b.mkv", "--model", video_model).out
    assert "frames to b.mkv, with its audio as it was" in told
    run("compress", "a.mkv", "-o", "again.cvv", "--model", video_model)
    assert (tmp_path / "again.cvv").read_bytes() == (tmp_path / "a.cvv").read_bytes()
    told = run("decompress", "a.cvv", "-o", "c", "--model", video_model).out
    assert "frames to c, without its audio" in told

    def packets(path):
        with av.open(str(path)) as film:
            return [bytes(p) for p in film.demux(film.streams.audio[0]) if p.size]

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


def test_info(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4")
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 5)
    told = run("info", "a.cvv").out
    assert "64 x 48 pixels, 12 frames, 25 a second" in told
    assert "in 3 groups" in told
    assert "sound: all of it is there" in told
    facts = json.loads(run("info", "a.cvv", "--json").out)
    assert facts["model"] is None, "by another codec than the one that ships"
    clip = facts["clip"]
    assert clip["bytes"] == (tmp_path / "a.cvv").stat().st_size
    assert sum(clip["kinds"].values()) == clip["frames"] == 12
    data = bytearray((tmp_path / "a.cvv").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "b.cvv").write_bytes(data)
    assert "damaged: " in run("info", "b.cvv").out
    told = run("info", video_model).out
    assert "a video codec by covey train video" in told
    assert "adds to: the image codec" in told
    assert "--k is for embeddings" in run("info", "a.cvv", "--k", 3, code=2).err


def test_damage_is_told(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4")
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 4)
    data = bytearray((tmp_path / "a.cvv").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "b.cvv").write_bytes(data)
    done = run("decompress", "b.cvv", "-o", "b", "--model", video_model, code=3)
    assert "is damaged" in done.out
    assert len(list((tmp_path / "b").glob("*.png"))) == 12
    run("decompress", "b.cvv", "-o", "c", "--model", video_model, "--force")
    (tmp_path / "d.cvv").write_bytes(data[: len(data) // 2])
    done = run("decompress", "d.cvv", "-o", "d", "--model", video_model, code=3)
    assert 4 <= len(list((tmp_path / "d").glob("*.png"))) < 12


def test_damaged_audio_does_not_keep_frames_back(run, tmp_path, video_model) -> None:
    """Unreadable it is left out; twice the same packets are written once."""
    tone = _tone(tmp_path / "tone.mkv")
    _film(tmp_path / "a.mkv", audio=tone)
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
        with open_video(tmp_path / f"{name}.mkv") as film:
            assert len(list(film.frames())) == 12
    again = run("decompress", "unreadable.cvv", "-o", "b.mkv", "--model", video_model, "--force")
    assert "the audio cannot be read, and is left out" in again.out
    assert "without its audio" in again.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("compress", "none.mp4", "-o", "a.cvv"), "there is no such file"),
        (("compress", "text.mp4", "-o", "a.cvv"), "text.mp4: cannot be read as a video"),
        (("compress", "a.mp4", "-o", "a.cvv", "--effort", 2), "--effort 2 is for pictures"),
        (("compress", "a.mp4", "-o", "a.cvv", "--region", "m.png"), "--region is for pictures"),
        (("compress", "a.mp4", "-o", "a.cvv", "--region-gain", 3), "--region-gain is for pictures"),
        (("compress", "a.mp4", "-o", "a.cvv", "--target-total", 9), "--target-total is for"),
        (("compress", "a.mp4", "-o", "a.cvv", "--frame-rate", 9), "a.mp4 says its own"),
        (("compress", "a.mp4", "-o", "a.cvv", "--frame-rate", "0/0"), "'0/0' is no frame rate"),
        (("compress", "a.png", "-o", "a.cvi", "--frame-rate", 9), "is for a folder of frames"),
        (("decompress", "text.cvv", "-o", "b.mp4", "--suffix", ".png"), "--suffix is for folders"),
        (("compress", "a.mp4", "-o", "a.cvv", "--bpp", 1, "--psnr", 30), "cannot both be met"),
        (("compress", "a.png", "-o", "a.cvi", "--bitrate", "1M"), "--bitrate is for clips"),
        (("compress", "a.png", "-o", "a.cvi", "--no-audio"), "--audio is for clips"),
        (("decompress", "a.cvi", "-o", "a.png", "--start", 2), "--start is for clips"),
        (("decompress", "text.cvv", "-o", "b.mp4"), "text.cvv: is no .cvv file"),
        (("decompress", "none.cvv", "-o", "b.mp4"), "none.cvv: cannot be read"),
    ],
)
def test_refusals(covey, tmp_path, video_model, arguments, told) -> None:
    for name in ("text.mp4", "text.cvv", "a.png", "a.mp4", "a.cvi"):
        (tmp_path / name).write_text("It is a text.\n" * 20)
    done = covey(*arguments, "--model", video_model)
    assert done.code in (2, 3), done
    assert told in done.err
    assert not (tmp_path / "a.cvv").exists()


def test_an_interrupted_run_goes_on(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4", 160)
    command = ["compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", "4"]
    process = _started(tmp_path, command)
    left = tmp_path / "a.cvv.part"
    while process.poll() is None and not (left.exists() and left.stat().st_size > 1500):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    kept = int(re.search(r"(\d+) frames are kept in a\.cvv\.part; the same command", told)[1])
    assert kept % 4 == 0
    assert not (tmp_path / "a.cvv").exists()
    done = run(*command, "--json")
    facts = json.loads(done.out)
    assert f"goes on from a.cvv.part, behind its {kept} frames" in done.err
    assert (facts["frames"], facts["coded_frames"]) == (160, 160 - kept)
    assert sum(facts["kinds"].values()) == 160 - kept
    run("compress", "a.mp4", "-o", "b.cvv", "--model", video_model, "--group", "4")
    assert (tmp_path / "a.cvv").read_bytes() == (tmp_path / "b.cvv").read_bytes()
    assert not left.exists()


def test_an_interrupted_decompress_leaves_nothing(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4", 120)
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 16)
    for out in ("b.mp4", "b"):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "covey",
                "decompress",
                "a.cvv",
                "-o",
                out,
                "--model",
                video_model,
            ],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ, OMP_NUM_THREADS="1"),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        before = set(tmp_path.iterdir())
        while process.poll() is None and set(tmp_path.iterdir()) == before:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130, told
        assert set(tmp_path.iterdir()) == before


def test_a_file_in_the_way_is_not_lost(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4", 2)
    (tmp_path / "a.cvv.part").write_text("mine")
    done = run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, code=2)
    assert "is in the way" in done.err
    assert (tmp_path / "a.cvv.part").read_text() == "mine"


def test_a_pattern_is_no_clip(run, tmp_path, video_model) -> None:
    done = run("compress", "f%03d.png", "-o", "a.cvv", "--model", video_model, code=3)
    assert "there is no such file or folder" in done.err


def test_other_settings_begin_anew(run, tmp_path, video_model) -> None:
    _film(tmp_path / "a.mp4")
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model)
    (tmp_path / "a.cvv").rename(tmp_path / "b.cvv.part")
    facts = json.loads(
        run("compress", "a.mp4", "-o", "b.cvv", "--model", video_model, "--group", 3, "--json").out
    )
    assert sum(facts["kinds"].values()) == 12


def test_the_folder_of_a_codec(small_video_codec, video_model, tmp_path) -> None:
    codec = load_video_codec(video_model)
    assert codec.mark == small_video_codec.mark
    assert codec.image.mark == small_video_codec.image.mark
    with pytest.raises(InputError, match="there is no such folder"):
        load_video_codec(tmp_path / "none")
    write_video_codec(tmp_path / "m", codec, "x")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    config["image"] = "00000000"
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="adds to the image codec 00000000"):
        load_video_codec(tmp_path / "m")
    config["motion"]["branch"] = "both"
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="branch must be one of"):
        load_video_codec(tmp_path / "m")


@pytest.fixture
def learned(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "photographs").mkdir()
    for number in range(3):
        y, x = np.mgrid[:240, :260] / 20.0
        waves = np.stack([np.sin(a * x + b * y) for a, b in rng.normal(size=(3, 2))], -1)
        pixels = np.clip(128 + 90 * waves + rng.normal(size=waves.shape) * 8, 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photographs" / f"{number}.png")
    (tmp_path / "clips").mkdir()
    frames = [(n, np.roll(pixels.astype(np.uint8), n, 1)[:160, :192]) for n in range(50)]
    rate = Fraction(25)
    write_video(
        tmp_path / "clips" / "a.mp4",
        iter(frames),
        time_base=1 / rate,
        frame_rate=rate,
        size=(192, 160),
    )
    return tmp_path


def _training(codec_model: str, out: str) -> tuple[object, ...]:
    sizes = ("--steps", 10, "--scenes", 20, "--batch", 2)
    data = ("--data", "photographs", "--clips", "clips", "--image", codec_model)
    return ("train", "video", *data, "-o", out, *sizes, "--json")


def test_training_makes_a_codec(run, learned, codec_model) -> None:
    facts = json.loads(run(*_training(codec_model, "m")).out)
    assert "20, made of 3 photographs" in facts["about"]["scenes"]
    codec = load_video_codec(learned / "m")
    assert codec.mark.hex() == facts["mark"]
    assert not (learned / "m.work").exists()
    _film(learned / "a.mp4", 3)
    run("compress", "a.mp4", "-o", "a.cvv", "--model", "m")
    run("decompress", "a.cvv", "-o", "b.y4m", "--model", "m")


@pytest.mark.slow
def test_training_goes_on_from_a_codec(run, learned, codec_model) -> None:
    first = json.loads(run(*_training(codec_model, "m")).out)
    on = json.loads(run(*_training(codec_model, "n"), "--from", "m").out)
    assert on["about"]["begun from"] == first["mark"]
    still = json.loads(run(*_training(codec_model, "o"), "--branch", "copy").out)
    assert load_video_codec(learned / "o").config.branch == "copy"
    assert still["mark"] != first["mark"]
