"""Tables of the study of long tails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean, stdev
from typing import Any

from table_parts import markdown, origin, read, short, spread


def _long_tail_rows(result: dict[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Version, method and their runs; what learns nothing stands before all."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for run in result["results"]:
        rows.setdefault((run["version"], run["method"]), []).append(run)
    versions = list(dict.fromkeys(version for version, _ in rows))
    methods = list(dict.fromkeys(method for _, method in rows))
    ordered = sorted(rows, key=lambda row: (versions.index(row[0]), methods.index(row[1])))
    return [(*row, rows[row]) for row in ordered]


Pick = Callable[[dict[str, Any]], float | None]


def _over_seeds(runs: Sequence[dict[str, Any]], pick: Pick, sets: int) -> str:
    """The mean over sets, and how it spreads over the seeds that have all of so many."""
    by_seed: dict[int, list[float]] = {}
    for run in runs:
        value = pick(run)
        if value is not None:
            by_seed.setdefault(run["seed"], []).append(value)
    whole = [fmean(values) for values in by_seed.values() if len(values) == sets]
    return spread(whole) if whole else ""


def _f_of(part: str, *, among: str = "with", kind: str = "bcubed") -> Pick:
    return lambda run: run["scores"][f"{among}_singletons"][part][kind]["f"]


def _edges_of(part: str) -> Pick:
    return lambda run: run["edges"]["average_precision"][part] if "edges" in run else None


def _best_cut_of(part: str) -> Pick:
    def pick(run: dict[str, Any]) -> float | None:
        if "edges" not in run:
            return None
        found: float = run["edges"]["best_cut_with_labels"]["with_singletons"][part]["bcubed"]["f"]
        return found

    return pick


def long_tail() -> str:
    """All sets together: one row for each version and method, empty until no set is missing."""
    result = read("long_tail")
    sets = len({run["set"] for run in result["results"]})
    columns = [
        ("B", _f_of("all")),
        ("F", _f_of("all", kind="pairwise")),
        *((f"B, {part}", _f_of(part)) for part in ("head", "medium", "tail")),
        ("without singletons: B", _f_of("all", among="without")),
        ("F", _f_of("all", among="without", kind="pairwise")),
        ("B, tail", _f_of("tail", among="without")),
        ("edges, AP", _edges_of("all")),
        ("AP, tail", _edges_of("tail")),
        ("best cut by labels: B", _best_cut_of("all")),
        ("B, tail", _best_cut_of("tail")),
    ]
    header = ["learned from: method", "sets, seeds", *(name for name, _ in columns)]
    header.append("training, CPU s")
    rows = []
    for version, method, runs in _long_tail_rows(result):
        counts = [len({run[what] for run in runs}) for what in ("set", "seed")]
        seconds = [run.get("training_cpu_seconds") for run in runs]
        rows.append(
            [
                method if version == "any" else f"{version}: {method}",
                f"{counts[0]}, {counts[1]}",
                *(_over_seeds(runs, pick, sets) for _, pick in columns),
                "" if None in seconds else f"{fmean(seconds):.0f}",
            ]
        )
    return markdown(header, rows) + origin(result)


def long_tail_sets() -> str:
    """B of all and of the tail, sets side by side."""
    result = read("long_tail")
    names = list(dict.fromkeys(run["set"] for run in result["results"]))
    header = ["learned from: method, B, all / tail", *names]
    rows = []
    for version, method, runs in _long_tail_rows(result):
        row = [method if version == "any" else f"{version}: {method}"]
        for name in names:
            own = [run for run in runs if run["set"] == name]
            parts = [_over_seeds(own, _f_of(part), 1) for part in ("all", "tail") if own]
            row.append(" / ".join(parts))
        rows.append(row)
    return markdown(header, rows) + origin(result)


def long_tail_riws() -> str:
    """RIWS less each other way to train the same network, on the same draws."""
    result = read("long_tail")
    columns = [
        ("edges, AP", _edges_of("all")),
        ("AP, tail", _edges_of("tail")),
        ("best cut by labels: B", _best_cut_of("all")),
        ("B, tail", _best_cut_of("tail")),
        ("own cut: B", _f_of("all")),
        ("F", _f_of("all", kind="pairwise")),
        *((f"B, {part}", _f_of(part)) for part in ("head", "medium", "tail")),
        ("B, tail, without singletons", _f_of("tail", among="without")),
    ]
    header = ["learned from: RIWS against", "pairs", *(name for name, _ in columns)]
    found = {(version, method): runs for version, method, runs in _long_tail_rows(result)}
    rows = []
    for version, method in found:
        ours = {(run["set"], run["seed"]): run for run in found.get((version, "RIWS"), [])}
        pairs = [
            (ours[run["set"], run["seed"]], run)
            for run in found[version, method]
            if (run["set"], run["seed"]) in ours
        ]
        if method not in ("RIWS", "B-Attention", "Ada-NETS") and pairs:
            gains = [_gains(pairs, pick) for _, pick in columns]
            rows.append([f"{version}: {method}", str(len(pairs)), *map(_ahead, gains)])
    return markdown(header, rows) + origin(result)


def _gains(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]], pick: Pick) -> list[float]:
    """How much larger a figure of the first of each pair is, where both have it."""
    both = [(pick(own), pick(other)) for own, other in pairs]
    return [own - other for own, other in both if own is not None and other is not None]


def _ahead(gains: Sequence[float]) -> str:
    """The mean with its sign, the standard deviation, and how often it is above 0."""
    if not gains:
        return ""
    spread = f" ± {short(stdev(gains))}" if len(gains) > 1 else ""
    return f"{fmean(gains):+.3f}{spread} ({sum(g > 0 for g in gains)} of {len(gains)})"


def long_tail_curves() -> str:
    """Where long trainings on head-heavy versions end."""
    result = read("long_tail")
    header = ["set: method", "links learned, AP at the end", "links of the other half, best AP"]
    header += ["at step", "at the end", "their loss, least", "at the end"]
    rows = []
    for curve in result["curves"]:
        points = curve["points"]
        best = max(points, key=lambda point: point["other"]["average_precision"])
        last = points[-1]
        rows.append(
            [
                f"{curve['set']}: {curve['method']}",
                short(last["learned"]["average_precision"]),
                short(best["other"]["average_precision"]),
                str(best["step"]),
                short(last["other"]["average_precision"]),
                f"{min(point['other']['loss'] for point in points):.3f}",
                f"{last['other']['loss']:.3f}",
            ]
        )
    return markdown(header, rows) + origin(result)
