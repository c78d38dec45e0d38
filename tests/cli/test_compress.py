"""`covey compress` and `covey decompress`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.container import unpack


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.webp", "sub/a.png", "a.bmp")):
        y, x = np.mgrid[: 60 + 9 * number, :80] / (5 + number)
        waves = 128 + 100 * np.sin(x[:, :, None] + y[:, :, None] * [1, 2, 3])
        pixels = np.clip(waves + rng.normal(size=waves.shape) * 3, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / name)
    return tmp_path


def test_one_file_there_and_back(run, folder, codec_model) -> None:
    done = run("compress", "in/a.png", "-o", "a.cvi", "--model", codec_model, "--json")
    facts = json.loads(done.out)
    (told,) = facts["files"]
    assert told["bytes"] == (folder / "a.cvi").stat().st_size
    assert (told["width"], told["height"], told["passes"]) == (80, 60, 1)
    done = run("decompress", "a.cvi", "-o", "b.png", "--model", codec_model)
    assert "Wrote b.png" in done.out
    with Image.open(folder / "b.png") as again:
        assert again.size == (80, 60)
    again = run("compress", "in/a.png", "-o", "a.cvi", "--model", codec_model, code=2)
    assert "a.cvi: exists already" in again.err


def test_a_folder_goes_on_where_it_was(run, folder, codec_model) -> None:
    first = run("compress", "in", "-o", "out", "--model", codec_model, "--json")
    names = sorted(str(p.relative_to(folder / "out")) for p in (folder / "out").rglob("*.cvi"))
    assert names == ["a.bmp.cvi", "a.png.cvi", "b.cvi", "sub/a.cvi"]
    assert len(json.loads(first.out)["files"]) == 4
    (folder / "out" / "b.cvi").unlink()
    second = run("compress", "in", "-o", "out", "--model", codec_model)
    assert "Wrote 1 files to out; 3 that were there are left as they are" in second.out
    run("decompress", "out", "-o", "back", "--model", codec_model, "--suffix", "webp")
    assert len(list((folder / "back").rglob("*.webp"))) == 4


def _dated(path: Path, other: Path, seconds: int) -> None:
    """Dates a file so many seconds after another."""
    time = other.stat().st_mtime_ns + seconds * 10**9
    os.utime(path, ns=(time, time))


def test_a_picture_that_changed_is_done_anew(run, folder, codec_model) -> None:
    run("compress", "in", "-o", "out", "--model", codec_model)
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*.cvi")}
    with Image.open(folder / "in" / "b.webp") as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "in" / "b.webp")
    _dated(folder / "in" / "b.webp", folder / "out" / "b.cvi", 3600)  # in the future
    args = ("compress", "in", "-o", "out", "--model", codec_model)
    done = run(*args)
    assert "Wrote 1 files to out, 1 of them in the place of older ones; 3 that were" in done.out
    changed = {path.name for path, data in before.items() if path.read_bytes() != data}
    assert changed == {"b.cvi"}
    facts = json.loads(run(*args, "--json").out)
    assert (facts["files"], facts["left"], facts["replaced"]) == ([], 4, 0)
    facts = json.loads(run(*args, "--overwrite", "--json").out)
    assert (len(facts["files"]), facts["left"], facts["replaced"]) == (4, 0, 4)


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_damaged_file_is_never_done(run, folder, codec_model, force) -> None:
    run("compress", "in", "-o", "out", "--model", codec_model)
    path = folder / "out" / "b.cvi"
    sound = path.read_bytes()
    path.write_bytes(sound[:-30])
    args = ("decompress", "out", "-o", "back", "--model", codec_model, *force)
    code = 0 if force else 3
    assert "it is cut off" in run(*args, code=code).out
    again = run(*args, code=code)
    assert "it is cut off" in again.out
    assert "Wrote 1 files to back, 1 of them in the place of older ones; 3 that" in again.out
    path.write_bytes(sound)
    _dated(path, folder / "in" / "a.png", -(10**8))  # as old as where it was copied from
    mended = json.loads(run(*args, "--json").out)
    assert (mended["outputs"], mended["damaged"], mended["replaced"]) == (["back/b.png"], {}, 1)
    run("decompress", str(path), "-o", "b.png", "--model", codec_model)
    assert (folder / "back" / "b.png").read_bytes() == (folder / "b.png").read_bytes()
    assert json.loads(run(*args, "--json").out)["left"] == 4


def test_one_bad_file_stops_no_other(run, folder, codec_model) -> None:
    (folder / "in" / "bad.png").write_bytes(b"junk")
    done = run("compress", "in", "-o", "out", "--model", codec_model, "--json", code=3)
    facts = json.loads(done.out)
    assert len(facts["files"]) == 4
    assert list(facts["failed"]) == ["in/bad.png"]
    assert "1 of 5 pictures could not be compressed" in done.err


def test_all_files_in_so_many_bytes(run, folder, codec_model) -> None:
    done = run("compress", "in", "-o", "low", "--model", codec_model, "--quality", "0", "--json")
    low = json.loads(done.out)["bytes"]
    total = int(1.5 * low)
    done = run(
        "compress",
        "in",
        "-o",
        "out",
        "--model",
        codec_model,
        "--target-total",
        str(total),
        "--json",
    )
    facts = json.loads(done.out)
    assert 0.98 * total < facts["bytes"] <= total
    assert len({each["rate"] for each in facts["files"]}) == 1
    assert facts["bytes"] == sum(p.stat().st_size for p in (folder / "out").rglob("*.cvi"))
    done = run("compress", "in", "-o", "no", "--model", codec_model, "--target-total", "9", code=3)
    assert "9 bytes are too few for all" in done.err
    assert not (folder / "no").exists()


def test_names_never_collide(run, folder, codec_model) -> None:
    for name in ("a.jpg", "a.png.jpg"):
        with Image.open(folder / "in" / "a.png") as image:
            image.save(folder / "in" / name)
    done = run("compress", "in", "-o", "out", "--model", codec_model, "--json")
    outputs = [each["output"] for each in json.loads(done.out)["files"]]
    assert len(set(outputs)) == len(outputs) == 6
    assert len(list((folder / "out").rglob("*.cvi"))) == 6


def test_half_written_files_are_no_pictures(run, folder, codec_model) -> None:
    (folder / "in" / ".b.0123456789ab.tmp.png").write_bytes(b"half")
    done = run("compress", "in", "-o", "out", "--model", codec_model, "--json")
    assert len(json.loads(done.out)["files"]) == 4


def test_a_total_is_of_all_or_of_none(run, folder, codec_model) -> None:
    run("compress", "in", "-o", "out", "--model", codec_model)
    (folder / "out" / "b.cvi").unlink()
    done = run(
        "compress", "in", "-o", "out", "--model", codec_model, "--target-total", "9MB", code=2
    )
    assert "holds 3 of the files already" in done.err


def test_a_region(run, folder, codec_model) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[:20, 40:] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    args = ("compress", "in/a.png", "--model", codec_model, "--quality", "10", "--json")
    plain = json.loads(run(*args, "-o", "a.cvi").out)
    better = json.loads(
        run(*args, "-o", "b.cvi", "--region", "mask.png", "--region-gain", "80").out
    )
    assert better["bytes"] > plain["bytes"]
    run("decompress", "b.cvi", "-o", "b.png", "--model", codec_model)
    Image.fromarray(mask[:-1]).save(folder / "other.png")
    done = run(*args, "-o", "c.cvi", "--region", "other.png", code=3)
    assert "other.png: has 80 x 59 pixels, and the picture 80 x 60" in done.err


def test_damage_decides_the_exit_code(run, folder, codec_model) -> None:
    run("compress", "in/a.png", "-o", "a.cvi", "--model", codec_model)
    data = (folder / "a.cvi").read_bytes()
    (folder / "a.cvi").write_bytes(data[:-30])
    done = run("decompress", "a.cvi", "-o", "a.png", "--model", codec_model, code=3)
    assert "it is cut off" in done.out
    assert (folder / "a.png").is_file()
    forced = run(
        "decompress",
        "a.cvi",
        "-o",
        "a.png",
        "--model",
        codec_model,
        "--force",
        "--overwrite",
    )
    assert "it is cut off" in forced.out
    (folder / "a.cvi").write_bytes(data[:5])
    done = run("decompress", "a.cvi", "-o", "b.png", "--model", codec_model, code=3)
    assert "a.cvi: is cut off within its header" in done.err
    assert not (folder / "b.png").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("in", "-o", "x", "--quality", "9", "--psnr", "30"), "cannot both be met"),
        (("in/a.png", "-o", "x.cvi", "--target-total", "9KB"), "is no folder"),
        (("in", "-o", "x", "--target-total", "9KB", "--bpp", "1"), "leave out what is asked"),
        (("in", "-o", "x", "--region", "in/a.png"), "IN is a folder"),
        (("in", "-o", "in/a.png"), "is a file and in a folder"),
        (("in/a.png", "-o", "in"), "is a folder and in/a.png a file"),
        (("in/a.png", "-o", "x.jpg"), "x.jpg: must end in .cvi"),
    ],
)
def test_wrong_usage(run, folder, codec_model, args, words) -> None:
    assert words in run("compress", *args, "--model", codec_model, code=2).err


def test_a_model_that_is_none(run, folder) -> None:
    done = run("compress", "in/a.png", "-o", "x.cvi", "--model", "in", code=3)
    assert "in: holds no file config.json" in done.err


_SLOW_DISK = """
import os, sys, time
flush = os.fsync
os.fsync = lambda handle: (time.sleep(0.4), flush(handle))
sys.argv[0] = "covey"
from covey.cli import main
main()
"""


@pytest.fixture
def many(folder):
    """Thirty small pictures, and what of them a run has left."""
    (folder / "many").mkdir()
    rng = np.random.default_rng(1)
    for number in range(30):
        pixels = rng.integers(0, 256, (32, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "many" / f"{number}.png")
    return folder


def _interrupted(folder: Path, now, *arguments, by=signal.SIGINT) -> None:
    """Interrupts a run on a slow disk once `now()`, twice, as who is in a hurry does."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SLOW_DISK, *arguments, "-o", "out", "--threads", "2"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, OMP_NUM_THREADS="1"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    end = time.monotonic() + 60
    while not now():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(by)
    process.send_signal(by)
    told, error = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "")
    assert error == "covey: interrupted: nothing was left half-written\n"


def _is_writing(out: Path, after: int) -> bool:
    """Whether a file is on its way to a folder that holds so many."""
    names = [path.name for path in out.rglob("*")]
    return len(names) > after and any(".tmp" in name for name in names)


@pytest.mark.parametrize(("by", "after"), [(signal.SIGINT, 0), (signal.SIGTERM, 3)])
def test_an_interruption_leaves_whole_files_only(many, codec_model, by, after) -> None:
    out = many / "out"
    args = ("compress", "many", "--model", codec_model)
    _interrupted(many, lambda: _is_writing(out, after), *args, by=by)
    left = list(out.rglob("*"))
    assert after <= len(left) < 30
    for path in left:
        assert path.suffix == ".cvi"
        assert not path.name.startswith(".")
        assert all(tile.sound for tile in unpack(path.read_bytes()).tiles)


def test_an_interrupted_decompression_leaves_whole_pictures_only(many, run, codec_model) -> None:
    run("compress", "many", "-o", "coded", "--model", codec_model)
    out = many / "out"
    _interrupted(many, lambda: _is_writing(out, 1), "decompress", "coded", "--model", codec_model)
    left = list(out.rglob("*"))
    assert 0 < len(left) < 30
    for path in left:
        assert path.suffix == ".png"
        assert not path.name.startswith(".")
        with Image.open(path) as image:
            image.load()


def test_an_interrupted_total_leaves_nothing(many, codec_model) -> None:
    before = set(many.rglob("*"))
    args = ("compress", "many", "--model", codec_model, "--target-total", "6KB")
    _interrupted(many, lambda: len(list(many.glob(".covey-*.tmp/*/*.cvi"))) > 7, *args)
    assert set(many.rglob("*")) == before
