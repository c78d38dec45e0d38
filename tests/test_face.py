"""The face of the package: light to import, and every name on it is there."""

import json
import subprocess
import sys

import covey

_HEAVY = ("numba", "faiss", "torch", "sklearn", "scipy", "pyarrow", "pandas", "typer")


def _run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_import_is_light() -> None:
    code = (
        "import sys, time, json; t = time.perf_counter(); import covey; "
        "seconds = time.perf_counter() - t; print(json.dumps([seconds, sorted(sys.modules)]))"
    )
    runs = [json.loads(_run(code)) for _ in range(3)]
    assert min(seconds for seconds, _ in runs) < 0.5
    loaded = {name.split(".")[0] for name in runs[0][1]}
    assert loaded.isdisjoint(_HEAVY)


def test_help_and_version_need_no_heavy_import() -> None:
    code = (
        "import sys; from covey.cli.exits import run; code = run(['--version']); "
        f"print(code, [name for name in {_HEAVY[:-1]} if name in sys.modules])"
    )
    assert _run(code).split("\n")[:2] == [f"covey {covey.__version__}", "0 []"]


def test_every_public_name_is_there() -> None:
    for name in covey.__all__:
        assert getattr(covey, name) is not None
        assert name in dir(covey)


def test_unknown_name_is_refused_as_by_any_module() -> None:
    assert not hasattr(covey, "no_such_name")
