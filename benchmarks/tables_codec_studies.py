"""Tables of studies of the image codec: levels, places of InterpCA, damaged files."""

from __future__ import annotations

from typing import Any

from machine import RESULTS
from table_parts import markdown, origin, read


def codec_levels() -> str:
    """Rates between two levels against levels at exactly those weights."""
    if (result := _result("codec_levels")) is None:
        return _unknown("codec_levels")
    curves = result["curves"]
    names = ("between its levels", "at its levels")
    rows = []
    for points in zip(*(curves[name] for name in names), strict=True):
        row = [f"{points[0]['t']:g}"]
        for point in points:
            row += [f"{point['bpp']:.4f}", f"{point['psnr']:.3f}"]
        rows.append(row)
    header = ["index"]
    for name in names:
        header += [f"bits a pixel, {name}", f"dB, {name}"]
    told = (
        f"\nBetween levels: {result['bd_rate']:+.2f} % of the bits at levels "
        f"(goal: less than 2 %); {result['steps']:,} steps each from {result['codec']}.\n"
    )
    return markdown(header, rows) + told + origin(result)


def codec_places() -> str:
    """One network by each answer against separate ones."""
    if (result := _result("codec_places")) is None or "bd_rate" not in result:
        return _unknown("codec_places")
    rows = []
    for name, words in _PLACES.items():
        percent = result["bd_rate"].get(name)
        points = [
            f"{point['bpp']:.3f}: {point['psnr']:.2f}" for point in result["curves"][name]["points"]
        ]
        rows.append([words, "" if percent is None else f"{percent:+.1f}", *points])
    alone = [each for name, each in result["curves"].items() if name.startswith("level")]
    points = [f"{each['points'][0]['bpp']:.3f}: {each['points'][0]['psnr']:.2f}" for each in alone]
    rows.append(["separate networks, one a rate", "0", *points])
    header = ["InterpCA", "bits more than separate networks, %"]
    header += ["bits a pixel: dB"] * len(points)
    sizes = result["sizes"]
    told = (
        f"\nThe published body with {sizes['width']} channels and {sizes['latents']} latents, "
        f"{sizes['steps']:,} steps each from one that {sizes['first']:,} steps had made for a "
        "single rate, with factors of 1; a separate network has as many for its rate alone. "
        "BD-rates are over the PSNRs that both have.\n"
    )
    return markdown(header, rows) + told + origin(result)


_PLACES = {
    "all": "after every convolution, as published",
    "one": "after the first convolution and before the last",
    "gain": "at the latent alone",
}


def codec_fuzz() -> str:
    """What became of damaged files, by what was done to them."""
    if (result := _result("codec_fuzz")) is None:
        return _unknown("codec_fuzz")
    rows = [
        [name, *(f"{found.get(kind, 0):,}" for kind in ("refused", "damaged", "sound"))]
        for name, found in result["results"].items()
    ]
    header = ["what was done", "refused", "read and told", "read as sound"]
    told = (
        f"\n{result['files']:,} files; the longest took {result['longest_seconds']:.1f} seconds, "
        f"memory grew by {result['memory_grew_mib']} MiB; {len(result['wrong'])} went wrong.\n"
    )
    return markdown(header, rows) + told + origin(result)


def _result(name: str) -> dict[str, Any] | None:
    """What was measured; None before it is."""
    return read(name) if (RESULTS / f"{name}.json").exists() else None


def _unknown(name: str) -> str:
    return f"Not measured yet: `python benchmarks/{name}.py`.\n"
