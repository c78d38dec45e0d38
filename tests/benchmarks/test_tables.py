"""`benchmarks/tables.py`: the documentation holds what the results say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BENCHMARKS = REPOSITORY / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="not in a source distribution")


def run_tables(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(repository / "benchmarks" / "tables.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with one result and one page that shows it."""
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    for script in (*BENCHMARKS.glob("table*.py"), BENCHMARKS / "machine.py"):
        shutil.copy(script, tmp_path / "benchmarks")
    shutil.copy(BENCHMARKS / "promises.py", tmp_path / "benchmarks")
    entry = {"set": "faces", "k": 30, "quantile": 0.5, "edges": 1234, "bits_ratio": 0.5}
    entry |= {"covey": {"bits": 1.0, "seconds": 2.0}, "infomap": {"bits": 2.0, "seconds": 3.0}}
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0}
    result = {"results": [entry], "command": "x", "date": "y", "commit": "z", "machine": machine}
    (results / "codelength.json").write_text(json.dumps(result))
    (tmp_path / "benchmarks" / "README.md").write_text("nothing marked\n")
    (tmp_path / "README.md").write_text(
        "before\n<!-- table:codelength -->\nold\n<!-- /table:codelength -->\nafter\n"
    )
    return tmp_path


def test_the_committed_documentation_is_up_to_date():
    done = run_tables(REPOSITORY, "--check")
    assert done.returncode == 0, f"{done.stderr}run `python benchmarks/tables.py`"


def test_writes_between_the_marks_once_and_for_all(repository):
    page = repository / "README.md"
    stale = run_tables(repository, "--check")
    assert (stale.returncode, stale.stderr) == (1, "out of date: README.md\n")
    assert "old" in page.read_text()
    assert run_tables(repository).returncode == 0
    text = page.read_text()
    assert "| faces, k = 30, upper 50% | 1,234 | 1.0000 | 2.0000 | 0.5000 |" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert run_tables(repository, "--check").returncode == 0
    assert run_tables(repository).stderr == ""
    assert page.read_text() == text


def test_says_what_is_missing(repository):
    page = repository / "README.md"
    page.write_text("<!-- table:speed -->\n<!-- /table:speed -->\n")
    assert run_tables(repository).stderr == "speed.json is missing: run benchmarks/speed.py first\n"
    page.write_text("<!-- table:height -->\n<!-- /table:height -->\n")
    assert "no table 'height'" in run_tables(repository).stderr
