"""Every kind of failure has one exit code and one line."""

import errno
import os
import subprocess
import sys

import pytest

from covey.cli.exits import explain
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
