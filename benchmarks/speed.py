"""How long does Covey take beside its peers, how much memory, and how does that grow?

The collections are von Mises-Fisher mixtures with long-tailed groups, one in about 65 items. Each
contender runs in a process of its own on all cores, from the file of embeddings to the labels;
seconds and peak memory are those of that process. What a first run costs more (just-in-time
compilation) is left out for all: Covey's cache is filled by an untimed run on 2,000 rows, and the
peers fit 2,000 rows first, whose seconds are taken off.

    python benchmarks/speed.py [--items 10000 100000 584000] [--contenders covey EVoC ...]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from machine import RESULTS, provenance, write_json

WARM_ROWS = 2_000
DIMENSIONS = 256
COVEY = {
    "covey": ("defaults", "auto"),
    "covey, universal": ("--method universal", "universal"),
}
"""Settings in words, and the method."""


@dataclass(frozen=True)
class Contender:
    """A peer with the parameters that its documentation starts from.

    Attributes:
        settings: The parameters in words.
        fit: Called with embeddings (n, d) float32 of unit length and the true number of groups;
            returns labels (n,), or (layers, n) where it offers several clusterings.
        largest: Collections with more items are left out.
    """

    settings: str
    fit: Callable[[np.ndarray, int], np.ndarray]
    largest: float = math.inf


def _infomap(x: np.ndarray, _: int) -> np.ndarray:
    from peers import cosine_graph, infomap_modules

    return infomap_modules(len(x), cosine_graph(x, 30))[0]


def _evoc(x: np.ndarray, _: int) -> np.ndarray:
    import evoc

    return np.stack(evoc.EVoC(random_state=0).fit(x).cluster_layers_)


def _fast_hdbscan(x: np.ndarray, _: int) -> np.ndarray:
    import fast_hdbscan

    return fast_hdbscan.HDBSCAN().fit_predict(x)


def _hdbscan(x: np.ndarray, _: int) -> np.ndarray:
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(copy=False, n_jobs=-1).fit_predict(x)


def _k_means(x: np.ndarray, groups: int) -> np.ndarray:
    import faiss

    means = faiss.Kmeans(x.shape[1], min(groups, len(x)), niter=20, seed=1, spherical=True)
    means.train(x)
    return means.index.search(x, 1)[1][:, 0]


PEERS = {
    "EVoC": Contender("defaults; its best layer by labels", _evoc),
    "exact neighbours, Infomap": Contender(
        "faiss, k = 30; infomap, two levels", _infomap, largest=200_000
    ),
    "fast_hdbscan": Contender("defaults", _fast_hdbscan),
    "HDBSCAN": Contender("scikit-learn, defaults", _hdbscan, largest=20_000),
    "k-means": Contender("faiss, true number of groups, 20 rounds", _k_means),
}


def fit_peer(name: str, embeddings: Path, labels: Path, groups: int) -> None:
    """What a peer's process does; prints the cost of the warm-up as JSON."""
    x = np.load(embeddings)
    start, used = time.perf_counter(), time.process_time()
    PEERS[name].fit(x[:WARM_ROWS].copy(), min(groups, 50))
    warm_up = {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - used,
    }
    np.save(labels, PEERS[name].fit(x, groups))
    print(json.dumps(warm_up))


def measure(command: list[str], log: Path, timeout: float) -> dict[str, Any]:
    """Runs a command: how it ended, wall and processor seconds, peak resident memory.

    The peak is that of the largest process among the command's own, as the kernel counts it.
    """
    start = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, start_new_session=True)
        deadline = start + timeout
        status = 0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() > deadline:
                os.killpg(process.pid, 9)
                _, status, usage = os.wait4(process.pid, 0)
                break
            time.sleep(0.01)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    ending = "ok" if process.returncode == 0 else "timeout" if seconds > timeout else "failed"
    return {
        "ending": ending,
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_rss_mib": round(usage.ru_maxrss / 1024),
    }


def run_covey(
    folder: Path, timeout: float, method: str
) -> tuple[dict[str, Any], np.ndarray | None]:
    """The command line as a user types it, after one untimed run on a few rows."""
    from covey.io.groups import read_groups

    def command(embeddings: Path, groups: Path) -> list[str]:
        covey = str(Path(sys.executable).with_name("covey"))
        command = [covey, "cluster", str(embeddings), "-o", str(groups), "--json"]
        return [*command, "--method", method]

    few = folder / "few.npy"
    np.save(few, np.load(folder / "embeddings.npy", mmap_mode="r")[:WARM_ROWS])
    measure(command(few, folder / "few.parquet"), folder / "log", timeout)
    output = folder / "groups.parquet"
    cost = measure(command(folder / "embeddings.npy", output), folder / "log", timeout)
    if cost["ending"] != "ok":
        return cost, None
    table = read_groups(output)
    labels = np.empty(len(table.labels), np.int64)
    labels[table.rows] = table.labels
    stages = json.loads((folder / "log").read_text())["stages"]
    return cost | {"stages": {name: round(value, 2) for name, value in stages.items()}}, labels


def run_peer(
    name: str, folder: Path, groups: int, timeout: float
) -> tuple[dict[str, Any], np.ndarray | None]:
    """One peer in a process of its own, the warm-up taken off."""
    labels = folder / "labels_found.npy"
    command = [sys.executable, __file__, "--fit", name]
    command += [str(folder / "embeddings.npy"), str(labels), str(groups)]
    cost = measure(command, folder / "log", timeout)
    if cost["ending"] != "ok":
        return cost, None
    warm_up = json.loads((folder / "log").read_text().splitlines()[-1])
    return cost | {key: cost[key] - value for key, value in warm_up.items()}, np.load(labels)


def quality(truth: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Scores of the best layer by BCubed F."""
    from covey.metrics.clustering import evaluate

    layers = [evaluate(truth, layer, buckets=()) for layer in np.atleast_2d(labels)]
    best = max(layers, key=lambda scores: scores.bcubed.f)
    return {
        "bcubed": round(best.bcubed.f, 4),
        "pairwise": round(best.pairwise.f, 4),
        "clusters": best.clusters,
    }


def growth(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Exponent b of seconds ~ items^b between successive sizes, for each contender."""
    found = []
    for contender in dict.fromkeys(entry["contender"] for entry in results):
        done = sorted(
            (entry["items"], entry["seconds"])
            for entry in results
            if entry["contender"] == contender and entry["ending"] == "ok"
        )
        for (few, short), (many, long) in pairwise(done):
            exponent = math.log(long / short) / math.log(many / few)
            found.append(
                {"contender": contender, "from": few, "to": many, "exponent": round(exponent, 2)}
            )
    return found


def main() -> None:
    contenders = [*COVEY, *PEERS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", nargs="+", type=int, default=[10_000, 100_000, 584_000])
    parser.add_argument("--contenders", nargs="+", default=contenders, choices=contenders)
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for each run")
    parser.add_argument("--output", type=Path, default=RESULTS / "speed.json")
    parser.add_argument("--fit", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fit:
        name, embeddings, labels, groups = arguments.fit
        fit_peer(name, Path(embeddings), Path(labels), int(groups))
        return

    from covey.datasets.synthetic import von_mises_fisher_mixture

    packages = ("faiss-cpu", "infomap", "evoc", "fast-hdbscan", "scikit-learn", "numba")
    result = {"question": __doc__.splitlines()[0], **provenance(*packages), "results": []}
    result["dimensions"] = DIMENSIONS
    for items in arguments.items:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            x, truth = von_mises_fisher_mixture(items, DIMENSIONS, seed=0)
            np.save(folder / "embeddings.npy", x)
            del x
            groups = len(np.unique(truth))
            for contender in arguments.contenders:
                if contender in COVEY:
                    cost, labels = run_covey(folder, arguments.timeout, COVEY[contender][1])
                elif items > PEERS[contender].largest:
                    continue
                else:
                    cost, labels = run_peer(contender, folder, groups, arguments.timeout)
                entry = {"items": items, "groups": groups, "contender": contender, **cost}
                entry["settings"] = (
                    COVEY[contender][0] if contender in COVEY else PEERS[contender].settings
                )
                if labels is not None:
                    entry |= quality(truth, labels)
                for key in ("seconds", "cpu_seconds"):
                    entry[key] = round(entry[key], 2)
                covey = [
                    other
                    for other in result["results"]
                    if (other["items"], other["contender"]) == (items, "covey")
                ]
                if covey and covey[0]["ending"] == entry["ending"] == "ok":
                    entry["times_covey"] = round(entry["seconds"] / covey[0]["seconds"], 2)
                result["results"].append(entry)
                result["growth"] = growth(result["results"])
                write_json(arguments.output, result)
                print(json.dumps(entry), file=sys.stderr)
    print(json.dumps(result["growth"]), file=sys.stderr)


if __name__ == "__main__":
    main()
