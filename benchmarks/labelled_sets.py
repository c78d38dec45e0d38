"""The collections with labels that the benchmarks measure on, in the folder of `COVEY_DATA`.

Where it is not set, `shared/data` beside the checkout will do. They are not part of the project:
`$COVEY_DATA/embeddings/NAME` holds `emb.npy` (n, d) and `labels.npy` (n,).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

SET_NAMES = ("lfw", "market1501", "cuhk03", "clinc150", "googlenews_t", "omniglot_eval")
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the checkout


def data_root() -> Path | None:
    """The folder that `COVEY_DATA` names, or `_BESIDE` where it names none; None without either.

    Raises:
        SystemExit: If `COVEY_DATA` names what is no folder.
    """
    named = os.environ.get("COVEY_DATA")
    if named and not Path(named).is_dir():
        raise SystemExit(f"COVEY_DATA is {named!r}, which is no folder; set it to the data")
    root = Path(named) if named else _BESIDE
    return root if root.is_dir() else None


def load_set(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (n, d) float32, as stored, and labels (n,) int64 from 0.

    Raises:
        SystemExit: If they are not on this machine.
    """
    root = data_root()
    if root is None:
        raise SystemExit(f"set COVEY_DATA to the folder that has embeddings/{name}")
    folder = root / "embeddings" / name
    if not (folder / "emb.npy").is_file():
        raise SystemExit(f"{folder}: has no emb.npy; set COVEY_DATA to a complete copy of the data")
    x = np.load(folder / "emb.npy").astype(np.float32)
    return x, np.load(folder / "labels.npy").astype(np.int64)
