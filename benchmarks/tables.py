"""Writes the results into the documentation as Markdown tables.

A table stands between `<!-- table:NAME -->` and `<!-- /table:NAME -->` in README.md, docs/*.md or
benchmarks/README.md; what is between the two is replaced, and running twice changes nothing.

    python benchmarks/tables.py            # write
    python benchmarks/tables.py --check    # exit with 1 and name the files that are out of date
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable

from machine import REPOSITORY
from table_parts import markdown, origin, read, short
from tables_codec import codec_bd, codec_speed
from tables_codec_studies import codec_fuzz, codec_levels, codec_places
from tables_codec_use import codec_dial, codec_seconds, codec_targets, codec_threads
from tables_learned import (
    ada_nets_filter,
    ada_nets_parts,
    b_attention,
    b_attention_ablation,
    b_attention_budget,
    b_attention_removal,
    compare,
    learned_methods,
    retrieval,
)
from tables_long_tail import long_tail, long_tail_curves, long_tail_riws, long_tail_sets
from tables_review import review_answers, review_chances, review_growing
from tables_universal import (
    universal,
    universal_ablation,
    universal_ablation_choices,
    universal_finetune,
    universal_odd,
    universal_promises,
)
from tables_video import video_fuzz, video_lengths, video_parts, video_speed, video_trips
from tables_video_studies import (
    video_curve_speeds,
    video_curves,
    video_prediction,
    video_prediction_clips,
)

MARKED = re.compile(
    r"(?P<head><!-- table:(?P<name>[\w-]+) -->\n).*?(?P<tail><!-- /table:(?P=name) -->)", re.DOTALL
)


def quality() -> str:
    """Covey at its defaults beside the best peer and the best cut, both chosen with the labels."""
    result = read("quality")
    best: dict[str, tuple[float, str]] = {}
    for entry in read("quality_peers")["results"]:
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
                f"{short(scores['f'])} ({short(entry['scores']['pairwise']['f'])})",
                f"{short(peer)} {name}",
                f"{scores['f'] / peer:.2f}",
                f"{scores['f'] / cut:.2f}",
                f"{short(entry['expected_precision'])} / {short(scores['precision'])}",
                f"{short(entry['expected_recall'])} / {short(scores['recall'])}",
                f"{entry['seconds']:.0f}",
            ]
        )
    own = [entry["scores"]["bcubed"]["f"] for entry in result["results"]]
    peers = [best[entry["set"]][0] for entry in result["results"]]
    mean = [sum(own) / len(own), sum(peers) / len(peers)]
    rows.append(["mean", short(mean[0]), short(mean[1]), f"{mean[0] / mean[1]:.2f}", *[""] * 4])
    return markdown(header, rows) + origin(result)


def quality_peers() -> str:
    """Peers by sets, BCubed F with pairwise F in brackets, the best of each set bold."""
    result = read("quality_peers")
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
            row.append(f"{mark}{short(bcubed)}{mark} ({short(pairwise)})")
        rows.append(row)
    return markdown(["parameters by labels: B (F)", *sets], rows) + origin(result)


def speed() -> str:
    """One row for each contender and size."""
    result = read("speed")
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
                short(entry["bcubed"]) if done else "",
                "" if exponent is None else f"{exponent:.2f}",
            ]
        )
    return markdown(header, rows) + origin(result)


def codelength() -> str:
    """One row for each graph."""
    result = read("codelength")
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
    return markdown(header, rows) + origin(result)


def partitions() -> str:
    """One row for each partition."""
    result = read("partitions")
    rows = [
        [f"`{entry['partition']}`", f"{entry['seconds']:.1f}", f"{entry['cpu_seconds']:.1f}"]
        for entry in result["results"]
    ]
    return markdown(["partition", "seconds", "CPU seconds"], rows) + origin(result)


TABLES: dict[str, Callable[[], str | None]] = {
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
    "compare": compare,
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
    "codec-bd": codec_bd,
    "codec-speed": codec_speed,
    "codec-dial": codec_dial,
    "codec-targets": codec_targets,
    "codec-seconds": codec_seconds,
    "codec-threads": codec_threads,
    "codec-levels": codec_levels,
    "codec-places": codec_places,
    "codec-fuzz": codec_fuzz,
    "video-fuzz": video_fuzz,
    "video-trips": video_trips,
    "video-lengths": video_lengths,
    "video-speed": video_speed,
    "video-parts": video_parts,
    "video-curves": video_curves,
    "video-curve-speeds": video_curve_speeds,
    "video-prediction": video_prediction,
    "video-prediction-clips": video_prediction_clips,
    "review-growing": review_growing,
    "review-answers": review_answers,
    "review-chances": review_chances,
}


def fill(text: str) -> str:
    """The text with every marked table made anew; one that says None stays as it is."""

    def table(found: re.Match[str]) -> str:
        if found["name"] not in TABLES:
            raise SystemExit(f"no table {found['name']!r}: there are {', '.join(TABLES)}")
        made = TABLES[found["name"]]()
        return found[0] if made is None else f"{found['head']}{made}{found['tail']}"

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
