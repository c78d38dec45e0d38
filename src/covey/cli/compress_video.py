"""`covey compress` of one clip, and what is said of clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from covey import __version__
from covey.cli.coding_clips import SUFFIX, VideoOptions, code_clip
from covey.cli.interrupt import ends_as_if_interrupted
from covey.cli.terminal import Terminal
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.codec.video.model import VideoCodec

_KINDS = {
    "picture": "as pictures",
    "motion": "by motion",
    "change": "by what changed",
    "still": "by still latents",
    "repeat": "as the one before",
}


def video_codec_of(model: Path | None) -> VideoCodec:
    """The codec of a folder, or the one that ships with the package."""
    from covey.extras import require

    for module in ("torch", "constriction"):
        require(module, "codec")
    from covey.video_weights import default_video_codec, load_video_codec

    return default_video_codec() if model is None else load_video_codec(model)


def compress_video(
    source: Path,
    out: Path,
    given: VideoOptions,
    terminal: Terminal,
    *,
    model: Path | None,
    overwrite: bool,
) -> None:
    """Codes a clip; what an interrupted run has done is gone on from.

    Args:
        source: A film, or a folder of frames.
        out: The file.
        given: What is asked of it.
        terminal: Says what became of it.
        model: Folder of the codec; the one that ships with the package if None.
        overwrite: Whether a file that is there is written anew.
    """
    from covey.cli.machine import peak_memory_mb
    from covey.picture_folder import Job

    if out.suffix.lower() != SUFFIX:
        raise UsageError(f"{out}: must end in {SUFFIX}")
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise UsageError(f"{out}: cannot be a file there")
    if out.exists() and not overwrite:
        raise UsageError(f"{out}: exists already; choose another name, or --overwrite")
    codec = video_codec_of(model)
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder")
    if given.frame_rate is not None and not source.is_dir():
        raise UsageError(f"--frame-rate is of a folder of frames, and {source} says its own")
    with ends_as_if_interrupted(), terminal.progress() as tell:
        facts = code_clip(Job(source, out), codec, given, terminal, tell)
    facts |= {
        "version": __version__,
        "codec": codec.mark.hex(),
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    terminal.answer([*clip_lines(facts), f"Wrote {out}"], facts)


def clip_lines(facts: dict[str, Any]) -> list[str]:
    """What became of a clip, a line each.

    Args:
        facts: As `code_clip` gives them.
    """
    from covey.byte_sizes import format_bytes

    lines = [f"Note: {facts['source']} {note}." for note in facts["notes"]]
    if facts["audio_left_out"]:
        lines.append(f"Note: {facts['source']} has audio, which is left out as --no-audio says.")
    if not facts["target_met"]:
        lines.append(
            "Note: what was asked for is not met: no rate gives some frames that quality, or what "
            "others left is too little for the last."
        )
    frames, coded = facts["frames"], facts["coded_frames"]
    kinds = ", ".join(f"{count} {_KINDS[kind]}" for kind, count in facts["kinds"].items())
    now = "" if coded == frames else f"{coded:,} of them now: " if coded else "none of them now"
    audio = f", audio {format_bytes(facts['audio_bytes'])} as it was" if facts["audio"] else ""
    lines.append(
        f"{format_bytes(facts['source_bytes'])} became {format_bytes(facts['bytes'])}: "
        f"{frames:,} frames ({now}{kinds}), of them alone "
        f"{facts['bpp']:.4f} bits a pixel, "
        f"{facts['bitrate'] / 1000:,.0f} kbit/s"
        + ("" if facts["psnr"] is None else f", {facts['psnr']:.2f} dB")
        + f"{audio}, {facts['frames_per_second']:.1f} frames a second."
    )
    return lines
