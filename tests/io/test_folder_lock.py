"""One process at a time in a folder, whatever becomes of the one before."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from covey.io import folder_lock
from covey.io.folder_lock import LOCK, locked_folder
from covey.types import UsageError

pytest.importorskip("fcntl")


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the folder `work` until it is ended."""
    told = "with locked_folder(Path('work')): print('held', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import sys; from pathlib import Path; "
            f"from covey.io.folder_lock import locked_folder\n{told}",
        ],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_folder_is_there_while_it_is_held(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with locked_folder(work):
        assert (work / LOCK).read_text() == f"process {os.getpid()} on {socket.gethostname()}"
    assert not work.exists()
    with locked_folder(work):
        (work / "kept").touch()
    assert [path.name for path in work.iterdir()] == ["kept"]


def test_it_is_given_back_by_who_fails(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), locked_folder(tmp_path / "work"):
            raise KeyboardInterrupt


def test_another_process_is_kept_out_and_told_by_whom(tmp_path: Path, holder) -> None:
    told = (
        rf"work: is in use by process {holder.pid} on {socket.gethostname()}; wait until that "
        "ends, or name another folder as --work"
    )
    for _ in range(2):
        with pytest.raises(UsageError, match=told), locked_folder(tmp_path / "work"):
            pass
    assert holder.poll() is None
    holder.communicate("")
    assert holder.returncode == 0
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_process_held_is_free(tmp_path: Path, holder, how: signal.Signals) -> None:
    holder.send_signal(how)
    assert holder.wait() == -how
    assert (tmp_path / "work" / LOCK).read_text().startswith(f"process {holder.pid} ")
    with locked_folder(tmp_path / "work"):
        assert (tmp_path / "work" / LOCK).read_text().startswith(f"process {os.getpid()} ")
    assert not (tmp_path / "work").exists()


def test_of_many_at_once_one_at_a_time(tmp_path: Path) -> None:
    """Folder and file come and go; still nobody finds another one inside."""
    inside, most, times = 0, 0, 0
    counting = threading.Lock()

    def come_and_go() -> None:
        nonlocal inside, most, times
        for _ in range(200):
            try:
                with locked_folder(tmp_path / "work"):
                    with counting:
                        inside += 1
                        times += 1
                        most = max(most, inside)
                    with counting:
                        inside -= 1
            except UsageError:
                pass

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)
    assert times >= 4
    assert list(tmp_path.iterdir()) == []


def test_where_the_system_has_no_such_lock_nobody_is_kept_out(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(folder_lock, "fcntl", None)  # as on Windows
    with locked_folder(tmp_path / "work"), locked_folder(tmp_path / "work"):
        assert list((tmp_path / "work").iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "work").symlink_to(tmp_path / "disk")
    with locked_folder(tmp_path / "work"):
        assert (tmp_path / "disk" / LOCK).is_file()
    assert (tmp_path / "work").is_symlink()
    assert list((tmp_path / "disk").iterdir()) == []


def test_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "work").symlink_to(tmp_path / "disk")
    told = "work: cannot be a folder there; name another one as --work"
    with pytest.raises(UsageError, match=told), locked_folder(tmp_path / "work"):
        pass
