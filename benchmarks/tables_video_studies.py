"""Tables of the video codec beside others, and of what its prediction is made of."""

from __future__ import annotations

from statistics import fmean, median
from typing import Any

from table_parts import found, markdown, origin


def video_curves() -> str | None:
    """Bits that Covey takes more than each other curve, by clip."""
    if (result := found("video")) is None or not result.get("bd_rate"):
        return None
    others = _others(result)
    rows = []
    for clip, rates in result["bd_rate"].items():
        sizes = result["clips"][clip]
        size = " x ".join(map(str, sizes["size"]))
        row = [f"{clip}, {size}, {sizes['frames']} frames"]
        for other in others:
            rate = rates.get(other)
            row.append(
                ""
                if rate is None
                else f"{rate['percent']:+.1f} ({rate['psnr'][0]:.1f} to {rate['psnr'][1]:.1f})"
            )
        rows.append(row)
    means = [
        fmean(rates[other]["percent"] for rates in result["bd_rate"].values() if other in rates)
        for other in others
    ]
    rows.append(["mean", *(f"{mean:+.1f}" for mean in means)])
    told = (
        "\nBits that Covey takes more, in percent, over the dB in brackets, if these are 1 dB or "
        "more.\n"
    )
    return markdown(["clip", *others], rows) + told + origin(result)


def video_curve_speeds() -> str | None:
    """Frames a second of each curve."""
    if (result := found("video")) is None:
        return None
    names = dict.fromkeys(name for clip in result["clips"].values() for name in clip["curves"])
    rows = []
    for name in names:
        curves = [
            clip["curves"][name]["points"]
            for clip in result["clips"].values()
            if name in clip["curves"]
        ]
        row = [name, str(len(curves))]
        for way in ("encode_fps", "decode_fps"):
            row.append(f"{median(point[way] for points in curves for point in points):,.1f}")
        rows.append(row)
    header = ["coder", "clips", "frames a second, coded", "frames a second, read"]
    told = "\nMedians over clips and points, on one thread, of seconds of the processor.\n"
    return markdown(header, rows) + told + origin(result)


def _others(result: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(name for rates in result["bd_rate"].values() for name in rates))


def video_prediction() -> str | None:
    """Branches on scenes whose truth is known."""
    return _prediction("scenes")


def video_prediction_clips() -> str | None:
    """Branches on raw clips, the mean over them."""
    return _prediction("clips")


def _prediction(where: str) -> str | None:
    if (result := found("video_prediction")) is None or not result["branches"]:
        return None
    indices = [f"{index:g}" for index in result["indices"]]
    rows = []
    for name, branch in result["branches"].items():
        row = [name]
        for index in indices:
            several = [branch["scenes"]] if where == "scenes" else branch["clips"].values()
            means = {
                key: fmean(each[index][key] for each in several) for key in (*_REGIONS, "bits")
            }
            row += [f"{means[key]:.2f}" for key in _REGIONS] + [f"{means['bits']:.4f}"]
        rows.append(row)
    header = ["branch"]
    for index in indices:
        header += [f"dB at {index}", "hidden", "near edges", "bits a pixel"]
    sizes = result["sizes"]
    told = f"\n{sizes['steps']:,} steps each; the image codec is {sizes['codec']}.\n"
    return markdown(header, rows) + told + origin(result)


_REGIONS = ("whole", "hidden", "near edges")
