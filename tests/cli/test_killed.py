"""`covey add` and `covey run` killed at any write, or at any time: nothing is lost or half done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from covey.review.corrections import describe, merge
from covey.store.review import Review

Command = Callable[..., int]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")


@pytest.fixture(scope="module")
def covey_killed() -> Iterator[Command]:
    """Runs `covey` with these arguments, and kills it at a write or after some seconds."""
    helper = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("killed.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ, OMP_NUM_THREADS="1", NUMBA_NUM_THREADS="1"),
    )
    assert helper.stdin is not None
    assert helper.stdout is not None
    pipes = helper.stdin, helper.stdout

    def command(*arguments: object, **when: Any) -> int:
        print(json.dumps({"arguments": [*map(str, arguments)], **when}), file=pipes[0], flush=True)
        return int(pipes[1].readline())

    yield command
    helper.communicate()


@pytest.fixture(scope="module")
def commands(
    covey_killed: Command, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, tuple[object, ...], object]]:
    """Of each kind: a project before the command, what follows its folder, and what it makes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 16))[np.arange(60) % 6] + 0.1 * rng.normal(size=(60, 16))
    for name, part in (("a", slice(0, 42)), ("b", slice(42, 60))):
        np.save(folder / f"{name}.npy", x[part].astype(np.float32))
        np.save(folder / f"{name}-images.npy", np.zeros((len(x[part]), 2, 2), np.uint8))
    quick = ("--method", "cosine", "--threads", "1")
    b = (folder / "b.npy", "--images", folder / "b-images.npy")
    found: dict[str, tuple[Path, tuple[object, ...], object]] = {}
    project = folder / "p"
    for name, arguments in (
        ("first add", ("add", folder / "a.npy")),
        ("first run", ("run", *quick)),
        ("add", ("add", *b)),
        ("grow", ("run", "--grow")),
        ("full", ("run", "--full", *quick)),
    ):
        if name == "first add":
            assert covey_killed("init", project) == 0
        if name == "add":
            with Review(project) as review:
                one, other, more = (int(review.state.group_of[item]) for item in range(3))
                review.correct(lambda s, k, g=one: describe(s, g, "name", "Ada"))
                review.correct(lambda s, k, g=(other, more): merge(s, k, g))
        before = folder / name
        shutil.copytree(project, before)
        assert covey_killed(arguments[0], project, *arguments[1:]) == 0
        found[name] = before, arguments, made(project)[1:]
    return found


def made(project: Path) -> tuple[Any, ...]:
    """Number of the last event, and what a project tells; its journal and memory agree."""
    with Review(project) as review:
        state = review.state
        assert [row[1] for row in review.journal.table("items")] == state.group_of.tolist()
        tables = {name: review.journal.table(name) for name in ("groups", "links", "apart")}
        review.journal.rebuild()
        assert tables == {name: review.journal.table(name) for name in tables}
        groups = {g: (each.name, sorted(each.members)) for g, each in state.groups.items()}
        pictures = [path is not None and Path(path).is_file() for path in review.items.pictures]
        links = state.links("must"), state.links("cannot")
        ids = review.items.ids.to_pylist()
        last = review.last_run()
        run = None if last is None else (last.n, last.groups().tolist(), last.facts["kind"])
        return state.revision, ids, pictures, groups, links, run, len(review.runs)


def check_killed(
    covey_killed: Command,
    tmp_path: Path,
    case: tuple[Path, tuple[object, ...], object],
    **when: Any,
) -> bool:
    """Whether it was killed; then all is there but perhaps its event, and again it does all."""
    before, arguments, wanted = case
    project = tmp_path / "p"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(before, project)
    known = made(before)
    code = covey_killed(arguments[0], project, *arguments[1:], **when)
    assert code in (0, -9)
    left = made(project)
    done = (left[0], left[1:]) == (known[0] + 1, wanted)
    assert done or (code and left == known)
    if not (done and "--full" in arguments):  # which makes another run each time
        assert covey_killed(arguments[0], project, *arguments[1:]) == 0
        assert made(project)[1:] == wanted
    return code != 0


_SLOW = [pytest.param(kind, 1, marks=pytest.mark.slow) for kind in ("first add", "add", "grow")]


@pytest.mark.parametrize(("kind", "step"), [("first add", 9), ("add", 7), ("grow", 14), *_SLOW])
def test_killed_before_a_write(
    covey_killed: Command,
    tmp_path: Path,
    commands: dict[str, tuple[Path, tuple[object, ...], object]],
    kind: str,
    step: int,
) -> None:
    times = 0
    for write in range(1, 1000, step):
        if not check_killed(covey_killed, tmp_path, commands[kind], write=write):
            break
        times += 1
    assert times * step > 20


_OFTEN = [pytest.param(kind, 70, marks=pytest.mark.slow) for kind in ("add", "grow")]


@pytest.mark.parametrize(("kind", "times"), [("add", 5), ("grow", 3), *_OFTEN])
def test_killed_at_any_time(
    covey_killed: Command,
    tmp_path: Path,
    commands: dict[str, tuple[Path, tuple[object, ...], object]],
    kind: str,
    times: int,
) -> None:
    rng = np.random.default_rng(0)
    longest = {"add": 0.3, "grow": 1.0, "full": 1.5}[kind]
    for _ in range(times):
        after = float(rng.uniform(0, longest))
        check_killed(covey_killed, tmp_path, commands[kind], seconds=after)


@pytest.mark.slow
def test_a_project_that_was_half_made_is_made(covey_killed: Command, tmp_path: Path) -> None:
    for write in range(1, 100):
        project = tmp_path / f"p{write}"
        if covey_killed("init", project, write=write) == 0:
            break
        if not project.exists():
            assert covey_killed("init", project) == 0
        assert made(project)[0] == 0
    assert write > 5
