"""A video codec, and a file by one, described in words."""

from __future__ import annotations

from typing import Any

from covey.byte_sizes import format_bytes
from covey.io.report.words import count


def video_codec_sentences(name: str, facts: dict[str, Any]) -> list[str]:
    """What `covey info` says of a codec, a line each.

    Args:
        name: Of its folder.
        facts: See `video_codec_facts`.
    """
    network, unknown = facts["network"], "(not known)"
    seed = "" if facts["seed"] is None else f", seed {facts['seed']}"
    figures = "none are known"
    if seen := facts["figures"]:
        figures = (
            f"of scenes that it did not learn from, motion {seen['motion']:.3f} and residual "
            f"{seen['residual']:.3f} bits a pixel at {seen['psnr']:.2f} dB, still latents "
            f"{seen['still']:.3f} bits a pixel"
        )
    return [
        f"{name}: a video codec by covey train video, for covey compress and decompress.",
        f"mark: {facts['mark']}; files by it are read by no other",
        f"adds to: the image codec {facts['image']}",
        f"size: {facts['weights']:,} weights; prediction by {network['branch']}, "
        f"{network['latents']} latents of motion, a filter of {network['taps']} x "
        f"{network['taps']}",
        f"trained on: {facts['trained_on'] or unknown}; steps: {facts['steps'] or unknown}",
        f"figures: {figures}",
        "needs: PyTorch and constriction, and PyAV for films",
        f"made by: covey {facts['covey'] or '(version not known)'}{seed}",
    ]


def clip_sentences(name: str, facts: dict[str, Any]) -> list[str]:
    """What `covey info` says of a .cvv file, a line each.

    Args:
        name: Of the file.
        facts: See `clip_facts`.
    """
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in facts["kinds"].items())
    rates = "unknown" if facts["rates"] is None else " to ".join(map(str, facts["rates"]))
    bitrate = "" if facts["bitrate"] is None else f", {facts['bitrate'] / 1000:,.0f} kbit/s"
    audio = format_bytes(facts["audio_bytes"]) if facts["audio_bytes"] else "none"
    state = "sound: all of it is there, as it was written"
    if not facts["sound"]:
        told = [each.removeprefix(f"{name}: ") for each in facts["damage"]]
        if facts["damaged_frames"]:
            told.append(f"{count(facts['damaged_frames'], 'frame')} changed or cut off")
        state = f"damaged: {'; '.join(told)}; covey decompress --force gives what can be read"
    return [
        f"{name}: {facts['width']:,} x {facts['height']:,} pixels, "
        f"{count(facts['frames'], 'frame')}, {facts['frame_rate']:g} a second",
        f"frames: {kinds or 'none'}, in {count(facts['groups'], 'group')}; rates {rates}",
        f"size: {format_bytes(facts['bytes'])}, of frames alone "
        f"{facts['bpp']:.4f} bits a pixel{bitrate}",
        f"audio: {audio}",
        f"coded by: the codec {facts['codec']}, which adds to {facts['image']}",
        state,
    ]
