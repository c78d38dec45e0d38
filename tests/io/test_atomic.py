"""Whatever interrupts a write, the final name stands for the old file or the new one, whole."""

import contextlib
import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import threading

import pytest

from covey.io.atomic import atomic_file, atomic_folder, is_half_written, scratch_folder
from covey.types import CoveyError, UsageError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path, interruption):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def write():
        with atomic_file(path) as temporary:
            temporary.write_text("half")
            assert path.read_text() == "old"
            raise interruption

    with pytest.raises(interruption):
        write()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.csv"]


def test_success_replaces_and_keeps_mode_suffix_and_links(tmp_path):
    path = tmp_path / "a.csv"
    with atomic_file(path) as temporary:
        assert temporary.suffix == ".csv"
        assert temporary.parent == tmp_path
        temporary.write_text("one")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(0o640)
    (tmp_path / "link.csv").symlink_to("a.csv")
    with atomic_file(tmp_path / "link.csv") as temporary:
        temporary.write_text("two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == ["a.csv", "link.csv"]
    assert (tmp_path / "link.csv").is_symlink()


def test_targets_that_cannot_be_files(tmp_path):
    for path, word in [
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "a.csv", "make it first"),
        ("/dev/null", "no regular file"),
    ]:
        with pytest.raises(UsageError, match=word), atomic_file(path):
            pass
    assert names(tmp_path) == []


def test_a_full_disk_is_one_line_and_harms_nothing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        with pytest.raises(CoveyError, match="unchanged"), atomic_file(path) as temporary:
            temporary.write_bytes(bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.csv"]
    with pytest.raises(OSError, match="other") as caught, atomic_file(path):
        raise OSError(errno.ENOENT, "other")
    assert not isinstance(caught.value, CoveyError)


KILLED = """
import os, signal, sys
from covey.io.atomic import {manager}
with {manager}(sys.argv[1]{options}) as temporary:
    target = temporary / "a" if {folder} else temporary
    with open(target, "w") as stream:
        stream.write("half of it")
        stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(path, manager, options=""):
    code = KILLED.format(manager=manager, options=options, folder=manager == "atomic_folder")
    run = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert run.returncode == -signal.SIGKILL


def test_sigkill_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "a.csv"
    killed(path, "atomic_file")
    assert not path.exists()
    path.write_text("old")
    killed(path, "atomic_file")
    assert path.read_text() == "old"


def test_sigkill_leaves_the_old_folder_whole(tmp_path):
    path = tmp_path / "out"
    killed(path, "atomic_folder")
    assert not path.exists()
    path.mkdir()
    (path / "kept").touch()
    killed(path, "atomic_folder", ", overwrite=True")
    assert names(path) == ["kept"]


def test_folders(tmp_path):
    path = tmp_path / "out"

    def write():
        with atomic_folder(path) as temporary:
            (temporary / "a").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert names(tmp_path) == []
    with atomic_folder(path) as temporary:
        (temporary / "deep").mkdir()
        (temporary / "deep" / "a").write_text("1")
        (temporary / "dangling").symlink_to("nowhere")
    assert names(path) == ["dangling", "deep"]
    with pytest.raises(UsageError, match="exists already"), atomic_folder(path):
        pass
    with pytest.raises(ValueError, match="stop"), atomic_folder(path, overwrite=True):
        raise ValueError("stop")
    assert names(path) == ["dangling", "deep"]
    with atomic_folder(path, overwrite=True) as temporary:
        (temporary / "b").touch()
    assert names(path) == ["b"]
    assert names(tmp_path) == ["out"]
    (tmp_path / "file").touch()
    with (
        pytest.raises(UsageError, match="exists"),
        atomic_folder(tmp_path / "file", overwrite=True),
    ):
        pass
    with pytest.raises(UsageError, match="make it first"), atomic_folder(tmp_path / "x" / "y"):
        pass


def test_a_scratch_folder_is_gone_though_others_still_write(tmp_path):
    begun, wrote = threading.Event(), []

    def write(folder):
        with contextlib.suppress(FileNotFoundError):
            while True:
                (folder / "sub").mkdir(exist_ok=True)
                (folder / "sub" / str(len(wrote))).write_bytes(b"")
                wrote.append(True)
                begun.set()

    with scratch_folder(tmp_path / "none" / "yet") as folder:
        assert folder.parent == tmp_path
        thread = threading.Thread(target=write, args=(folder,))
        thread.start()
        begun.wait()
    thread.join()
    assert names(tmp_path) == []
    with pytest.raises(KeyboardInterrupt), scratch_folder(tmp_path):
        raise KeyboardInterrupt
    assert names(tmp_path) == []
    with scratch_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert is_half_written(folder.name)
