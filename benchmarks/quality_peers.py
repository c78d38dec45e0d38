"""How good are the peers when their parameters are chosen with the labels?

For each set of embeddings and each peer, every point of the peer's grid is scored and the one of
the highest BCubed F is kept, with all scores at that point. Noise items count as singletons.

Each (set, peer) runs in a process of its own on one thread, and the result is written after each,
so an interrupted run goes on where it stopped. The seconds are those of the whole grid, on a
machine that may be busy: `speed.py` is the script that measures time.

    COVEY_DATA=... python benchmarks/quality_peers.py [--sets lfw ...] [--peers Infomap ...]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from labelled_sets import SET_NAMES, load_set
from machine import RESULTS, provenance, versions, write_json

OUT_OF_SCOPE = {"clinc150": 80}
"""The label of the rows that are clustered with the rest but left out of the scores."""


def load(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (n, d) float32 of unit length, and labels (n,) with -1 where not scored."""
    x, labels = load_set(name)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x, np.where(labels == OUT_OF_SCOPE.get(name, -1), -1, labels)


def best_point(set_name: str, peer_name: str) -> dict[str, Any]:
    """Runs one peer over its grid on one set."""
    from covey.metrics.clustering import evaluate
    from peers import PEERS

    peer = PEERS[peer_name]
    x, truth = load(set_name)
    groups = len(np.unique(truth))  # Unscored rows are one more group for k-means.
    start = time.perf_counter()
    best: dict[str, Any] = {}
    tried = 0
    for parameters, labels in peer.sweep(x, groups):
        tried += 1
        scores = evaluate(truth, labels, buckets=())
        if not best or scores.bcubed.f > best["scores"]["bcubed"]["f"]:
            best = {"parameters": parameters, "scores": scores.as_dict()}
    return {
        "set": set_name,
        "peer": peer_name,
        "items": len(x),
        "grid": peer.grid,
        "points": tried,
        **best,
        "seconds": round(time.perf_counter() - start, 1),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "versions": versions(*peer.packages),
    }


def run(set_name: str, peer_name: str) -> dict[str, Any] | None:
    """Runs `best_point` in a process of its own, on one thread; None where it failed."""
    threads = dict.fromkeys(
        ["OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1"
    )
    command = [sys.executable, __file__, "--one", set_name, peer_name]
    done = subprocess.run(
        command, env=os.environ | threads, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        return None
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=SET_NAMES, choices=SET_NAMES)
    parser.add_argument("--peers", nargs="+", help="all by default")
    parser.add_argument("--output", type=Path, default=RESULTS / "quality_peers.json")
    parser.add_argument("--again", action="store_true", help="also what the output already holds")
    parser.add_argument("--one", nargs=2, metavar=("SET", "PEER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(best_point(*arguments.one)))
        return

    from peers import PEERS

    result: dict[str, Any] = {"question": __doc__.splitlines()[0], **provenance(), "results": []}
    if arguments.output.exists():
        result["results"] = json.loads(arguments.output.read_text())["results"]
    for peer_name in arguments.peers or PEERS:
        for set_name in arguments.sets:
            same = [
                entry
                for entry in result["results"]
                if (entry["set"], entry["peer"]) == (set_name, peer_name)
            ]
            if same and not arguments.again:
                continue
            entry = run(set_name, peer_name)
            if entry is None:
                print(f"{set_name:14} {peer_name:16} failed", file=sys.stderr)
                continue
            result["results"] = [old for old in result["results"] if old not in same] + [entry]
            write_json(arguments.output, result)
            bcubed, pairwise = (entry["scores"][name]["f"] for name in ("bcubed", "pairwise"))
            print(
                f"{set_name:14} {peer_name:16} B {bcubed:.3f}  F {pairwise:.3f}  "
                f"{entry['points']:4} points  {entry['seconds']:7.1f} s  {entry['parameters']}",
                file=sys.stderr,
            )


if __name__ == "__main__":
    main()
