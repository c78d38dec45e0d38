"""Tables of the image codec beside other formats."""

from __future__ import annotations

from typing import Any

from covey.codec_bench.curves import Curve, against, curve_of
from covey.codec_bench.summary import overlap_words, percent_words, seconds_words
from machine import RESULTS
from table_parts import markdown, origin, read

OWN = "Covey, effort "
_UNKNOWN = "Not measured yet: `python benchmarks/codec.py`.\n"


def codec_curves(result: dict[str, Any]) -> tuple[dict[str, Curve], dict[str, Curve]]:
    """Covey's curves by their effort, from the least, and those of other formats by their names."""
    curves = {name: curve_of(facts) for name, facts in result["curves"].items()}
    efforts = sorted(name for name in curves if name.startswith(OWN))
    own = {name.removeprefix(OWN): curves.pop(name) for name in efforts}
    return own, curves


def codec_bd() -> str:
    """How many more bits Covey takes than each format, one column an effort."""
    if (result := _result()) is None:
        return _UNKNOWN
    own, others = codec_curves(result)
    last = list(own)[-1:]
    header = ["bits that Covey takes more, against"]
    header += [f"effort {effort}" for effort in own]
    header += [f"over PSNR in dB, effort {effort}" for effort in last]
    header += [f"by MS-SSIM, effort {effort}" for effort in last]
    rows = []
    for name, other in others.items():
        found = [against(curve, other) for curve in own.values()]
        row = [name, *(percent_words(each.psnr) for each in found)]
        row += [overlap_words(each.psnr) for each in found[-1:]]
        known = bool(other.similarities[0])
        row += [percent_words(each.ms_ssim) if known else "" for each in found[-1:]]
        rows.append(row)
    return markdown(header, rows) + origin(result)


def codec_speed() -> str:
    """Seconds of the processor for a megapixel, one row a format that was run."""
    if (result := _result()) is None:
        return _UNKNOWN
    own, others = codec_curves(result)
    rows = []
    for name, curve in {**{OWN + effort: each for effort, each in own.items()}, **others}.items():
        seconds = [curve.seconds_per_megapixel(what) for what in ("encode", "decode")]
        if any(each is not None for each in seconds):
            rows.append([name, *map(seconds_words, seconds)])
    header = ["CPU seconds a megapixel", "encode", "decode"]
    return markdown(header, rows) + origin(result)


def _result() -> dict[str, Any] | None:
    """What was measured; None before it is."""
    return read("codec") if (RESULTS / "codec.json").exists() else None
