"""Where the measured data sets lie on this machine, and how to open one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from covey.types import Float32, InputError, Int64

SET_NAMES = ("lfw", "market1501", "cuhk03", "clinc150", "googlenews_t", "omniglot_eval")
"""The sets of embeddings with labels. None is part of the package."""


class EmbeddingSet(NamedTuple):
    """Embeddings of a set with the truth about them.

    Attributes:
        x: (n, d) float32, as stored: not normalised.
        labels: (n,) int64 identities from 0.
        split: (n,) int8, 0 for identities to train on, 1 for those to test on.
    """

    x: Float32
    labels: Int64
    split: NDArray[np.int8]


def data_root() -> Path | None:
    """The folder of data sets: `COVEY_DATA`, else `../shared/data` beside a source checkout.

    Raises:
        InputError: If `COVEY_DATA` is set to what is no folder.
    """
    named = os.environ.get("COVEY_DATA")
    if named:
        if not Path(named).is_dir():
            raise InputError(f"COVEY_DATA is {named!r}, which is no folder; set it to the data")
        return Path(named)
    checkout = Path(__file__).resolve().parents[3]
    beside = checkout.parent / "shared" / "data"
    return beside if (checkout / "pyproject.toml").is_file() and beside.is_dir() else None


def load_set(name: str) -> EmbeddingSet:
    """Loads one of `SET_NAMES` whole.

    Raises:
        InputError: If there is no such set, or no data on this machine.
    """
    folder = _folder(name)
    x = np.load(folder / "emb.npy").astype(np.float32)
    labels = np.load(folder / "labels.npy").astype(np.int64)
    return EmbeddingSet(x, labels, np.load(folder / "split.npy"))


def load_meta(name: str) -> dict[str, NDArray[Any]]:
    """What else is known about the items of a set: cameras, texts, alphabets; may be empty.

    Raises:
        InputError: If there is no such set, or no data on this machine.
    """
    path = _folder(name) / "meta.npz"
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _folder(name: str) -> Path:
    if name not in SET_NAMES:
        raise InputError(f"there is no set {name!r}; the sets are {', '.join(SET_NAMES)}")
    root = data_root()
    if root is None:
        raise InputError(
            f"the set {name!r} is not on this machine; set COVEY_DATA to the folder that has "
            f"embeddings/{name}"
        )
    folder = root / "embeddings" / name
    if not (folder / "emb.npy").is_file():
        raise InputError(f"{folder}: has no emb.npy; set COVEY_DATA to a complete copy of the data")
    return folder
