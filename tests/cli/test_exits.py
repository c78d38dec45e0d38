"""Every kind of failure has one exit code and one line."""

import errno
import os
import subprocess
import sys

import pytest

from covey.cli.exits import _came_of_interrupt, explain
from covey.cli.terminal import Terminal
from covey.types import (
    CoveyError,
    InputError,
    MemoryLimitError,
    MissingExtraError,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CoveyError("the disk\nis full"), 1),
        (UsageError("wrong"), 2),
        (InputError("x.npy: row 3 holds NaN"), 3),
        (MemoryLimitError("too much"), 4),
        (MemoryError(), 4),
        (MissingExtraError("pip install covey[learn]"), 5),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "groups.csv"), 1),
        (ZeroDivisionError("division by zero"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_one_line_and_one_code(capsys, error, code) -> None:
    assert explain(error, ["cluster"]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("covey: ")
    assert told.err.count("\n") == 1


def test_unexpected_failure_points_to_debug(capsys) -> None:
    explain(ZeroDivisionError("division by zero"), [])
    told = capsys.readouterr().err
    assert "unexpected ZeroDivisionError: division by zero; --debug" in told
    explain(ZeroDivisionError("division by zero"), ["--debug"])
    first, last = capsys.readouterr().err.splitlines()
    assert first == "ZeroDivisionError: division by zero"
    assert last == "covey: unexpected ZeroDivisionError: division by zero"


def test_a_reader_that_goes_away_is_no_failure_to_report() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "covey", "info", "--json"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == ""


def test_libraries_that_load_slowly_are_no_reason_for_progress(capfd, monkeypatch) -> None:
    """So that a refusal is one line on a busy machine, too."""
    terminal = Terminal()
    monkeypatch.setattr(terminal, "_began", terminal._began - 60)
    with terminal.progress() as tell:
        tell("reading", 0.0)
        assert capfd.readouterr().err == ""
        monkeypatch.setattr(terminal, "_began", terminal._began - 6)
        tell("neighbours", 0.0)
    assert capfd.readouterr().err == "covey: finding neighbours (66 s)\n"


def test_a_wrong_choice_is_told_in_plain_words(covey) -> None:
    ran = covey("cluster", "x.npy", "-o", "g.csv", "--prefer", "both")
    ran.refused(2, "'both' is not one of 'precision'")
    assert "Value error" not in ran.err


def test_an_error_that_ctrl_c_became_is_an_interrupt() -> None:
    def compiled() -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as interrupt:
            raise RuntimeError("compiling failed") from interrupt

    with pytest.raises(RuntimeError) as failed:
        compiled()
    assert _came_of_interrupt(failed.value)
    assert not _came_of_interrupt(RuntimeError("of itself"))
