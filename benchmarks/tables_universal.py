"""Tables of the universal scorer."""

from __future__ import annotations

from statistics import fmean

from promises import SHARES, calibration_error, shortfalls
from table_parts import markdown, origin, promised, read, short, spread


def universal() -> str:
    """Edges and groups on sets that the model has not seen."""
    result = read("universal")
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
                *(short(edges[name]) for name in ("cosine", "universal")),
                *(short(entry[m]["bcubed"]["f"]) for m in ("auto", "universal", "untrained")),
                *promised(own),
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
    rows.append(["mean", *(short(mean) for mean in means), "", ""])
    return markdown(header, rows) + origin(result)


def universal_odd() -> str:
    """What the default says where there is little or nothing to find."""
    result = read("universal")
    header = ["collection", "groups found", "B", "precision promised / true", "recall", "agreement"]
    rows = [
        [
            name,
            f"{entry['n_clusters']:,}",
            short(entry["bcubed"]["f"]),
            *promised(entry),
            short(entry["agreement"]),
        ]
        for name, entry in result["odd"].items()
    ]
    return markdown(header, rows) + origin(result)


def universal_finetune() -> str:
    """Half of the identities are learned from, where a way can learn; these are the others."""
    result = read("universal_finetune")
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
                    spread([run["average_precision"] for run in runs]),
                    *(
                        spread([run[role][measure]["f"] for run in runs])
                        for role in ("among", "alone")
                        for measure in ("bcubed", "pairwise")
                    ),
                ]
            )
    return markdown(header, rows) + origin(result)


def universal_promises() -> str:
    """How far the default's promises are from the truth, on the sets not seen."""
    result = read("universal")
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
    rows = [[name, *map(short, row)] for name, row in errors.items()]
    return markdown(header, rows) + origin(result)


def universal_ablation() -> str:
    """Edges of unseen sets by scorers that learn without one thing."""
    result = read("universal_ablation")
    sets = list(result["scorers"][0]["average_precision"])
    rows = []
    for entry in result["scorers"]:
        found = entry["average_precision"]
        by_seed = [fmean(of_sets) for of_sets in zip(*found.values(), strict=True)]
        rows.append(
            [
                entry["scorer"],
                f"{entry['views']:,}" if entry["views"] else "",
                *(short(fmean(found[name])) for name in sets),
                spread(by_seed),
            ]
        )
    return markdown(["edges, AP", "views", *sets, "mean"], rows) + origin(result)


def universal_ablation_choices() -> str:
    """What rules take of the clusterings of unseen views."""
    result = read("universal_ablation")
    kinds = list(result["choices"][0]["bcubed"])
    rows = [
        [
            entry["rule"],
            *(short(entry["bcubed"][kind]) for kind in kinds),
            short(entry["mean"]),
            *(
                "" if entry[error] is None else short(entry[error])
                for error in ("precision_error", "recall_error")
            ),
        ]
        for entry in result["choices"]
    ]
    header = ["B of the clustering taken", *kinds, "mean", "precision off by", "recall off by"]
    return markdown(header, rows) + origin(result)
