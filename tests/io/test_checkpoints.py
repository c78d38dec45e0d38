"""Checkpoints on disk are the checkpoints, and a folder of them belongs to one training."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402

from covey.io.checkpoints import (  # noqa: E402
    checksum,
    claim_training,
    read_checkpoint,
    write_checkpoint,
)
from covey.training.loop import Checkpoint, Schedule, fit  # noqa: E402
from covey.types import InputError, UsageError  # noqa: E402

SCHEDULE = Schedule(steps=40, rate=0.02, every=10, patience=99)
FACTS = {"data": 17, "plan": {"steps": 40}}


def _problem(seed: int = 0) -> tuple[nn.Module, Any, Any]:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))

    def loss_of(rng):
        x = torch.from_numpy(rng.standard_normal((16, 3), dtype="float32"))
        return ((network(x) - x.sum(1, keepdim=True)) ** 2).mean()

    return network, loss_of, lambda: -float(loss_of(np.random.default_rng(0)))


@pytest.fixture
def kept() -> list[Checkpoint]:
    network, loss_of, validate = _problem()
    found: list[Checkpoint] = []
    fit(network, loss_of, SCHEDULE, validate=validate, keep=found.append)
    return found


def _assert_equal(a: Any, b: Any) -> None:
    if isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.numpy().tobytes() == b.numpy().tobytes()
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            _assert_equal(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            _assert_equal(one, other)
    else:
        assert a == b or (a != a and b != b)


@pytest.mark.parametrize("score", [None, -math.inf, math.nan])
def test_reads_as_it_was_written(tmp_path: Path, kept: list[Checkpoint], score) -> None:
    one = kept[1]
    if score is not None:
        one = Checkpoint(20, one.network, None, score, 0, one.optimiser)
    write_checkpoint(tmp_path / "a.safetensors", one)
    other = read_checkpoint(tmp_path / "a.safetensors")
    for name in ("step", "network", "best", "score", "best_step", "optimiser"):
        _assert_equal(getattr(one, name), getattr(other, name))


def test_a_run_goes_on_from_the_file_as_from_memory(tmp_path: Path, kept) -> None:
    for checkpoint in kept[:-1]:
        write_checkpoint(tmp_path / "a.safetensors", checkpoint)
        network, loss_of, validate = _problem(seed=9)
        last = fit(
            network,
            loss_of,
            SCHEDULE,
            validate=validate,
            start=read_checkpoint(tmp_path / "a.safetensors"),
        )
        _assert_equal(last.network, kept[-1].network)
        _assert_equal(last.optimiser, kept[-1].optimiser)
        assert (last.score, last.best_step) == (kept[-1].score, kept[-1].best_step)


@pytest.mark.parametrize("length", [0, 8, 200, -1])
def test_a_damaged_file_is_refused(tmp_path: Path, kept, length: int) -> None:
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, kept[0])
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match=r"a.safetensors: cannot be read: .*; remove .* and train"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("tensors", "state"),
    [
        ({"network.a": 1}, None),
        ({"network.a": 1}, "no json"),
        ({"network.a": 1}, "[]"),
        ({"network.a": 1}, "{}"),
        ({"other.a": 1}, '{"step": 1, "score": 0, "best_step": 1, "groups": []}'),
        ({"network": 1}, '{"step": 1, "score": 0, "best_step": 1, "groups": []}'),
        ({"optimiser.x.y": 1}, '{"step": 1, "score": 0, "best_step": 1, "groups": []}'),
    ],
)
def test_other_safetensors_are_no_checkpoint(tmp_path: Path, tensors, state) -> None:
    path = tmp_path / "a.safetensors"
    metadata = None if state is None else {"state": state}
    save_file({name: torch.ones(value) for name, value in tensors.items()}, path, metadata)
    with pytest.raises(InputError, match="cannot be read"):
        read_checkpoint(path)


def _claim(tmp_path: Path, facts: dict[str, Any] = FACTS):
    return claim_training(tmp_path / "m.work", tmp_path / "m", facts)


def _refused(tmp_path: Path, match: str, facts: dict[str, Any] = FACTS) -> None:
    with pytest.raises(UsageError, match=match), _claim(tmp_path, facts):
        pass


def test_keeps_the_last_of_each_phase_and_starts_from_it(tmp_path: Path, kept) -> None:
    work = tmp_path / "m.work"
    with _claim(tmp_path) as training:
        assert training.start("held out") is None
        assert not training.begun
        training.keep("held out", kept[0])
        assert training.begun
        training.keep("held out", kept[1])
        training.keep("all groups", kept[2])
    names = {path.name for path in work.iterdir()}
    assert names == {"run.json", "held-out.safetensors", "all-groups.safetensors"}
    with _claim(tmp_path) as again:
        assert again.start("held out").step == 20
        assert again.start("all groups").step == 30
        assert "network.0.weight" in load_file(work / "held-out.safetensors")
        again.remove()
        assert not again.begun
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_which_nothing_was_kept_goes_away(tmp_path: Path) -> None:
    with _claim(tmp_path):
        assert (tmp_path / "m.work").is_dir()
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_are_kept_apart(tmp_path: Path, kept) -> None:
    with _claim(tmp_path) as training:
        training.keep("held out", kept[0])
        for facts in (FACTS, FACTS | {"data": 18}):
            _refused(tmp_path, rf"m.work: is in use by process {os.getpid()} on ", facts)
        training.keep("held out", kept[1])
    with _claim(tmp_path) as again:
        assert again.start("held out").step == 20


def test_what_an_interrupted_training_still_finds_is_not_kept(tmp_path: Path, kept) -> None:
    with _claim(tmp_path) as training:
        training.keep("held out", kept[0])
    training.keep("held out", kept[1])
    training.keep("all groups", kept[2])
    with _claim(tmp_path) as again:
        assert again.start("held out").step == 10
        assert again.start("all groups") is None


@pytest.mark.parametrize("change", [{"data": 18}, {"plan": {"steps": 41}}, {"more": 1}])
def test_another_training_is_refused(tmp_path: Path, kept, change) -> None:
    with _claim(tmp_path) as training:
        training.keep("held out", kept[0])
    _refused(tmp_path, r"m.work: was left by .* other data .*; remove it, or", FACTS | change)
    with _claim(tmp_path) as training:
        assert training.start("held out").step == 10


def test_a_version_of_its_own(tmp_path: Path, kept) -> None:
    with _claim(tmp_path) as training:
        training.keep("held out", kept[0])
    path = tmp_path / "m.work" / "run.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps(facts | {"covey": "0.0.1"}, sort_keys=True))
    _refused(tmp_path, "was left by")


def test_foreign_folders_stay_as_they_are(tmp_path: Path) -> None:
    work = tmp_path / "m.work"
    work.touch()
    _refused(tmp_path, r"m.work: cannot be a folder there; .* --work")
    work.unlink()
    work.mkdir()
    (work / "photo.png").touch()
    _refused(tmp_path, r"m.work: holds photo.png that no training wrote")
    (work / "photo.png").rename(work / "mine.safetensors")
    _refused(tmp_path, "was left by")
    assert [path.name for path in work.iterdir()] == ["mine.safetensors"]
    told = r"is where the model goes; name another folder as --work"
    with pytest.raises(UsageError, match=told):
        claim_training(tmp_path / "m", tmp_path / "x" / ".." / "m", FACTS).__enter__()
    with pytest.raises(UsageError, match="cannot be a folder there"):
        claim_training(tmp_path / "no" / "work", tmp_path / "m", FACTS).__enter__()


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path: Path, kept) -> None:
    work = tmp_path / "m.work"
    work.mkdir()
    (work / ".run.0123.tmp.json").write_text("{")
    (work / ".lock").write_text("process 1 on elsewhere")
    with _claim(tmp_path) as training:
        training.keep("held out", kept[0])
    (work / ".held-out.0123.tmp.safetensors").write_text("half")
    with _claim(tmp_path) as training:
        assert training.start("held out").step == 10
        training.remove()
    assert list(tmp_path.iterdir()) == []


def test_only_its_own_files_are_removed(tmp_path: Path, kept) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "m.work").symlink_to(tmp_path / "disk")
    with _claim(tmp_path) as training:
        training.keep("held out", kept[0])
        (tmp_path / "disk" / "notes.txt").write_text("put there meanwhile")
        training.remove()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["notes.txt"]
    assert (tmp_path / "m.work").is_symlink()


def test_checksum_tells_values_and_order() -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((20_000, 2)), np.arange(20_000)
    whole = checksum(x, labels)
    assert checksum(np.asfortranarray(x), labels) == whole
    other = x.copy()
    other[19_999, 1] += 1e-9
    assert checksum(other, labels) != whole
    assert checksum(x, labels[::-1]) != whole
    assert checksum(labels, x) != whole
