"""Tables of projects: what growing loses and saves, what answers buy."""

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
