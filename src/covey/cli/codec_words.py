"""An image codec, and a file by one, described in words."""

from __future__ import annotations

from typing import Any

from covey.byte_sizes import format_bytes
from covey.io.report.words import count

_SECTIONS = {"map": "a map of rates", "profile": "a colour profile", "alpha": "transparency"}


def codec_sentences(name: str, facts: dict[str, Any]) -> list[str]:
    """What `covey info` says of a codec, a line each.

    Args:
        name: Of its folder.
        facts: See `codec_facts`.
    """
    network = facts["network"]
    unknown = "(not known)"
    steps = unknown if facts["steps"] is None else count(facts["steps"], "step")
    seed = "" if facts["seed"] is None else f", seed {facts['seed']}"
    return [
        f"{name}: an image codec by covey train codec, for covey compress and decompress.",
        f"mark: {facts['mark']}; files by it are read by no other",
        f"size: {facts['weights']:,} weights; {network['width']} channels, {network['encoder']} "
        f"blocks to encode and {network['decoder']} to decode, {network['latents']} latents",
        f"trained on: {facts['trained_on'] or unknown}, {steps}",
        *_figures(facts["figures"] or []),
        "needs: PyTorch and constriction",
        f"made by: covey {facts['covey'] or '(version not known)'}{seed}",
    ]


def _figures(points: list[dict[str, float]]) -> list[str]:
    if not points:
        return ["figures: none are known"]
    told = [
        f"  rate {1000 * point['t']:.0f}: {point['bits']:.3f} bits a pixel, {point['psnr']:.2f} dB"
        for point in points
    ]
    return ["figures, of squares of photographs that it did not learn from, expected:", *told]


def picture_sentences(name: str, facts: dict[str, Any]) -> list[str]:
    """What `covey info` says of a .cvi file, a line each.

    Args:
        name: Of the file.
        facts: See `picture_facts`.
    """
    turned = "" if facts["orientation"] == 1 else f", turned (orientation {facts['orientation']})"
    least = " at least, and more in a region" if "map" in facts["sections"] else ""
    there = [_SECTIONS[key] for key, size in facts["sections"].items() if size is not None]
    return [
        f"{name}: {facts['width']:,} x {facts['height']:,} pixels, "
        f"{'grey' if facts['grey'] else 'colours'}{turned}",
        f"quality: {facts['quality']:g}, rate {facts['rate']} of 0 to 8999{least}",
        f"size: {format_bytes(facts['bytes'])}, {facts['bpp']:.3f} bits a pixel, "
        f"{count(facts['tiles'], 'tile')}",
        f"beside pixels: {', '.join(there) or 'nothing'}",
        f"coded by: the codec {facts['codec']}",
        *_state(facts),
    ]


def _state(facts: dict[str, Any]) -> list[str]:
    if facts["sound"]:
        return ["sound: all of it is there, as it was written"]
    told = [
        f"{_SECTIONS[key]}, which is lost"
        for key, size in facts["sections"].items()
        if size is None
    ]
    if facts["damaged_tiles"]:
        told.append(f"{count(facts['damaged_tiles'], 'tile')} that changed")
    if facts["cut_tiles"]:
        told.append(f"{count(facts['cut_tiles'], 'tile')} of which parts are missing")
    return [f"damaged: {', '.join(told)}; covey decompress --force gives what can be read"]
