"""`covey add` and `covey run` killed at any write, or at any time: nothing is lost or half done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from covey.review.corrections import describe, merge
from covey.store.project import create_project
from covey.store.review import Review

from ..store.conftest import batch, check_same, tells, with_old_journal
from ..store.test_review import run

Command = Callable[..., int]
KINDS = ("first add", "first run", "add", "grow", "full")


@dataclass(frozen=True)
class Case:
    """A command that is killed.

    Attributes:
        before: The project as it was.
        known: What it told, see `made`.
        arguments: The command and what follows the folder of the project.
        wanted: What it makes, but for the number of the event.
    """

    before: Path
    known: tuple[Any, ...]
    arguments: tuple[object, ...]
    wanted: tuple[Any, ...]


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
def commands(covey_killed: Command, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """One of each kind."""
    folder = tmp_path_factory.mktemp("undisturbed")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 16))[np.arange(60) % 6] + 0.1 * rng.normal(size=(60, 16))
    for name, part in (("a", slice(0, 42)), ("b", slice(42, 60))):
        np.save(folder / f"{name}.npy", x[part].astype(np.float32))
        np.save(folder / f"{name}-images.npy", np.zeros((len(x[part]), 2, 2), np.uint8))
    quick = ("--method", "cosine", "--threads", "1")
    b = (folder / "b.npy", "--images", folder / "b-images.npy")
    found: dict[str, Case] = {}
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
        known = made(before)
        assert covey_killed(arguments[0], project, *arguments[1:]) == 0
        found[name] = Case(before, known, arguments, made(project)[1:])
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
    covey_killed: Command, tmp_path: Path, case: Case, *, again: bool, **when: Any
) -> bool:
    """Whether it was killed; then all is there but perhaps its event.

    Args:
        covey_killed: Runs commands.
        tmp_path: A project that was killed before it was done stays here, and is killed next.
        case: The command.
        again: Begin with a project that was not killed before, and let the command end after it.
        when: To kill it.
    """
    project = tmp_path / "p"
    if not project.exists():
        shutil.copytree(case.before, project)
    code = covey_killed(case.arguments[0], project, *case.arguments[1:], **when)
    assert code in (0, -9)
    left = made(project)
    done = (left[0], left[1:]) == (case.known[0] + 1, case.wanted)
    assert done or (code and left == case.known)
    if again and not (done and "--full" in case.arguments):  # which makes another run each time
        assert covey_killed(case.arguments[0], project, *case.arguments[1:]) == 0
        assert made(project)[1:] == case.wanted
    if again or done:
        shutil.rmtree(project)
    return code != 0


_SLOW = [pytest.param(kind, 1, marks=pytest.mark.slow) for kind in KINDS]


@pytest.mark.parametrize(
    ("kind", "step"),
    [("first add", 11), ("first run", 19), ("add", 11), ("grow", 19), ("full", 19), *_SLOW],
)
def test_killed_before_a_write(
    covey_killed: Command, tmp_path: Path, commands: dict[str, Case], kind: str, step: int
) -> None:
    times = 0
    for write in range(1, 1000, step):
        again = step == 1
        if not check_killed(covey_killed, tmp_path, commands[kind], again=again, write=write):
            break
        times += 1
    assert times * step > 20


_OFTEN = [pytest.param(kind, 70, marks=pytest.mark.slow) for kind in KINDS]


@pytest.mark.parametrize(
    ("kind", "times"), [("first run", 2), ("add", 3), ("grow", 2), ("full", 1), *_OFTEN]
)
def test_killed_at_any_time(
    covey_killed: Command, tmp_path: Path, commands: dict[str, Case], kind: str, times: int
) -> None:
    rng = np.random.default_rng(0)
    longest = {"first add": 0.12, "add": 0.12}.get(kind, 0.4)
    for _ in range(times):
        after = float(rng.uniform(0, longest))
        check_killed(covey_killed, tmp_path, commands[kind], again=times > 9, seconds=after)
    check_killed(covey_killed, tmp_path, commands[kind], again=False)


def test_killed_while_an_old_journal_is_opened(covey_killed: Command, tmp_path: Path) -> None:
    """By `covey info`, the first that opens it."""
    before = tmp_path / "before"
    create_project(before)
    with Review(before) as review:
        review.add(batch(12))
        run(review)
    with_old_journal(before)
    wanted = None
    for write in range(1, 100, 2):
        project = tmp_path / f"p{write}"
        shutil.copytree(before, project)
        code = covey_killed("info", project, write=write)
        assert code in (0, -9)
        with Review(project) as review:
            check_same(review)
            wanted = wanted or tells(review)
            assert tells(review) == wanted
            assert (review.journal.last, len(review.state.groups)) == (17, 4)
        if code == 0:
            break
    assert 5 < write < 99


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
