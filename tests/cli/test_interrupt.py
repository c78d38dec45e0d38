"""Ctrl-C during a run: exit code 130, one line, no file."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from covey.cli.interrupt import WriteGate, interruptible


@pytest.fixture
def long_run(tmp_path: Path) -> Path:
    """Enough rows that grouping takes much longer than the test waits."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.standard_normal((60_000, 128), np.float32))
    return tmp_path


@pytest.mark.parametrize("out", ["groups.csv", "out"])
@pytest.mark.parametrize("wait", [2.0, 3.5])  # after the interpreter has started
def test_ctrl_c_leaves_nothing(long_run: Path, out: str, wait: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "covey", "cluster", "x.npy", "-o", out],
        cwd=long_run,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, NUMBA_NUM_THREADS="1"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(wait)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    began = time.perf_counter()
    told, error = process.communicate(timeout=60)
    assert time.perf_counter() - began < 5
    assert process.returncode == 130
    assert told == ""
    assert error == "covey: interrupted: nothing was left half-written\n"
    assert {path.name for path in long_run.iterdir()} == {"x.npy"}


def test_work_gives_its_result_or_its_error() -> None:
    assert interruptible(lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)


def test_ctrl_c_inside_exec_of_a_string_ends_with_the_code(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(
        "from covey.cli import app, exits\n"
        "def interrupt(**options):\n"
        "    exec('raise KeyboardInterrupt')\n"
        "app.app = interrupt\n"
        "exits.run_process()\n"
    )
    run = [sys.executable, "-m", "interrupted"]
    ended = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 130
    assert ended.stderr == "covey: interrupted: nothing was left half-written\n"


def test_a_gate_waits_for_who_is_inside_and_lets_nobody_in() -> None:
    gate, entered, done = WriteGate(), Event(), []

    def write() -> None:
        with gate:
            entered.set()
            time.sleep(0.3)
            done.append(True)

    thread = Thread(target=write)
    thread.start()
    entered.wait()
    gate.shut()
    assert done == [True]
    thread.join()
    with pytest.raises(KeyboardInterrupt), gate:
        raise AssertionError("nobody comes here")
