"""Tables of projects: what growing loses and saves, what answers buy, what chances are worth."""

from __future__ import annotations

from statistics import median

from table_parts import found, markdown, origin


def review_growing() -> str | None:
    """A grown project beside a full run."""
    if (result := found("growing")) is None:
        return None
    rows = []
    for name, each in result["sets"].items():
        share = 100 * median(each["batch_seconds"]) / each["full_seconds"]
        mean = 100 * each["mean_share"]
        rows.append(
            [
                f"{name}, {each['n']:,}",
                *(
                    f"{100 * each[way][score]:.1f}"
                    for score in ("bcubed_f", "pairwise_f")
                    for way in ("full", "grown")
                ),
                f"{each['full_seconds']:.1f}",
                f"{median(each['batch_seconds']):.2f} ({share:.1f} %, mean {mean:.1f} %)",
                f"{100 * min(each['stable']):.1f}",
                str(each["kinds"].count("full")),
            ]
        )
    header = [
        "set, items",
        "BCubed F, full",
        "grown",
        "pairwise F, full",
        "grown",
        "full run, s",
        "batch, s",
        "items in the same group, %",
        "batches grouped anew",
    ]
    told = (
        "\nSixty percent grouped, the rest in 20 batches; medians of batches; items that stay "
        "in a group of the same number after the worst batch.\n"
    )
    return markdown(header, rows) + told + origin(result)


def review_answers() -> str | None:
    """BCubed F after so many answers."""
    if (result := found("review_answers")) is None:
        return None
    asked = (0, 100, 250, 500, 1000, 2000)
    rows = []
    for name, each in result["sets"].items():
        by_number = {point["answers"]: point for point in each["curve"]}
        row = [f"{name}, {each['n']:,} items of {each['groups']:,}"]
        row += [
            f"{100 * by_number[number]['bcubed_f']:.1f}" if number in by_number else ""
            for number in asked
        ]
        row += [
            f"{100 * each['reruns'][way]['bcubed_f']:.1f}"
            for way in ("suggestions", "random pairs")
        ]
        ten = each["answers_to_10_points"]
        rows.append([*row, "" if ten is None else f"{ten:,}"])
    header = [
        "set",
        *(f"{number:,} answers" for number in asked),
        "full run after them",
        "after as many random pairs",
        "answers for 10 points",
    ]
    told = "\nBCubed F; the reviewer answers from labels.\n"
    return markdown(header, rows) + told + origin(result)


_KINDS = {
    "merge": "two groups are one",
    "mixed": "a group is two",
    "home": "a home",
    "outlier": "an item elsewhere",
}


def review_chances() -> str | None:
    """Chances beside what came true."""
    if (result := found("review_chances")) is None:
        return None
    rows = []
    for name, each in result["sets"].items():
        for kind, told in each["kinds"].items():
            row = [f"{name}, {each['n']:,} items of {each['groups']:,}: {_KINDS[kind]}"]
            row += [f"{told['count']:,}", _percent(told, "chance"), _percent(told, "right")]
            likely = told["likely"]
            row += [f"{100 * told['ece']:.1f}", f"{likely['count']:,}"]
            rows.append([*row, _percent(likely, "chance"), _percent(likely, "right")])
    header = [
        "suggested",
        "number",
        "mean chance, %",
        "right, %",
        "off by, %",
        "of 50 % and more",
        "mean chance, %",
        "right, %",
    ]
    told = (
        "\nOff by: chances against the share that is right, by bins of the chance (ECE). "
        "Digits are the first 900, 1,200 and 1,500 together.\n"
    )
    return markdown(header, rows) + told + origin(result)


def _percent(told: dict[str, float], name: str) -> str:
    return f"{100 * told[name]:.0f}" if told["count"] else ""
