"""What a long training keeps on the way: a folder of safetensors, no pickles."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from covey import __version__
from covey.io.atomic import atomic_file, is_half_written
from covey.io.files import listed
from covey.io.folder_lock import LOCK, locked_folder
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.training.loop import Checkpoint

_RUN = "run.json"
_SUFFIX = ".safetensors"
_STATE = "state"  # key of the metadata
_WEIGHTS = ("network", "best", "average")  # of a checkpoint


@dataclass(slots=True)
class TrainingFolder:
    """Where one training keeps its checkpoints, by phase.

    Attributes:
        folder: Holds nothing else.
        run: What the training is of, as text.
    """

    folder: Path
    run: str
    _closed: bool = field(default=False, init=False)
    _writing: Lock = field(default_factory=Lock, init=False)

    def keep(self, phase: str, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint in the place of the phase's last one."""
        with self._writing:
            if self._closed:
                return
            if not self.begun:
                with atomic_file(self.folder / _RUN) as path:
                    path.write_text(self.run, encoding="utf-8")
            with atomic_file(self._path(phase)) as path:
                write_checkpoint(path, checkpoint)

    def start(self, phase: str) -> Checkpoint | None:
        """The phase's last checkpoint, if there is one."""
        path = self._path(phase)
        return read_checkpoint(path) if path.is_file() else None

    @property
    def begun(self) -> bool:
        """Whether there is anything to go on from."""
        return (self.folder / _RUN).exists()

    def close(self) -> None:
        """Keeps nothing more, and waits for what is being written.

        An interrupted training still runs, in another thread, for as long as the process does.
        """
        with self._writing:
            self._closed = True

    def remove(self) -> None:
        """Ends it: the training is over. Whatever else is in the folder stays."""
        for path in self.folder.iterdir():
            if path.name == _RUN or path.name.endswith(_SUFFIX) or is_half_written(path.name):
                path.unlink()

    def _path(self, phase: str) -> Path:
        return self.folder / f"{phase.replace(' ', '-')}{_SUFFIX}"


@contextmanager
def claim_training(work: Path, out: Path, facts: Mapping[str, Any]) -> Iterator[TrainingFolder]:
    """Takes a folder that is free, or was left by an interrupted run of the same training.

    Other processes are kept out of it while the block runs, as `locked_folder` says. At the end an
    empty folder is removed.

    Args:
        work: The folder; made if there is none.
        out: Where the model goes.
        facts: Whatever decides on the training.

    Raises:
        UsageError: If it holds anything else, or another process works there.
    """
    if work.resolve() == out.resolve():
        raise UsageError(f"{work}: is where the model goes; name another folder as --work")
    parent = work.absolute().parent
    writable = os.access(work if work.is_dir() else parent, os.W_OK | os.X_OK)
    if not parent.is_dir() or (work.exists() and not work.is_dir()) or not writable:
        raise UsageError(f"{work}: cannot be a folder there; name another one as --work")
    if foreign := [name for name in _entries(work) if name != _RUN and not name.endswith(_SUFFIX)]:
        raise UsageError(
            f"{work}: holds {listed(foreign)} that no training wrote; name another folder as --work"
        )
    training = TrainingFolder(work, json.dumps({"covey": __version__, **facts}, sort_keys=True))
    with locked_folder(work):
        path = work / _RUN
        same = path.is_file() and path.read_bytes() == training.run.encode()
        if _entries(work) and not same:
            raise UsageError(
                f"{work}: was left by a training on other data or with other options; remove it, "
                "or name another folder as --work"
            )
        try:
            yield training
        finally:
            training.close()


def _entries(work: Path) -> list[str]:
    """What a folder holds, but for what is in nobody's way."""
    names = sorted(entry.name for entry in work.iterdir()) if work.is_dir() else []
    return [name for name in names if name != LOCK and not is_half_written(name)]


def checksum(*arrays: NDArray[Any]) -> int:
    """CRC-32 over the values of some arrays."""
    found = 0
    for array in arrays:
        for start in range(0, len(array), 8192):
            found = zlib.crc32(np.ascontiguousarray(array[start : start + 8192]).tobytes(), found)
    return found


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes weights and state of the optimiser as tensors, and all numbers as metadata."""
    from safetensors.torch import save_file

    tensors = {}
    for name in _WEIGHTS:
        for key, tensor in (getattr(checkpoint, name) or {}).items():
            tensors[f"{name}.{key}"] = tensor.detach().cpu().contiguous().clone()
    optimiser = checkpoint.optimiser or {"state": {}, "param_groups": []}
    for number, state in optimiser["state"].items():
        for key, tensor in state.items():
            tensors[f"optimiser.{number}.{key}"] = tensor.detach().cpu().contiguous().clone()
    numbers = {
        "step": checkpoint.step,
        "score": checkpoint.score,
        "best_step": checkpoint.best_step,
        "groups": optimiser["param_groups"],
    }
    save_file(tensors, path, metadata={_STATE: json.dumps(numbers)})


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads what `write_checkpoint` wrote.

    Raises:
        InputError: If it cannot be read.
    """
    from covey.training.loop import Checkpoint

    parts: dict[str, dict[str, Any]] = {name: {} for name in _WEIGHTS}
    state: dict[int, dict[str, Any]] = {}
    try:
        with safe_open(path, framework="pt") as file:
            numbers = json.loads(file.metadata()[_STATE])
            for name in file.keys():  # noqa: SIM118, no mapping
                part, key = name.split(".", 1)
                if part == "optimiser":
                    number, key = key.split(".", 1)
                    state.setdefault(int(number), {})[key] = file.get_tensor(name)
                else:
                    parts[part][key] = file.get_tensor(name)
        return Checkpoint(
            numbers["step"],
            parts["network"],
            parts["best"] or None,
            numbers["score"],
            numbers["best_step"],
            {"state": state, "param_groups": numbers["groups"]},
            parts["average"] or None,
        )
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read: {error}; remove {path.parent} and train from the start"
        ) from None
