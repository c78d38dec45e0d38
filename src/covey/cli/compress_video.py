"""`covey compress` of clips."""

from __future__ import annotations

import hashlib
import json as json_text
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covey import __version__
from covey.cli.interrupt import WriteGate, ends_as_if_interrupted, interruptible
from covey.cli.terminal import Terminal
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.codec.video.model import VideoCodec
    from covey.io.video_source import VideoSource
    from covey.videos import VideoTarget

SUFFIX = ".cvv"
_LEFT = ".part"


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """What is asked of a clip.

    Attributes:
        target: What its file should be.
        group: Frames of a group, at most.
        effort: 0 or 1.
        audio: Whether audio is kept.
        model: Folder of the codec; the one that ships with the package if None.
        max_pixels: Larger frames are refused.
        overwrite: Whether a file that is there is written anew.
        threads: At most so many.
    """

    target: VideoTarget
    group: int
    effort: int
    audio: bool
    model: Path | None
    max_pixels: int
    overwrite: bool
    threads: int


def video_codec_of(model: Path | None) -> VideoCodec:
    """The codec of a folder, or the one that ships with the package."""
    from covey.extras import require

    for module in ("torch", "constriction"):
        require(module, "codec")
    from covey.video_weights import default_video_codec, load_video_codec

    return default_video_codec() if model is None else load_video_codec(model)


def compress_video(source: Path, out: Path, given: VideoOptions, terminal: Terminal) -> None:
    """Codes a clip; what an interrupted run has done is gone on from."""
    from covey.cli.machine import peak_memory_mb
    from covey.io.audio_tracks import audio_of
    from covey.io.videos import open_video
    from covey.videos import EncodedClip, encode_clip, header_of

    if out.suffix.lower() != SUFFIX:
        raise UsageError(f"{out}: must end in {SUFFIX}")
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise UsageError(f"{out}: cannot be a file there")
    if out.exists() and not given.overwrite:
        raise UsageError(f"{out}: exists already; choose another name, or --overwrite")
    codec = video_codec_of(given.model)
    left = out.with_name(out.name + _LEFT)
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder")
    with ExitStack() as stack:
        stack.enter_context(ends_as_if_interrupted())
        clip: VideoSource = stack.enter_context(open_video(source, most_pixels=given.max_pixels))
        tell = stack.enter_context(terminal.progress())
        made_with = _settings(source, given)
        header = header_of(codec, clip, made_with)
        resume = left.exists() and _began_alike(left, header)
        if left.exists() and not resume and not _is_ours(left):
            raise UsageError(f"{left}: is in the way, and no clip that was left; move it")
        tell("reading audio", 0.0)
        audio = audio_of(source) if given.audio and not source.is_dir() else None
        n_audio = len(audio) if audio else 0
        if resume:
            terminal.remark(f"covey: goes on from {left}")
        gate = WriteGate()

        def run() -> EncodedClip:
            with left.open("r+b" if resume else "w+b") as file:
                done = encode_clip(
                    codec,
                    clip,
                    file,
                    header,
                    given.target,
                    audio=audio,
                    resume=resume,
                    group=given.group,
                    effort=given.effort,
                    threads=given.threads,
                    tell=lambda frames: tell("compressing", _share(frames, clip)),
                    name=str(left),
                )
                file.flush()
                os.fsync(file.fileno())
            with gate:
                os.replace(left, os.path.realpath(out))
            return done

        try:
            done = interruptible(run, gate)
        except KeyboardInterrupt:
            if left.exists():
                terminal.remark(f"covey: the same command goes on from {left}")
            raise
        except InputError:
            if left.exists() and not (resume or _holds_groups(left)):
                left.unlink()
            raise
    seconds = terminal.seconds
    frames = max(done.frames, 1)
    bits = 8 * (done.bytes - done.beside)
    bpp = bits / (frames * clip.width * clip.height)
    bitrate = bits / done.seconds
    facts: dict[str, Any] = {
        "version": __version__,
        "codec": codec.mark.hex(),
        "source": str(source),
        "outputs": [str(out)],
        "width": clip.width,
        "height": clip.height,
        "frames": done.frames,
        "frame_rate": float(clip.frame_rate),
        "bytes": done.bytes,
        "source_bytes": _bytes_of(source),
        "audio_bytes": n_audio,
        "bpp": round(bpp, 5),
        "bitrate": round(bitrate),
        "psnr": None if not done.errors else round(done.psnr, 3),
        "target_met": done.met,
        "kinds": done.kinds,
        "rates": done.rates,
        "coded_frames": len(done.errors),
        "notes": clip.notes,
        "seconds": round(seconds, 3),
        "frames_per_second": round(len(done.errors) / seconds, 2),
        "peak_memory_mb": peak_memory_mb(),
    }
    terminal.answer(_compressed_words(facts, given), facts)


def _share(frames: int, clip: VideoSource) -> float:
    """Of a clip whose length may not be known."""
    if not clip.expected_frames:
        return 0.0
    return min(1.0, frames / clip.expected_frames)


def _settings(source: Path, given: VideoOptions) -> bytes:
    """What a file was made from and with, so that another run knows whether it may go on."""
    paths = sorted(source.iterdir()) if source.is_dir() else [source]
    stats = [(path.name, path.stat()) for path in paths]
    settings = {
        "files": [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats],
        "target": str(given.target),
        "group": given.group,
        "effort": given.effort,
        "audio": given.audio,
    }
    return hashlib.sha256(json_text.dumps(settings, sort_keys=True).encode()).digest()[:8]


def _began_alike(left: Path, header: Any) -> bool:
    """Whether a file that was left can be gone on with; one by other settings is begun anew."""
    from covey.codec.video.records import pack_header

    packed = pack_header(header)
    with left.open("rb") as file:
        return file.read(len(packed)) == packed


def _is_ours(left: Path) -> bool:
    """Whether a file begins as those that are left behind."""
    from covey.codec.video.records import MAGIC

    with left.open("rb") as file:
        return file.read(len(MAGIC)) in (MAGIC, b"")


def _holds_groups(left: Path) -> bool:
    """Whether anything was coded that another run can go on from."""
    from covey.codec.video.container import VideoReader

    with left.open("rb") as file:
        try:
            return bool(VideoReader(file, str(left)).places)
        except InputError:
            return False


def _bytes_of(source: Path) -> int:
    if source.is_dir():
        return sum(path.stat().st_size for path in source.iterdir() if path.is_file())
    return source.stat().st_size


def _compressed_words(facts: dict[str, Any], given: VideoOptions) -> list[str]:
    from covey.byte_sizes import format_bytes

    lines = [f"Note: {facts['source']} {note}." for note in facts["notes"]]
    if not facts["target_met"]:
        lines.append("Note: what was asked for is not met; it is beyond what these frames allow.")
    kinds = ", ".join(f"{count} {_KINDS[kind]}" for kind, count in facts["kinds"].items())
    lines.append(
        f"{format_bytes(facts['source_bytes'])} became {format_bytes(facts['bytes'])}: "
        f"{facts['frames']} frames ({kinds}), of them alone "
        f"{facts['bpp']:.4f} bits a pixel, "
        f"{facts['bitrate'] / 1000:,.0f} kbit/s"
        + ("" if facts["psnr"] is None else f", {facts['psnr']:.2f} dB")
        + f", {facts['frames_per_second']:.1f} frames a second."
    )
    lines.append(f"Wrote {facts['outputs'][0]}")
    return lines


_KINDS = {
    "picture": "as pictures",
    "motion": "by motion",
    "change": "by what changed",
    "still": "by still latents",
    "repeat": "as the one before",
}
