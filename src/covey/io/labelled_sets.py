"""A folder of labelled sets: what `covey train universal` learns from."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from covey.datasets.view_draws import LabelledSet
from covey.types import CoveyError, InputError

_HIGHEST = np.iinfo(np.int64).max


def read_labelled_sets(folder: str | Path) -> list[LabelledSet]:
    """Reads every `.npz` file of a folder, in the order of their names.

    Each holds `embeddings` (n, d) and `labels` (n,), where -1 belongs to nobody; it may hold
    `family`, a name shared by sets of the same items (the file's name if not), and `share`, how
    often it is drawn (1 if not).

    Raises:
        InputError: If there is no such file, or one cannot be used.
    """
    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise InputError(f"{folder}: has no .npz files; name a folder with labelled sets")
    return [_read(path) for path in paths]


def _read(path: Path) -> LabelledSet:
    held = _arrays(path)
    for name, kinds, what in (
        ("embeddings", "fiu", "numbers, as float32"),
        ("labels", "iu", "integers, as numpy.unique(labels, return_inverse=True)[1] makes them"),
    ):
        if name not in held:
            raise InputError(f"{path}: has no array {name!r}; it has {', '.join(held) or 'none'}")
        if held[name].dtype.kind not in kinds:
            raise InputError(f"{path}: {name} are {held[name].dtype.name}; save {what}")
    labels = held["labels"]
    if labels.dtype == np.uint64 and labels.max(initial=0) > _HIGHEST:
        row = int(labels.ravel().argmax())
        raise InputError(
            f"{path}: label {labels.flat[row]} of row {row} is above {_HIGHEST}; number the groups "
            "from 0"
        )
    try:
        family = np.asarray(held.get("family", path.stem)).item()
        share = float(np.asarray(held.get("share", 1.0)).item())
    except ValueError:
        raise InputError(f"{path}: family must be one name and share one number") from None
    with np.errstate(over="ignore"):  # what does not fit is told as infinity
        x = held["embeddings"].astype(np.float32)
    try:
        return LabelledSet(path.stem, str(family), x, labels.astype(np.int64), share)
    except CoveyError as error:
        raise InputError(f"{path}: {error}") from None


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an archive."""
    if not path.is_file():
        raise InputError(f"{path}: is no file; take it out of the folder")
    try:
        with open(path, "rb") as stream:
            if not is_zipfile(stream):
                raise BadZipFile("it is cut short or no archive")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
    except (OSError, EOFError, TypeError, ValueError, BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path}: cannot be read: {error}; write it again, plain arrays by numpy.savez"
        ) from None
