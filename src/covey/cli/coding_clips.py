"""Clips to .cvv files, one at a time: gone on with where they were left, and told of."""

from __future__ import annotations

import hashlib
import json as json_text
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covey.cli.coding_jobs import clip_by_clip
from covey.cli.interrupt import WriteGate, interruptible
from covey.cli.terminal import Terminal
from covey.types import CoveyError, InputError, UsageError

if TYPE_CHECKING:
    from covey.codec.video.model import VideoCodec
    from covey.io.video_source import VideoSource
    from covey.picture_folder import Job
    from covey.video_target import VideoTarget
    from covey.videos import EncodedClip

SUFFIX = ".cvv"
FILMS = (
    *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts"),
    *(".ogv", ".webm", ".wmv", ".y4m"),
)
"""Suffixes of the files of a folder that are taken for clips."""

_LEFT = ".part"
_DEFAULT_RATE = 25  # of a folder of frames

Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """What is asked of clips.

    Attributes:
        target: What the file of each should be.
        group: Frames of a group, at most.
        effort: 0 or 1.
        audio: Whether audio is kept.
        frame_rate: Of a folder of frames; the default if None, and of films as they say.
        max_pixels: Larger frames are refused.
        threads: At most so many; fewer where memory is short.
    """

    target: VideoTarget
    group: int
    effort: int
    audio: bool
    frame_rate: Fraction | None
    max_pixels: int
    threads: int


def code_clips(
    jobs: Sequence[Job], codec: VideoCodec, given: VideoOptions, terminal: Terminal, tell: Tell
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Codes clips, see `clip_by_clip`.

    Returns:
        What `code_clip` says of each, and why others failed.
    """

    def work(job: Job) -> dict[str, Any]:
        return code_clip(job, codec, given, terminal, tell, stage=job.source.name)

    return clip_by_clip(jobs, work, terminal)


def code_clip(
    job: Job,
    codec: VideoCodec,
    given: VideoOptions,
    terminal: Terminal,
    tell: Tell,
    *,
    stage: str = "compressing",
) -> dict[str, Any]:
    """Codes a clip; what an interrupted run has done is gone on from.

    Args:
        job: What is read and written.
        codec: The model.
        given: What is asked of it.
        terminal: Where is said what is gone on from, or left.
        tell: Called with the stage and the share done.
        stage: What coding is called.

    Returns:
        Facts, as `--json` has them.

    Raises:
        InputError: If it is no clip, or what is asked for cannot be.
        UsageError: If something else is in the way.
        CoveyError: If the file cannot be written, as on a full disk.
    """
    from covey.codec.video.container import whole_frames
    from covey.io.audio_tracks import audio_of, has_audio
    from covey.io.claimed_file import claimed_file
    from covey.io.videos import open_video
    from covey.picture_folder import date
    from covey.video_threads import threads_that_fit
    from covey.videos import encode_clip, header_of

    begun = time.perf_counter()
    source = job.source
    out = Path(os.path.realpath(job.target)) if job.target.is_symlink() else job.target
    left = out.with_name(out.name + _LEFT)
    frame_rate = Fraction(_DEFAULT_RATE) if given.frame_rate is None else given.frame_rate
    with ExitStack() as stack:
        clip = stack.enter_context(open_video(source, frame_rate, given.max_pixels))
        settings = _settings(source, given)
        header = header_of(codec, clip, settings)
        resume = left.exists() and _began_alike(left, header)
        if left.exists() and not resume and not _is_ours(left):
            raise UsageError(f"{left}: is in the way, and no clip that was left; move it")
        tell("reading audio", 0.0)
        audio = stack.enter_context(audio_of(source)) if given.audio else None
        audio_bytes = 0 if audio is None else audio.seek(0, os.SEEK_END)
        silenced = not given.audio and has_audio(source)
        if resume:
            with left.open("rb") as file:
                kept = whole_frames(file)
            terminal.remark(f"covey: goes on from {left}, behind its {kept:,} frames")
        elif left.exists():
            terminal.remark(f"covey: {left} was left by other settings or files; begins anew")
        threads = threads_that_fit(clip.height, clip.width, given.group, given.threads)
        gate = WriteGate()

        def run() -> EncodedClip:
            with claimed_file(left):
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
                        threads=threads,
                        tell=lambda frames: tell(stage, _share(frames, clip)),
                        name=str(left),
                    )
                    file.flush()
                    os.fsync(file.fileno())
                if done.smallest:
                    left.unlink()
                    raise InputError(f"{source}: {_too_few(done, given.target, clip)}")
                if _settings(source, given) != settings:
                    raise InputError(f"{source}: changed while it was coded; code it again")
                if source.is_file():
                    date(left, job)
                with gate:
                    os.replace(left, out)
            return done

        try:
            done = interruptible(run, gate)
        except KeyboardInterrupt:
            terminal.remark(_left_in_words(source, left))
            raise
        except InputError:
            if left.exists() and not _frames_in(left):
                left.unlink()
            raise
        except OSError as error:
            kept = _frames_in(left) if left.exists() else 0
            more = f"; {kept:,} frames are kept, and the same command goes on from there"
            raise CoveyError(
                f"{left}: could not be written: {error.strerror or error}{more if kept else ''}"
            ) from error
    return _facts(
        source, job.target, clip, done, audio_bytes, silenced, time.perf_counter() - begun
    )


def _facts(
    source: Path,
    out: Path,
    clip: VideoSource,
    done: EncodedClip,
    audio_bytes: int,
    silenced: bool,
    seconds: float,
) -> dict[str, Any]:
    return {
        "source": str(source),
        "outputs": [str(out)],
        "width": clip.width,
        "height": clip.height,
        "frames": done.frames,
        "coded_frames": len(done.errors),
        "frame_rate": float(clip.frame_rate),
        "bytes": done.bytes,
        "source_bytes": _bytes_of(source),
        "audio": audio_bytes > 0,
        "audio_left_out": silenced,
        "audio_bytes": audio_bytes,
        "bpp": round(_bits(done) / (done.frames * clip.width * clip.height), 5),
        "bitrate": round(_bits(done) / done.seconds),
        "psnr": None if not done.errors else round(done.psnr, 3),
        "target_met": done.met,
        "kinds": done.kinds,
        "rates": done.rates,
        "notes": clip.notes,
        "seconds": round(seconds, 3),
        "frames_per_second": round(len(done.errors) / seconds, 2),
    }


def _bits(done: EncodedClip) -> int:
    """Of frames alone."""
    return 8 * (done.bytes - done.beside)


def _too_few(done: EncodedClip, target: VideoTarget, clip: VideoSource) -> str:
    if target.size is not None:
        return f"{target.size:,.0f} bytes are too few; the smallest file has {done.bytes:,}"
    if target.bitrate is not None:
        # as the account is kept: by frames, not by their times
        least = _bits(done) * float(clip.frame_rate) / done.frames
        return (
            f"{target.bitrate:,.0f} bits a second are too few; of the smallest file frames take "
            f"{least:,.0f}"
        )
    least = _bits(done) / (done.frames * clip.width * clip.height)
    return f"{target.bpp:g} bits a pixel are too few; the smallest file has {least:.5f}"


def _left_in_words(source: Path, left: Path) -> str:
    frames = _frames_in(left)
    if frames:
        return f"covey: {frames:,} frames are kept in {left}; the same command goes on from there"
    left.unlink(missing_ok=True)
    return f"covey: nothing of {source} is kept, as no group of its frames was done"


def _frames_in(left: Path) -> int:
    """That another run can go on behind."""
    from covey.codec.video.container import whole_frames

    try:
        with left.open("rb") as file:
            return whole_frames(file)
    except FileNotFoundError:
        return 0


def _share(frames: int, clip: VideoSource) -> float:
    """Of a clip whose length may not be known."""
    if not clip.expected_frames:
        return 0.0
    return min(1.0, frames / clip.expected_frames)


def _settings(source: Path, given: VideoOptions) -> bytes:
    """What a file was made from and with, so that another run knows whether it may go on."""
    stats = [(path.name, path.stat()) for path in _files_of(source)]
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


def _bytes_of(source: Path) -> int:
    return sum(path.stat().st_size for path in _files_of(source))


def _files_of(source: Path) -> list[Path]:
    """That a clip is made of; what else lies in a folder of frames is not of it."""
    from covey.io.frame_folder import frame_paths

    return frame_paths(source) if source.is_dir() else [source]
