"""What the report says about a cluster or an item that looks wrong."""

from __future__ import annotations

from dataclasses import dataclass

from covey.types import Int64


@dataclass(frozen=True, slots=True)
class Row:
    """Items side by side under one caption."""

    caption: str
    items: Int64


@dataclass(frozen=True, slots=True)
class Finding:
    """One suspicious thing: the clusters it is about, why, and what to look at."""

    clusters: tuple[int, ...]
    reason: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All of one kind; `total` counts those not shown too."""

    key: str
    heading: str
    meaning: str
    none: str
    total: int
    shown: tuple[Finding, ...]
