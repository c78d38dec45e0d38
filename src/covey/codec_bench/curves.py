"""What was measured of coded pictures: one picture, a point of a dial, a curve of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from covey.metrics.rate import BdRate, bd_rate, decibels
from covey.types import InputError

Sizes = tuple[list[float], list[float]]
"""Bits a pixel and qualities, one after another."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One picture, coded at one point of a dial.

    Attributes:
        image: Its name.
        bytes: Of the whole file.
        bpp: Bits a pixel.
        psnr: Of all values of 8 bits, in dB; 100 at most, for an exact copy, too.
        ms_ssim: In [0, 1]; None of a picture that is too small for five scales.
        encode_seconds, decode_seconds: Of the processor; None where nobody can tell.
    """

    image: str
    bytes: int
    bpp: float
    psnr: float
    ms_ssim: float | None
    encode_seconds: float | None
    decode_seconds: float | None

    @property
    def megapixels(self) -> float:
        """Millions of pixels."""
        return 8 * self.bytes / self.bpp / 1e6


@dataclass(frozen=True, slots=True)
class Point:
    """All pictures at one point of a dial: means, each picture counted alike.

    Attributes:
        dial: What was asked for.
        bpp, psnr, ms_ssim, encode_seconds, decode_seconds: As of `Measured`, the mean of those
            that have one.
        images: Each picture; none of a curve that was published without them.
    """

    dial: float
    bpp: float
    psnr: float
    ms_ssim: float | None = None
    encode_seconds: float | None = None
    decode_seconds: float | None = None
    images: tuple[Measured, ...] = ()

    @classmethod
    def of(cls, dial: float, images: Sequence[Measured]) -> Point:
        """From at least one picture."""
        names = ("ms_ssim", "encode_seconds", "decode_seconds")
        known = {name: _mean(getattr(each, name) for each in images) for name in names}
        bpp, psnr = (float(np.mean([getattr(i, name) for i in images])) for name in ("bpp", "psnr"))
        return cls(dial, bpp, psnr, **known, images=tuple(images))


@dataclass(frozen=True, slots=True)
class Curve:
    """A coder from its smallest files to its best ones.

    Attributes:
        version: Of the coder.
        points: In the order of its dial.
    """

    version: str
    points: tuple[Point, ...]

    @property
    def psnrs(self) -> Sizes:
        """Bits a pixel and PSNR in dB of each point."""
        return [point.bpp for point in self.points], [point.psnr for point in self.points]

    @property
    def similarities(self) -> Sizes:
        """Bits a pixel and MS-SSIM in dB of each point, of the pictures that have it."""
        rates, qualities = [], []
        for point in self.points:
            large = [each for each in point.images if each.ms_ssim is not None]
            bpp = _mean(each.bpp for each in large) if large else point.bpp
            if point.ms_ssim is not None and bpp is not None:
                rates.append(bpp)
                qualities.append(decibels(point.ms_ssim))
        return rates, qualities

    def seconds_per_megapixel(self, what: str) -> float | None:
        """The mean of all points and pictures.

        Args:
            what: "encode" or "decode".
        """
        return _mean(
            None if seconds is None else seconds / each.megapixels
            for point in self.points
            for each in point.images
            for seconds in [getattr(each, f"{what}_seconds")]
        )

    def of_image(self, number: int) -> Curve:
        """The curve of one picture alone."""
        return Curve(
            self.version, tuple(Point.of(each.dial, [each.images[number]]) for each in self.points)
        )


@dataclass(frozen=True, slots=True)
class Against:
    """How much more a coder takes than another.

    Attributes:
        psnr, ms_ssim: For the same of each; None where the curves have no such quality in common.
    """

    psnr: BdRate | None
    ms_ssim: BdRate | None


def against(curve: Curve, other: Curve) -> Against:
    """Compares two curves where both have the same qualities."""
    return Against(
        _bd_rate(curve.psnrs, other.psnrs), _bd_rate(curve.similarities, other.similarities)
    )


def curve_facts(curve: Curve, *, images: bool = True) -> dict[str, Any]:
    """A curve as JSON has it.

    Args:
        curve: Is described.
        images: Tell of each picture, too.
    """
    points = []
    for point in curve.points:
        facts = asdict(point)
        facts["images"] = list(facts["images"])
        if not images:
            del facts["images"]
        points.append(facts)
    return {"version": curve.version, "points": points}


def curve_of(facts: Mapping[str, Any]) -> Curve:
    """Reads what `curve_facts` gave, or a curve of means alone."""
    points = []
    for point in facts["points"]:
        images = point.get("images", ())
        rows = tuple(Measured(*(image[each.name] for each in fields(Measured))) for image in images)
        means = {each.name: point[each.name] for each in fields(Point) if each.name in point}
        points.append(Point(**{"dial": 0.0, **means, "images": rows}))
    return Curve(str(facts.get("version", "")), tuple(points))


def _bd_rate(curve: Sizes, other: Sizes) -> BdRate | None:
    try:
        return bd_rate(*curve, *other)
    except InputError:
        return None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
