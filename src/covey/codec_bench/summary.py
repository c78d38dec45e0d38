"""The few numbers by which curves are told apart: one row a coder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from covey.codec_bench.curves import Against, Curve, against
from covey.metrics.rate import BdRate, rate_at
from covey.types import InputError

_SHARES = (1 / 6, 1 / 2, 5 / 6)
"""Where in the PSNRs that all curves have sizes are looked up."""

_NARROW = 6.0
"""Ranges of fewer dB are looked up at tenths."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What seconds are told of.

    Attributes:
        name, short: In words, and above a column.
        megapixels: How much that is.
    """

    name: str
    short: str
    megapixels: float


MEGAPIXEL = Unit("megapixel", "MP", 1.0)


@dataclass(frozen=True, slots=True)
class Row:
    """One coder.

    Attributes:
        name, version: Of the coder.
        against: How much more the first coder takes; None in its own row.
        bpp: Bits a pixel at each of the levels.
        encode, decode: Seconds a unit on one thread, None where nobody can tell.
    """

    name: str
    version: str
    against: Against | None
    bpp: list[float | None]
    encode: float | None
    decode: float | None


@dataclass(frozen=True, slots=True)
class Table:
    """All coders.

    Attributes:
        levels: PSNRs in dB that all curves have; none where they have none in common.
        rows: The first coder first, the others in their order.
        similar: Whether MS-SSIM was measured of anything.
        unit: What seconds are of.
    """

    levels: list[float]
    rows: list[Row]
    similar: bool = True
    unit: Unit = MEGAPIXEL


def table_of(found: Mapping[str, Curve], unit: Unit = MEGAPIXEL) -> Table:
    """The first coder beside the others.

    Args:
        found: Curves by their names.
        unit: What seconds are told of.
    """
    curves = list(found.items())
    levels = common_levels(list(found.values()))
    rows = [
        Row(
            name,
            curve.version,
            None if place == 0 else against(curves[0][1], curve),
            [_bpp_at(curve, level) for level in levels],
            _seconds(curve, "encode", unit),
            _seconds(curve, "decode", unit),
        )
        for place, (name, curve) in enumerate(curves)
    ]
    return Table(levels, rows, any(curve.similarities[0] for _, curve in curves), unit)


def common_levels(curves: Sequence[Curve]) -> list[float]:
    """At most three PSNRs that all curves have, well inside, as round numbers."""
    qualities = [curve.psnrs[1] for curve in curves]
    low, high = max(map(min, qualities)), min(map(max, qualities))
    places = 1 if high - low < _NARROW else 0
    levels = [round(low + share * (high - low), places) for share in _SHARES]
    return [level for level in dict.fromkeys(levels) if low <= level <= high]


def percent_words(found: BdRate | None) -> str:
    """`-52.1%`, `+3.0%` or `no overlap`."""
    return "no overlap" if found is None else f"{found.percent:+.1f}%"


def overlap_words(found: BdRate | None) -> str:
    """`28.3 to 41.2`, or nothing."""
    return "" if found is None else f"{found.low:.1f} to {found.high:.1f}"


def seconds_words(seconds: float | None) -> str:
    """Seconds to a thousandth, or a dash where nobody can tell."""
    return "-" if seconds is None else f"{seconds:.3f}"


def _seconds(curve: Curve, what: str, unit: Unit) -> float | None:
    found = curve.seconds_per_megapixel(what)
    return None if found is None else found * unit.megapixels


def _bpp_at(curve: Curve, level: float) -> float | None:
    try:
        return rate_at(*curve.psnrs, level)
    except InputError:
        return None
