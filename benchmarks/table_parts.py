"""What all tables are made of: results, cells, and the line that says where numbers come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

from machine import RESULTS


def read(question: str) -> dict[str, Any]:
    path = RESULTS / f"{question}.json"
    if not path.exists():
        raise SystemExit(f"{path.name} is missing: run benchmarks/{question}.py first")
    return json.loads(path.read_text())


def found(question: str) -> dict[str, Any] | None:
    """A result; None before there is one."""
    return read(question) if (RESULTS / f"{question}.json").exists() else None


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def origin(result: dict[str, Any]) -> str:
    """The line under a table: where its numbers come from."""
    machine = result["machine"]
    return (
        f"\n`{result['command']}`, {result['date']}, commit {result['commit']}, "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB.\n"
    )


def short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0")


def spread(values: Sequence[float]) -> str:
    """The mean, and the standard deviation where there are several."""
    mean = short(fmean(values))
    return f"{mean} ± {short(stdev(values))}" if len(values) > 1 else mean


def promised(entry: dict[str, Any]) -> list[str]:
    """Promised beside true precision and recall."""
    return [
        f"{short(entry[f'expected_{share}'])} / {short(entry['bcubed'][share])}"
        for share in ("precision", "recall")
    ]
