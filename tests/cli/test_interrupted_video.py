"""`covey compress` and `decompress` of clips, interrupted and gone on with."""

from __future__ import annotations

import json
import re
import signal
import time

import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")

from PIL import Image

from covey import videos
from covey.codec.video.records import GROUP, INDEX
from covey.io.claimed_file import claimed_file


def test_an_interrupted_run_goes_on(run, tmp_path, video_model, film, started) -> None:
    film(tmp_path / "a.mp4", 48)
    command = ["compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", "4"]
    process = started(command)
    left = tmp_path / "a.cvv.part"
    while process.poll() is None and not (left.exists() and left.stat().st_size > 1000):
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
    assert (facts["frames"], facts["coded_frames"]) == (48, 48 - kept)
    assert sum(facts["kinds"].values()) == 48 - kept
    run("compress", "a.mp4", "-o", "b.cvv", "--model", video_model, "--group", "4")
    assert (tmp_path / "a.cvv").read_bytes() == (tmp_path / "b.cvv").read_bytes()
    assert not left.exists()


def test_an_interrupted_folder_goes_on(run, tmp_path, video_model, film, started) -> None:
    (tmp_path / "in").mkdir()
    film(tmp_path / "in" / "a.mp4", 4)
    film(tmp_path / "in" / "b.mp4", 48)
    command = ["compress", "in", "-o", "out", "--model", video_model, "--group", "4"]
    process = started(command)
    left = tmp_path / "out" / "b.cvv.part"
    while process.poll() is None and not (left.exists() and left.stat().st_size > 1000):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    kept = int(re.search(r"(\d+) frames are kept in out/b\.cvv\.part", told)[1])
    assert "1 of 2 clips are done" in told
    facts = json.loads(run(*command, "--json").out)
    assert facts["left"] == 1
    assert facts["clips"][0]["coded_frames"] == 48 - kept
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"a.cvv", "b.cvv"}


def test_other_settings_begin_anew(run, tmp_path, video_model, film) -> None:
    film(tmp_path / "a.mp4")
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model)
    (tmp_path / "a.cvv").rename(tmp_path / "b.cvv.part")
    facts = json.loads(
        run("compress", "a.mp4", "-o", "b.cvv", "--model", video_model, "--group", 3, "--json").out
    )
    assert sum(facts["kinds"].values()) == 12


def test_a_file_in_the_way_is_not_lost(run, tmp_path, video_model, film) -> None:
    film(tmp_path / "a.mp4", 2)
    (tmp_path / "a.cvv.part").write_text("mine")
    done = run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, code=2)
    assert "is in the way" in done.err
    assert (tmp_path / "a.cvv.part").read_text() == "mine"


def test_an_interrupted_decompress_leaves_nothing(
    run, tmp_path, video_model, film, started
) -> None:
    film(tmp_path / "a.mp4", 40)
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 16)
    for out in ("b.mp4", "b"):
        command = ["decompress", "a.cvv", "-o", out, "--model", video_model]
        process = started(command)
        before = set(tmp_path.iterdir())
        while process.poll() is None and set(tmp_path.iterdir()) == before:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130, told
        assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("ends", ["index", "nothing"])
def test_a_run_that_lacks_nothing_but_its_end_goes_on(
    run, tmp_path, video_model, film, ends
) -> None:
    """It was killed before the last step, with all frames coded: nothing is left to code."""
    film(tmp_path / "a.mp4", 6)
    command = ["compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--json"]
    first = json.loads(run(*command).out)
    data = (tmp_path / "a.cvv").read_bytes()
    (tmp_path / "a.cvv").unlink()
    (tmp_path / "a.cvv.part").write_bytes(data if ends == "index" else data[: data.rfind(INDEX)])
    facts = json.loads(run(*command).out)
    assert (facts["frames"], facts["coded_frames"]) == (6, 0)
    assert facts["bitrate"] == first["bitrate"]
    assert (tmp_path / "a.cvv").read_bytes() == data


def test_a_clip_inside_of_its_folder_of_frames_goes_on(
    run, tmp_path, video_model, wave_frames
) -> None:
    """What lies beside the frames is no part of them."""
    (tmp_path / "in").mkdir()
    for n, pixels in wave_frames(4):
        Image.fromarray(pixels).save(tmp_path / "in" / f"f{n}.png")
    size = sum(path.stat().st_size for path in (tmp_path / "in").iterdir())
    command = ["compress", "in", "-o", "in/a.cvv", "--model", video_model, "--group", 2, "--json"]
    assert json.loads(run(*command).out)["source_bytes"] == size
    data = (tmp_path / "in" / "a.cvv").read_bytes()
    (tmp_path / "in" / "a.cvv").unlink()
    (tmp_path / "in" / "a.cvv.part").write_bytes(data[: data.rfind(GROUP)])
    assert json.loads(run(*command).out)["coded_frames"] == 2
    assert (tmp_path / "in" / "a.cvv").read_bytes() == data


def test_two_runs_do_not_write_one_file(run, tmp_path, video_model, film) -> None:
    film(tmp_path / "a.mp4", 2)
    with claimed_file(tmp_path / "a.cvv.part"):
        (tmp_path / "a.cvv.part").write_bytes(b"")
        done = run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, code=2)
        assert "a.cvv.part: is being written by another process" in done.err
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model)


def test_a_clip_that_changed_while_it_was_coded_is_refused(
    run, tmp_path, video_model, film, monkeypatch
) -> None:
    """Otherwise a film that is still being copied would count as done."""
    film(tmp_path / "a.mp4", 2)
    whole = videos.encode_clip

    def late(*given, **named):
        done = whole(*given, **named)
        with (tmp_path / "a.mp4").open("ab") as file:
            file.write(b"more")
        return done

    command = ["compress", "a.mp4", "-o", "a.cvv", "--model", video_model]
    with monkeypatch.context() as patch:
        patch.setattr(videos, "encode_clip", late)
        told = run(*command, code=3).err
    assert "a.mp4: changed while it was coded; code it again" in told
    assert not (tmp_path / "a.cvv").exists()
    assert "begins anew" in run(*command).err


def test_a_link_leads_to_where_the_clip_is_left(run, tmp_path, video_model, film) -> None:
    """Beside the file that it is to be, as only there one name can take another's place."""
    film(tmp_path / "a.mp4", 2)
    (tmp_path / "far").mkdir()
    (tmp_path / "a.cvv").symlink_to(tmp_path / "far" / "b.cvv")
    (tmp_path / "far" / "b.cvv.part").write_text("mine")
    command = ["compress", "a.mp4", "-o", "a.cvv", "--model", video_model]
    assert "far/b.cvv.part: is in the way" in run(*command, code=2).err
    (tmp_path / "far" / "b.cvv.part").unlink()
    run(*command)
    assert (tmp_path / "a.cvv").is_symlink()
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["b.cvv"]


def test_a_full_disk_is_told_and_gone_on_from(run, tmp_path, video_model, film) -> None:
    """A limit on the size of files stands for it."""
    limits = pytest.importorskip("resource")
    film(tmp_path / "a.mp4", 12)
    command = ["compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 2]
    run(*command)
    data = (tmp_path / "a.cvv").read_bytes()
    (tmp_path / "a.cvv").unlink()
    before = limits.getrlimit(limits.RLIMIT_FSIZE)
    limits.setrlimit(limits.RLIMIT_FSIZE, (len(data) // 2, before[1]))
    try:
        told = run(*command, code=1).err
    finally:
        limits.setrlimit(limits.RLIMIT_FSIZE, before)
    assert "a.cvv.part: could not be written: File too large; " in told
    kept = int(re.search(r"(\d+) frames are kept, and the same command goes on", told)[1])
    assert json.loads(run(*command, "--json").out)["coded_frames"] == 12 - kept
    assert (tmp_path / "a.cvv").read_bytes() == data
