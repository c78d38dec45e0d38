"""Tables of what learns from labels: B-Attention, Ada-NETS, the linkage GCN, and retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

from promises import SHARES
from table_parts import markdown, origin, promised, read, short, spread


def b_attention() -> str:
    """F / B of test halves, one row a set."""
    result = read("b_attention")
    header = [
        "set",
        "labelled / grouped items",
        "without labels",
        "**B-Attention**",
        "best cut by the labels: B-Attention",
        "boosting",
        "cosine",
        "network used",
        "scorer learned",
        "precision promised / true",
        "recall promised / true",
        "training, CPU s",
    ]

    def both(found: dict[str, Any]) -> str:
        return f"{short(found['pairwise']['f'])} / {short(found['bcubed']['f'])}"

    rows = []
    for entry in result["results"]:
        runs = entry["runs"]
        used = [run for run in runs if run["share_of_the_embedding"] < 1]
        learned = [run for run in runs if run["edges"] == "learned"]
        rows.append(
            [
                entry["set"],
                f"{entry['known']['items']:,} / {entry['other']['items']:,}",
                both(entry["without_labels"]),
                " / ".join(
                    f"**{spread([run[kind]['f'] for run in runs])}**"
                    for kind in ("pairwise", "bcubed")
                ),
                " / ".join(
                    short(fmean(run["best_cut_with_labels"][kind]["f"] for run in runs))
                    for kind in ("pairwise", "bcubed")
                ),
                both(entry["boosting_best_cut"]),
                both(entry["cosine_best_cut"]),
                f"{len(used)} of {len(runs)}",
                f"{len(learned)} of {len(runs)}",
                *(
                    " / ".join(
                        short(fmean(values))
                        for values in (
                            [run[f"expected_{share}"] for run in runs],
                            [run["bcubed"][share] for run in runs],
                        )
                    )
                    for share in SHARES
                ),
                f"{fmean(run['training_cpu_seconds'] for run in runs):.0f}",
            ]
        )
    return markdown(header, rows) + origin(result)


def b_attention_ablation() -> str:
    """One row for each variant, sets side by side."""
    result = read("b_attention_ablation")
    names = [entry["set"] for entry in result["results"]]
    header = ["variant"]
    for name in names:
        header += [f"{name}: mAP", "list-1023", "first 200", "edges AP", "F / B"]
    rows: dict[str, list[str]] = {}
    for entry in result["results"]:
        variants = [{"name": "cosine", "runs": [entry["cosine"]]}, *entry["variants"]]
        for variant in variants:
            runs = variant["runs"]
            row = rows.setdefault(variant["name"], [variant["name"]])
            row += [
                spread([run["mAP"][protocol] for run in runs])
                for protocol in ("standard", "list-1023", "list-200")
            ]
            row.append(spread([run["average_precision"] for run in runs]))
            row.append(
                f"{short(fmean(run['pairwise_f'] for run in runs))} / "
                f"{short(fmean(run['bcubed_f'] for run in runs))}"
            )
    return markdown(header, list(rows.values())) + origin(result)


def b_attention_removal() -> str:
    """What taking one test out of a trained network changes."""
    result = read("b_attention_ablation")
    header = ["set", "taken out", "cosine with the whole", "mAP", "F / B"]
    rows = []
    for entry in result["results"]:
        whole = next(v for v in entry["variants"] if v["name"] == "GCN, both tests")["runs"][0]
        found = {"nothing": {"mean_cosine_with_the_whole": 1.0, **whole}}
        for name, measured in {**found, **entry["removal"]}.items():
            if name == "fusion":
                continue
            rows.append(
                [
                    entry["set"],
                    name,
                    short(measured["mean_cosine_with_the_whole"]),
                    short(measured["mAP"]["standard"]),
                    f"{short(measured['pairwise_f'])} / {short(measured['bcubed_f'])}",
                ]
            )
    return markdown(header, rows) + origin(result)


def b_attention_budget() -> str:
    """The published recipe beside the default, F / B at the best cut."""
    result = read("b_attention_budget")
    header = ["set", "what", "CPU seconds", "steps", "edges AP", "union-find", "map equation"]
    rows = []
    for entry in result["results"]:
        for name in ("cosine", "profiles", "published", "default"):
            runs = entry[name] if isinstance(entry[name], list) else [entry[name]]
            trained = "steps" in runs[0]

            def best(partition: str, runs: list[dict[str, Any]] = runs) -> str:
                return " / ".join(
                    short(fmean(run[partition][kind]["f"] for run in runs))
                    for kind in ("pairwise", "bcubed")
                )

            rows.append(
                [
                    entry["set"],
                    name,
                    f"{fmean(run['cpu_seconds'] for run in runs):.0f}" if trained else "",
                    f"{fmean(run['steps'] for run in runs):.0f}" if trained else "",
                    short(fmean(run["average_precision"] for run in runs)),
                    best("union_find"),
                    best("map_equation"),
                ]
            )
    return markdown(header, rows) + origin(result)


def learned_methods() -> str:
    """Ada-NETS and the linkage GCN on test halves, beside B-Attention and what needs no labels."""
    result = read("learned_methods")
    beside = {entry["set"]: entry for entry in read("b_attention")["results"]}
    header = [
        "set, method",
        "F / B",
        "seeds",
        "precision promised / true",
        "recall promised / true",
        "network used",
        "edges weighed by",
        "training, CPU s",
        "grouping, s",
        "peak MiB",
    ]
    rows = []
    for entry in result["results"]:
        name = entry["set"]
        if name in result["reference"]:
            given = result["reference"][name]
            f = " / ".join(short(given[kind]) for kind in ("pairwise", "bcubed"))
            rows.append([f"{name}, reference", f, *[""] * 8])
        methods = {"B-Attention": beside[name]["runs"]} if name in beside else {}
        if name in beside:
            rows.append(_method_row(f"{name}, without labels", [beside[name]["without_labels"]]))
        for title, row in (("**Ada-NETS**", "ada-nets"), ("**linkage GCN**", "linkage")):
            methods[title] = [run for run in entry["runs"] if run["row"] == row]
        rows += [_method_row(f"{name}, {title}", runs) for title, runs in methods.items() if runs]
    return markdown(header, rows) + origin(result)


def _method_row(title: str, runs: Sequence[dict[str, Any]]) -> list[str]:
    """One method on one set: means over seeds, of what each run knows of itself."""
    promises = [
        " / ".join(
            short(fmean(values))
            for values in (
                [run[f"expected_{share}"] for run in runs],
                [run["bcubed"][share] for run in runs],
            )
        )
        for share in SHARES
    ]
    row = [title, _both(runs), "", *promises, "", "", ""]
    if "seed" in runs[0]:
        used = sum(run["share_of_the_embedding"] < 1 or run["edges"] == "network" for run in runs)
        edges = [run["edges"] for run in runs]
        counts = {each: edges.count(each) for each in dict.fromkeys(edges)}
        row[2] = str(len(runs))
        row[5] = f"{used} of {len(runs)}"
        row[6] = ", ".join(f"{each} {count}" for each, count in counts.items())
        row[7] = f"{fmean(run['training_cpu_seconds'] for run in runs):.0f}"
    row.append(f"{fmean(run['seconds'] for run in runs):.0f}")
    peaks = [run["peak_rss_mib"] for run in runs if "peak_rss_mib" in run]
    return [*row, f"{max(peaks):,}" if peaks else ""]


def compare() -> str:
    """What the command answers on two sets, a row for each method."""
    result = read("compare")
    header = [
        "set, method",
        "pairwise F",
        "BCubed F",
        "precision promised / true",
        "recall promised / true",
        "clusters",
        "what came of learning",
        "training, s",
        "grouping, s",
        "peak MB",
    ]
    rows = []
    for entry in result["results"]:
        for each in entry["methods"]:
            f = [short(each["scores"][kind]["f"]) for kind in ("pairwise", "bcubed")]
            promises = promised({**each, "bcubed": each["scores"]["bcubed"]})
            seconds = [f"{each[kind]:.0f}" for kind in ("training_seconds", "seconds")]
            clusters, peak = f"{each['scores']['clusters']:,}", f"{each['peak_memory_mb']:,.0f}"
            first = f"{entry['set']}, {each['method']}"
            rows.append([first, *f, *promises, clusters, each["how"], *seconds, peak])
    return markdown(header, rows) + origin(result)


def _both(runs: Sequence[dict[str, Any]]) -> str:
    """Pairwise F and BCubed F over seeds."""
    kinds = ("pairwise", "bcubed")
    return " / ".join(spread([run[kind]["f"] for run in runs]) for kind in kinds)


def ada_nets_parts() -> str:
    """One row for each way to lists, and for what needs no network, sets side by side."""
    result = read("learned_methods")
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for entry in result["results"]:
        for run in entry["runs"]:
            if "average_precision" in run:
                found.setdefault(run["row"], {}).setdefault(entry["set"], []).append(run)
    names = [
        entry["set"]
        for entry in result["results"]
        if any(entry["set"] in sets for sets in found.values())
    ]
    header = ["lists"]
    for name in names:
        header += [f"{name}: F / B", "edges AP", "seeds"]
    rows = []
    for row, sets in found.items():
        line = [row]
        for name in names:
            runs = sets.get(name, [])
            precision = [run["average_precision"] for run in runs]
            learned = "training_cpu_seconds" in runs[0] if runs else False
            line += [_both(runs), spread(precision)] if runs else ["", ""]
            line.append(str(len(runs)) if learned else "")
        rows.append(line)
    return markdown(header, rows) + origin(result)


FILTERED = {
    "adaptive, kNN that reads structure space (default)": "fixed, kNN",
    "adaptive, structure space (published)": "fixed, structure space",
}
"""Lists that a filter cuts, and those in the same order of one length."""


def ada_nets_filter() -> str:
    """How far lengths are off on held-out identities, and what they give by the same seed."""
    result = read("learned_methods")
    header = [
        "set, lists",
        "length off by: filter",
        "best constant",
        "mean",
        "gain over one fixed length: F",
        "B",
        "edges AP",
        "seeds",
    ]
    rows = []
    for entry in result["results"]:
        runs = {(run["row"], run["seed"]): run for run in entry["runs"]}
        for row, fixed in FILTERED.items():
            pairs = [
                (run, runs[fixed, seed])
                for (name, seed), run in runs.items()
                if name == row and (fixed, seed) in runs
            ]
            if not pairs:
                continue
            off = [
                short(fmean(run["filter_off_by"][kind] for run, _ in pairs))
                for kind in ("filter", "constant", "mean")
            ]
            gains = [
                [run[kind]["f"] - other[kind]["f"] for run, other in pairs]
                for kind in ("pairwise", "bcubed")
            ]
            gains.append([run["average_precision"] - o["average_precision"] for run, o in pairs])
            signed = [_signed(values) for values in gains]
            rows.append([f"{entry['set']}, {row}", *off, *signed, str(len(pairs))])
    return markdown(header, rows) + origin(result)


def _signed(values: Sequence[float]) -> str:
    """A mean difference with its sign, and the standard deviation where there are several."""
    mean = fmean(values)
    sign = "+" if mean >= 0 else "-"
    spread = f" ± {short(stdev(values))}" if len(values) > 1 else ""
    return f"{sign}{short(abs(mean))}{spread}"


def retrieval() -> str:
    """One row for each method, the measures of each set side by side."""
    result = read("retrieval")
    sets = list(dict.fromkeys(entry["set"] for entry in result["results"]))
    found = {(e["set"], e["method"], e["protocol"]): e for e in result["results"]}
    header = ["method"]
    for name in sets:
        header += [f"{name}: mAP", "mINP", "CMC@1", "list-1023: mAP", "seconds"]
    rows = []
    for method in dict.fromkeys(entry["method"] for entry in result["results"]):
        row = [method]
        for name in sets:
            if (name, method, "standard") not in found:
                row += [""] * 5
                continue
            standard, lists = (found[name, method, p] for p in ("standard", "list-1023"))
            row += [
                short(standard["mAP"]),
                short(standard["mINP"]),
                short(standard["cmc"]["1"]),
                short(lists["mAP"]),
                f"{standard['seconds']:.1f}",
            ]
        rows.append(row)
    return markdown(header, rows) + origin(result)
