"""The direction of dependencies of docs/architecture.md, section 2, read off the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import covey

_ROOT = Path(covey.__file__).parent

_LEVELS = (
    ("byte_sizes", "types", "weight_names"),
    (
        "calibration",
        "candidates",
        "codec",
        "extras",
        "graph",
        "knn",
        "label_codes",
        "labelled_rows",
        "metrics",
        "neighbours",
        "partition",
        "resources",
        "similarity",
        "stage_clock",
        "threads",
        "vectors",
    ),
    ("models",),
    ("hub",),
    ("codec_weights",),
    ("video_weights",),
    (
        "graph_partition",
        "retrieval",
        "sampling",
        "scoring",
        "selection",
        "split_half",
        "unique_items",
    ),
    ("cluster_report", "clustering", "grouping_rule", "named_recipes"),
    ("assigning", "growing", "review"),
    ("training",),
    ("estimators", "labelled_estimator", "learned_estimators"),
    ("datasets", "io"),
    (
        "pictures",
        "picture_folder",
        "picture_set",
        "refinement",
        "video_reading",
        "video_target",
        "video_threads",
        "videos",
    ),
    ("codec_bench", "comparison", "pillow_plugin", "store", "workshop"),
    ("server",),
    ("cli",),
)
"""From the ground up; a room may import from its own level and from those below."""

_PURE_LEVELS = 11
"""These lowest levels read no files and print nothing."""

_READ_ONCE = {("resources", "open")}
"""It asks the system how much memory there is (/proc/meminfo, /sys/fs/cgroup)."""

_READERS = {"codec_weights", "hub", "video_weights"}
"""Reads the weights that ship with the package, which the default of `cluster` needs."""

_FILE_MODULES = {"io", "pathlib", "shutil", "tempfile", "sys", "logging", "argparse", "rich"}
_PRINTING_OR_READING = {"print", "open", "input", "breakpoint"}
_FILE_CALLS = {"load", "loadtxt", "save", "savez", "memmap", "fromfile", "tofile", "read_text"}


def _modules() -> list[Path]:
    return sorted(_ROOT.rglob("*.py"))


def _room(path: Path) -> str:
    return path.relative_to(_ROOT).parts[0].removesuffix(".py")


def _level(room: str) -> int:
    for level, rooms in enumerate(_LEVELS):
        if room in rooms:
            return level
    raise AssertionError(f"{room} has no place in docs/architecture.md: give it a level here")


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "import by full name"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


_FACES = (_ROOT / "__init__.py", _ROOT / "__main__.py", _ROOT / "codec" / "__init__.py")
"""They look up names in other rooms when these are first used."""

_INSIDE = [path for path in _modules() if path not in _FACES]


def _name(path: Path) -> str:
    return str(path.relative_to(_ROOT))


@pytest.mark.parametrize("path", _INSIDE, ids=_name)
def test_no_room_imports_from_above(path: Path) -> None:
    own = _level(_room(path))
    for name in _imported(ast.parse(path.read_text("utf-8"))):
        parts = name.split(".")
        if parts[0] != "covey" or len(parts) < 2 or parts[1] == "__version__":
            continue
        assert _level(parts[1]) <= own, f"{_name(path)} imports {name} from above"


_PURE = [
    path for path in _INSIDE if _level(_room(path)) < _PURE_LEVELS and _room(path) not in _READERS
]


@pytest.mark.parametrize("path", _PURE, ids=_name)
def test_lower_rooms_read_no_files_and_print_nothing(path: Path) -> None:
    room = _room(path)
    tree = ast.parse(path.read_text("utf-8"))
    outside = {name.split(".")[0] for name in _imported(tree)}
    assert outside.isdisjoint(_FILE_MODULES)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            called = node.func.id
            assert called not in _PRINTING_OR_READING or (room, called) in _READ_ONCE
        elif isinstance(node.func, ast.Attribute):
            assert node.func.attr not in _FILE_CALLS


@pytest.mark.parametrize("path", _PURE, ids=_name)
def test_lower_rooms_hold_no_global_state(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        assert not isinstance(node, ast.Global), f"{_name(path)}:{node.lineno} writes a global"


def test_package_faces_import_nothing_eagerly() -> None:
    for path in _ROOT.rglob("__init__.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                assert node.module in ("__future__", "importlib", "typing"), _name(path)
            assert not isinstance(node, ast.Import), _name(path)


def test_no_drawer_for_odds_and_ends() -> None:
    names = {path.stem for path in _modules()}
    assert names.isdisjoint({"utils", "common", "helpers", "misc"})


def test_every_module_says_what_it_is() -> None:
    for path in _modules():
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), _name(path)
