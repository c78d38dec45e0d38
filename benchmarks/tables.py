"""Writes the results into the documentation as Markdown tables.

A table stands between `<!-- table:NAME -->` and `<!-- /table:NAME -->` in README.md, docs/*.md or
benchmarks/README.md; what is between the two is replaced, and running twice changes nothing.

    python benchmarks/tables.py            # write
    python benchmarks/tables.py --check    # exit with 1 and name the files that are out of date
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from statistics import fmean, stdev
from typing import Any

from machine import REPOSITORY, RESULTS
from promises import SHARES, calibration_error, shortfalls

MARKED = re.compile(
    r"(?P<head><!-- table:(?P<name>[\w-]+) -->\n).*?(?P<tail><!-- /table:(?P=name) -->)", re.DOTALL
)


def _read(question: str) -> dict[str, Any]:
    path = RESULTS / f"{question}.json"
    if not path.exists():
        raise SystemExit(f"{path.name} is missing: run benchmarks/{question}.py first")
    return json.loads(path.read_text())


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _origin(result: dict[str, Any]) -> str:
    """The line under a table: where its numbers come from."""
    machine = result["machine"]
    return (
        f"\n`{result['command']}`, {result['date']}, commit {result['commit']}, "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB.\n"
    )


def _short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0")


def quality() -> str:
    """Covey at its defaults beside the best peer and the best cut, both chosen with the labels."""
    result = _read("quality")
    best: dict[str, tuple[float, str]] = {}
    for entry in _read("quality_peers")["results"]:
        score = (entry["scores"]["bcubed"]["f"], entry["peer"])
        best[entry["set"]] = max(score, best.get(entry["set"], score))
    header = [
        "set",
        "B (F) without labels",
        "best peer with labels",
        "share of it",
        "share of the best cut",
        "precision promised / true",
        "recall promised / true",
        "seconds",
    ]
    rows = []
    for entry in result["results"]:
        scores = entry["scores"]["bcubed"]
        peer, name = best[entry["set"]]
        cut = entry["best_cuts_with_labels"][entry["method"]]["bcubed_f"]
        rows.append(
            [
                entry["set"],
                f"{_short(scores['f'])} ({_short(entry['scores']['pairwise']['f'])})",
                f"{_short(peer)} {name}",
                f"{scores['f'] / peer:.2f}",
                f"{scores['f'] / cut:.2f}",
                f"{_short(entry['expected_precision'])} / {_short(scores['precision'])}",
                f"{_short(entry['expected_recall'])} / {_short(scores['recall'])}",
                f"{entry['seconds']:.0f}",
            ]
        )
    own = [entry["scores"]["bcubed"]["f"] for entry in result["results"]]
    peers = [best[entry["set"]][0] for entry in result["results"]]
    mean = [sum(own) / len(own), sum(peers) / len(peers)]
    rows.append(["mean", _short(mean[0]), _short(mean[1]), f"{mean[0] / mean[1]:.2f}", *[""] * 4])
    return _markdown(header, rows) + _origin(result)


def quality_peers() -> str:
    """Peers by sets, BCubed F with pairwise F in brackets, the best of each set bold."""
    result = _read("quality_peers")
    scores = {
        (entry["peer"], entry["set"]): (
            entry["scores"]["bcubed"]["f"],
            entry["scores"]["pairwise"]["f"],
        )
        for entry in result["results"]
    }
    sets = sorted({name for _, name in scores})
    best = {name: max(b for (_, own), (b, _) in scores.items() if own == name) for name in sets}
    rows = []
    for peer in sorted({peer for peer, _ in scores}, key=str.lower):
        row = [peer]
        for name in sets:
            if (peer, name) not in scores:
                row.append("")
                continue
            bcubed, pairwise = scores[peer, name]
            mark = "**" if bcubed == best[name] else ""
            row.append(f"{mark}{_short(bcubed)}{mark} ({_short(pairwise)})")
        rows.append(row)
    return _markdown(["parameters by labels: B (F)", *sets], rows) + _origin(result)


def speed() -> str:
    """One row for each contender and size."""
    result = _read("speed")
    header = ["contender", "items", "seconds", "x Covey", "CPU seconds", "peak MiB", "B", "growth"]
    exponents = {(row["contender"], row["to"]): row["exponent"] for row in result["growth"]}
    rows = []
    for entry in result["results"]:
        done = entry["ending"] == "ok"
        exponent = exponents.get((entry["contender"], entry["items"]))
        rows.append(
            [
                f"{entry['contender']} ({entry['settings']})",
                f"{entry['items']:,}",
                f"{entry['seconds']:.1f}" if done else entry["ending"],
                f"{entry['times_covey']:.1f}" if "times_covey" in entry else "",
                f"{entry['cpu_seconds']:.1f}" if done else "",
                f"{entry['peak_rss_mib']:,}" if done else "",
                _short(entry["bcubed"]) if done else "",
                "" if exponent is None else f"{exponent:.2f}",
            ]
        )
    return _markdown(header, rows) + _origin(result)


def codelength() -> str:
    """One row for each graph."""
    result = _read("codelength")
    header = [
        "graph",
        "edges",
        "bits, Covey",
        "bits, infomap",
        "ratio",
        "seconds, Covey",
        "seconds, infomap",
    ]
    rows = [
        [
            f"{entry['set']}, k = {entry['k']}"
            + (f", upper {1 - entry['quantile']:.0%}" if entry["quantile"] else ""),
            f"{entry['edges']:,}",
            f"{entry['covey']['bits']:.4f}",
            f"{entry['infomap']['bits']:.4f}",
            f"{entry['bits_ratio']:.4f}",
            f"{entry['covey']['seconds']:.2f}",
            f"{entry['infomap']['seconds']:.2f}",
        ]
        for entry in result["results"]
    ]
    return _markdown(header, rows) + _origin(result)


def partitions() -> str:
    """One row for each partition."""
    result = _read("partitions")
    rows = [
        [f"`{entry['partition']}`", f"{entry['seconds']:.1f}", f"{entry['cpu_seconds']:.1f}"]
        for entry in result["results"]
    ]
    return _markdown(["partition", "seconds", "CPU seconds"], rows) + _origin(result)


def b_attention() -> str:
    """F / B of test halves, one row a set."""
    result = _read("b_attention")
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
        return f"{_short(found['pairwise']['f'])} / {_short(found['bcubed']['f'])}"

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
                    f"**{_spread([run[kind]['f'] for run in runs])}**"
                    for kind in ("pairwise", "bcubed")
                ),
                " / ".join(
                    _short(fmean(run["best_cut_with_labels"][kind]["f"] for run in runs))
                    for kind in ("pairwise", "bcubed")
                ),
                both(entry["boosting_best_cut"]),
                both(entry["cosine_best_cut"]),
                f"{len(used)} of {len(runs)}",
                f"{len(learned)} of {len(runs)}",
                *(
                    " / ".join(
                        _short(fmean(values))
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
    return _markdown(header, rows) + _origin(result)


def b_attention_ablation() -> str:
    """One row for each variant, sets side by side."""
    result = _read("b_attention_ablation")
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
                _spread([run["mAP"][protocol] for run in runs])
                for protocol in ("standard", "list-1023", "list-200")
            ]
            row.append(_spread([run["average_precision"] for run in runs]))
            row.append(
                f"{_short(fmean(run['pairwise_f'] for run in runs))} / "
                f"{_short(fmean(run['bcubed_f'] for run in runs))}"
            )
    return _markdown(header, list(rows.values())) + _origin(result)


def b_attention_removal() -> str:
    """What taking one test out of a trained network changes."""
    result = _read("b_attention_ablation")
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
                    _short(measured["mean_cosine_with_the_whole"]),
                    _short(measured["mAP"]["standard"]),
                    f"{_short(measured['pairwise_f'])} / {_short(measured['bcubed_f'])}",
                ]
            )
    return _markdown(header, rows) + _origin(result)


def b_attention_budget() -> str:
    """The published recipe beside the default, F / B at the best cut."""
    result = _read("b_attention_budget")
    header = ["set", "what", "CPU seconds", "steps", "edges AP", "union-find", "map equation"]
    rows = []
    for entry in result["results"]:
        for name in ("cosine", "profiles", "published", "default"):
            runs = entry[name] if isinstance(entry[name], list) else [entry[name]]
            trained = "steps" in runs[0]

            def best(partition: str, runs: list[dict[str, Any]] = runs) -> str:
                return " / ".join(
                    _short(fmean(run[partition][kind]["f"] for run in runs))
                    for kind in ("pairwise", "bcubed")
                )

            rows.append(
                [
                    entry["set"],
                    name,
                    f"{fmean(run['cpu_seconds'] for run in runs):.0f}" if trained else "",
                    f"{fmean(run['steps'] for run in runs):.0f}" if trained else "",
                    _short(fmean(run["average_precision"] for run in runs)),
                    best("union_find"),
                    best("map_equation"),
                ]
            )
    return _markdown(header, rows) + _origin(result)


def learned_methods() -> str:
    """Ada-NETS and the linkage GCN on test halves, beside B-Attention and what needs no labels."""
    result = _read("learned_methods")
    beside = {entry["set"]: entry for entry in _read("b_attention")["results"]}
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
            f = " / ".join(_short(given[kind]) for kind in ("pairwise", "bcubed"))
            rows.append([f"{name}, reference", f, *[""] * 8])
        methods = {"B-Attention": beside[name]["runs"]} if name in beside else {}
        if name in beside:
            rows.append(_method_row(f"{name}, without labels", [beside[name]["without_labels"]]))
        for title, row in (("**Ada-NETS**", "ada-nets"), ("**linkage GCN**", "linkage")):
            methods[title] = [run for run in entry["runs"] if run["row"] == row]
        rows += [_method_row(f"{name}, {title}", runs) for title, runs in methods.items() if runs]
    return _markdown(header, rows) + _origin(result)


def _method_row(title: str, runs: Sequence[dict[str, Any]]) -> list[str]:
    """One method on one set: means over seeds, of what each run knows of itself."""
    promises = [
        " / ".join(
            _short(fmean(values))
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


def _both(runs: Sequence[dict[str, Any]]) -> str:
    """Pairwise F and BCubed F over seeds."""
    kinds = ("pairwise", "bcubed")
    return " / ".join(_spread([run[kind]["f"] for run in runs]) for kind in kinds)


def ada_nets_parts() -> str:
    """One row for each way to lists, and for what needs no network, sets side by side."""
    result = _read("learned_methods")
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
            line += [_both(runs), _spread(precision)] if runs else ["", ""]
            line.append(str(len(runs)) if learned else "")
        rows.append(line)
    return _markdown(header, rows) + _origin(result)


_FILTERED = {
    "adaptive, kNN that reads structure space (default)": "fixed, kNN",
    "adaptive, structure space (published)": "fixed, structure space",
}
"""Lists that a filter cuts, and those in the same order of one length."""


def ada_nets_filter() -> str:
    """How far lengths are off on held-out identities, and what they give by the same seed."""
    result = _read("learned_methods")
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
        for row, fixed in _FILTERED.items():
            pairs = [
                (run, runs[fixed, seed])
                for (name, seed), run in runs.items()
                if name == row and (fixed, seed) in runs
            ]
            if not pairs:
                continue
            off = [
                _short(fmean(run["filter_off_by"][kind] for run, _ in pairs))
                for kind in ("filter", "constant", "mean")
            ]
            gains = [
                [run[kind]["f"] - other[kind]["f"] for run, other in pairs]
                for kind in ("pairwise", "bcubed")
            ]
            gains.append([run["average_precision"] - o["average_precision"] for run, o in pairs])
            signed = [_signed(values) for values in gains]
            rows.append([f"{entry['set']}, {row}", *off, *signed, str(len(pairs))])
    return _markdown(header, rows) + _origin(result)


def _signed(values: Sequence[float]) -> str:
    """A mean difference with its sign, and the standard deviation where there are several."""
    mean = fmean(values)
    sign = "+" if mean >= 0 else "-"
    spread = f" ± {_short(stdev(values))}" if len(values) > 1 else ""
    return f"{sign}{_short(abs(mean))}{spread}"


def retrieval() -> str:
    """One row for each method, the measures of each set side by side."""
    result = _read("retrieval")
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
                _short(standard["mAP"]),
                _short(standard["mINP"]),
                _short(standard["cmc"]["1"]),
                _short(lists["mAP"]),
                f"{standard['seconds']:.1f}",
            ]
        rows.append(row)
    return _markdown(header, rows) + _origin(result)


def universal() -> str:
    """Edges and groups on sets that the model has not seen."""
    result = _read("universal")
    header = [
        "set",
        "edges, AP: cosine",
        "universal",
        "B, default",
        "universal only",
        "untrained",
        "precision promised / true",
        "recall promised / true",
    ]
    rows = []
    for entry in result["results"]:
        own, edges = entry["auto"], entry["average_precision"]
        rows.append(
            [
                entry["set"],
                *(_short(edges[name]) for name in ("cosine", "universal")),
                *(_short(entry[m]["bcubed"]["f"]) for m in ("auto", "universal", "untrained")),
                *_promises(own),
            ]
        )
    count = len(result["results"])
    means = [
        sum(float(pick(entry)) for entry in result["results"]) / count
        for pick in (
            lambda entry: entry["average_precision"]["cosine"],
            lambda entry: entry["average_precision"]["universal"],
            lambda entry: entry["auto"]["bcubed"]["f"],
            lambda entry: entry["universal"]["bcubed"]["f"],
            lambda entry: entry["untrained"]["bcubed"]["f"],
        )
    ]
    rows.append(["mean", *(_short(mean) for mean in means), "", ""])
    return _markdown(header, rows) + _origin(result)


def universal_odd() -> str:
    """What the default says where there is little or nothing to find."""
    result = _read("universal")
    header = ["collection", "groups found", "B", "precision promised / true", "recall", "agreement"]
    rows = [
        [
            name,
            f"{entry['n_clusters']:,}",
            _short(entry["bcubed"]["f"]),
            *_promises(entry),
            _short(entry["agreement"]),
        ]
        for name, entry in result["odd"].items()
    ]
    return _markdown(header, rows) + _origin(result)


def universal_finetune() -> str:
    """Half of the identities are learned from, where a way can learn; these are the others."""
    result = _read("universal_finetune")
    header = [
        "half of a set, edges by",
        "training, s",
        "edges, AP",
        "B, default",
        "F, default",
        "B, alone",
        "F, alone",
    ]
    rows = []
    for entry in result["results"]:
        for row in entry["rows"]:
            runs = row["runs"]
            seen = entry["seen_by_the_model"] and row["name"] != "cosine"
            rows.append(
                [
                    f"{entry['set']}: {row['name']}" + (" (has seen the set)" if seen else ""),
                    f"{fmean(r['seconds'] for r in runs):.0f}" if "seconds" in runs[0] else "",
                    _spread([run["average_precision"] for run in runs]),
                    *(
                        _spread([run[role][measure]["f"] for run in runs])
                        for role in ("among", "alone")
                        for measure in ("bcubed", "pairwise")
                    ),
                ]
            )
    return _markdown(header, rows) + _origin(result)


def _spread(values: Sequence[float]) -> str:
    """The mean, and the standard deviation where there are several."""
    mean = _short(fmean(values))
    return f"{mean} ± {_short(stdev(values))}" if len(values) > 1 else mean


def universal_promises() -> str:
    """How far the default's promises are from the truth, on the sets not seen."""
    result = _read("universal")
    errors = {}
    for entry in result["results"]:
        own = entry["auto"]
        gaps = shortfalls(own)
        errors[entry["set"]] = [
            calibration_error(own["reliability"]),
            *(abs(gaps[share]) for share in SHARES),
        ]
    errors["mean"] = [sum(column) / len(column) for column in zip(*errors.values(), strict=True)]
    header = ["set", "ECE of edges", *(f"{share} off by" for share in SHARES)]
    rows = [[name, *map(_short, row)] for name, row in errors.items()]
    return _markdown(header, rows) + _origin(result)


def universal_ablation() -> str:
    """Edges of unseen sets by scorers that learn without one thing."""
    result = _read("universal_ablation")
    sets = list(result["scorers"][0]["average_precision"])
    rows = []
    for entry in result["scorers"]:
        found = entry["average_precision"]
        by_seed = [fmean(of_sets) for of_sets in zip(*found.values(), strict=True)]
        rows.append(
            [
                entry["scorer"],
                f"{entry['views']:,}" if entry["views"] else "",
                *(_short(fmean(found[name])) for name in sets),
                _spread(by_seed),
            ]
        )
    return _markdown(["edges, AP", "views", *sets, "mean"], rows) + _origin(result)


def universal_ablation_choices() -> str:
    """What rules take of the clusterings of unseen views."""
    result = _read("universal_ablation")
    kinds = list(result["choices"][0]["bcubed"])
    rows = [
        [
            entry["rule"],
            *(_short(entry["bcubed"][kind]) for kind in kinds),
            _short(entry["mean"]),
            *(
                "" if entry[error] is None else _short(entry[error])
                for error in ("precision_error", "recall_error")
            ),
        ]
        for entry in result["choices"]
    ]
    header = ["B of the clustering taken", *kinds, "mean", "precision off by", "recall off by"]
    return _markdown(header, rows) + _origin(result)


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
    return _spread(whole) if whole else ""


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
    result = _read("long_tail")
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
    return _markdown(header, rows) + _origin(result)


def long_tail_sets() -> str:
    """B of all and of the tail, sets side by side."""
    result = _read("long_tail")
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
    return _markdown(header, rows) + _origin(result)


def long_tail_riws() -> str:
    """RIWS less each other way to train the same network, on the same draws."""
    result = _read("long_tail")
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
    return _markdown(header, rows) + _origin(result)


def _gains(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]], pick: Pick) -> list[float]:
    """How much larger a figure of the first of each pair is, where both have it."""
    both = [(pick(own), pick(other)) for own, other in pairs]
    return [own - other for own, other in both if own is not None and other is not None]


def _ahead(gains: Sequence[float]) -> str:
    """The mean with its sign, the standard deviation, and how often it is above 0."""
    if not gains:
        return ""
    spread = f" ± {_short(stdev(gains))}" if len(gains) > 1 else ""
    return f"{fmean(gains):+.3f}{spread} ({sum(g > 0 for g in gains)} of {len(gains)})"


def long_tail_curves() -> str:
    """Where long trainings on head-heavy versions end."""
    result = _read("long_tail")
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
                _short(last["learned"]["average_precision"]),
                _short(best["other"]["average_precision"]),
                str(best["step"]),
                _short(last["other"]["average_precision"]),
                f"{min(point['other']['loss'] for point in points):.3f}",
                f"{last['other']['loss']:.3f}",
            ]
        )
    return _markdown(header, rows) + _origin(result)


def _promises(entry: dict[str, Any]) -> list[str]:
    """Promised beside true precision and recall."""
    return [
        f"{_short(entry[f'expected_{share}'])} / {_short(entry['bcubed'][share])}"
        for share in ("precision", "recall")
    ]


TABLES: dict[str, Callable[[], str]] = {
    "quality": quality,
    "quality-peers": quality_peers,
    "speed": speed,
    "codelength": codelength,
    "partitions": partitions,
    "b-attention": b_attention,
    "b-attention-ablation": b_attention_ablation,
    "b-attention-removal": b_attention_removal,
    "b-attention-budget": b_attention_budget,
    "learned-methods": learned_methods,
    "ada-nets-parts": ada_nets_parts,
    "ada-nets-filter": ada_nets_filter,
    "retrieval": retrieval,
    "universal": universal,
    "universal-odd": universal_odd,
    "universal-promises": universal_promises,
    "universal-finetune": universal_finetune,
    "universal-ablation": universal_ablation,
    "universal-ablation-choices": universal_ablation_choices,
    "long-tail": long_tail,
    "long-tail-sets": long_tail_sets,
    "long-tail-riws": long_tail_riws,
    "long-tail-curves": long_tail_curves,
}


def fill(text: str) -> str:
    """The text with every marked table made anew."""

    def table(found: re.Match[str]) -> str:
        if found["name"] not in TABLES:
            raise SystemExit(f"no table {found['name']!r}: there are {', '.join(TABLES)}")
        return f"{found['head']}{TABLES[found['name']]()}{found['tail']}"

    return MARKED.sub(table, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if stale")
    check = parser.parse_args().check
    stale = []
    pages = [REPOSITORY / "README.md", REPOSITORY / "benchmarks" / "README.md"]
    for page in [*pages, *sorted((REPOSITORY / "docs").glob("**/*.md"))]:
        text = page.read_text()
        filled = fill(text)
        if filled != text:
            stale.append(str(page.relative_to(REPOSITORY)))
            if not check:
                page.write_text(filled)
    if stale:
        print(("out of date: " if check else "wrote ") + ", ".join(stale), file=sys.stderr)
    raise SystemExit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
