"""A folder of labelled sets: what `covey train universal` learns from."""

from __future__ import annotations

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from covey.datasets.view_draws import LabelledSet
from covey.types import InputError


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
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            held = {name: arrays[name] for name in arrays.files}
    except (OSError, EOFError, TypeError, ValueError, BadZipFile, zlib.error) as error:
        raise InputError(f"{path}: cannot be read: {error}; save it by numpy.savez") from None
    for name, kinds, what in (("embeddings", "fiu", "numbers"), ("labels", "iu", "integers")):
        if name not in held:
            raise InputError(f"{path}: has no array {name!r}; it has {', '.join(held) or 'none'}")
        if held[name].dtype.kind not in kinds:
            raise InputError(f"{path}: {name} must be {what}, not {held[name].dtype}")
    return LabelledSet(
        path.stem,
        str(held.get("family", path.stem)),
        held["embeddings"].astype(np.float32),
        held["labels"].astype(np.int64),
        float(held.get("share", 1.0)),
    )
