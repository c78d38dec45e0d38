"""What does `covey compare` say of two collections, as a user would call it?

    COVEY_DATA=... python benchmarks/compare.py [--sets lfw market1501]

One call of the command for each set, on its files as they are, with all cores.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from typing import Any

from labelled_sets import SET_NAMES, data_root
from machine import RESULTS, provenance, write_json

SETS = ("lfw", "market1501")
"""None of which the shipped model has learned from."""


def answer(name: str) -> dict[str, Any]:
    """The command for one set, and what it answers.

    Raises:
        SystemExit: If the set is not on this machine, or the command fails.
    """
    root = data_root()
    if root is None:
        raise SystemExit(f"set COVEY_DATA to the folder that has embeddings/{name}")
    words = ["emb.npy", "--labels", "labels.npy", "--split", "split.npy", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "covey", "compare", *words],
        cwd=root / "embeddings" / name,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"covey compare of {name} ended with code {done.returncode}")
    called = shlex.join(["covey", "compare", *words])
    return {"set": name, "called": called, **json.loads(done.stdout)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SET_NAMES)
    options = parser.parse_args()
    about = provenance("torch", "numba", "faiss-cpu", "scikit-learn")
    results = []
    for name in options.sets:
        results.append(answer(name))
        write_json(RESULTS / "compare.json", {**about, "results": results})


if __name__ == "__main__":
    main()
