"""`covey codec bench` of a clip: the video codec beside others, and what foresees its frames."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covey import __version__
from covey.cli.codec_bench_parts import JSON, PAGE, SHEET, check_out, chosen, machine
from covey.cli.compress_video import video_codec_of
from covey.cli.terminal import Tell, Terminal
from covey.types import InputError

if TYPE_CHECKING:
    from covey.codec.video.model import VideoCodec
    from covey.codec_bench.clip_measuring import ClipBench
    from covey.codec_bench.prediction import PredictedFrame
    from covey.codec_bench.prediction_sheet import Sheet
    from covey.codec_bench.video_coders import VideoCoder


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """What is asked of a bench of a clip.

    Attributes:
        out: Folder that is written; none if None.
        model: Folder of the codec; the one that ships with the package if None.
        points: Settings of each coder.
        formats: Names with commas of what is compared with; all if None.
        effort: 0 or 1.
        max_frames: Frames at most; some default if None.
        max_pixels: Larger frames are refused.
        threads: Settings at a time.
    """

    out: Path | None
    model: Path | None
    points: int
    formats: str | None
    effort: int
    max_frames: int | None
    max_pixels: int
    threads: int


def compare_clip(source: Path, given: ClipOptions, terminal: Terminal) -> None:
    """Codes a clip by Covey and by others at several settings, and says how they compare."""
    from covey.cli.interrupt import interruptible
    from covey.cli.machine import peak_memory_mb

    codec = video_codec_of(given.model)
    from covey.cli.codec_bench_words import clip_lines, left_out, remarks, wrote_line
    from covey.codec_bench.av_settings import AV_SETTINGS
    from covey.codec_bench.coders import spread
    from covey.codec_bench.curves import curve_facts
    from covey.codec_bench.summary import table_of
    from covey.codec_bench.video_coders import av_coder, covey_video_coder
    from covey.io.result_folder import result_folder
    from covey.io.summary import write_summary

    settings, missing = chosen(given.formats, AV_SETTINGS)
    check_out(given.out)
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder")
    coders = [covey_video_coder(codec, given.effort), *map(av_coder, settings)]
    coders = [replace(each, dial=spread(each.dial, given.points)) for each in coders]
    with terminal.progress() as tell:
        done = interruptible(lambda: _measure(source, codec, coders, given, tell))
    bench, frames, clip = done.bench, done.frames, done.bench.clip
    table = table_of(bench.curves, bench.unit)
    names = ("pillow", "torch", "numpy", "av") if settings else ("pillow", "torch", "numpy")
    versions, command = machine(*names), shlex.join(["covey", *sys.argv[1:]])
    written = [JSON, PAGE, *([SHEET] if done.sheet else [])]
    facts: dict[str, Any] = {
        "version": __version__,
        "command": command,
        "codec": codec.mark.hex(),
        "machine": versions,
        "clip": str(source),
        "width": clip.width,
        "height": clip.height,
        "frames": len(clip.pixels),
        "frame_rate": float(clip.frame_rate),
        "at_once": bench.at_once,
        "skipped": bench.skipped,
        "missing": missing,
        "notes": clip.notes,
        "levels": table.levels,
        "coders": table.rows,
        "prediction": {
            "quality": done.quality,
            "scale": done.sheet.scale if done.sheet else None,
            "frames": [_frame_facts(each) for each in frames],
        },
        "seconds": round(terminal.seconds, 3),
        "outputs": [] if given.out is None else [str(given.out / name) for name in written],
    }
    told = left_out(missing, bench.skipped)
    if given.out is not None:
        from covey.codec_bench.clip_page import write_clip_page

        curves = {name: curve_facts(curve) for name, curve in bench.curves.items()}
        with result_folder(given.out) as folder:
            write_summary(folder / JSON, facts | {"curves": curves})
            if done.sheet is not None:
                done.sheet.image.save(folder / SHEET)
            write_clip_page(
                folder / PAGE,
                bench,
                frames=frames,
                sheet=done.sheet,
                sheet_name=SHEET,
                quality=done.quality,
                facts=versions,
                notes=told + clip.notes,
                command=command,
            )
    means = {name: curve_facts(curve, images=False) for name, curve in bench.curves.items()}
    facts |= {"curves": means, "peak_memory_mb": peak_memory_mb()}
    lines = [*clip_lines(bench, table, frames), *remarks(told, clip.notes)]
    terminal.answer([*lines, wrote_line(given.out, PAGE)], facts)


@dataclass(frozen=True, slots=True)
class _Done:
    """Of `ClipBench` what was measured, and frames foreseen at some quality, drawn if any are."""

    bench: ClipBench
    quality: int
    frames: Sequence[PredictedFrame]
    sheet: Sheet | None


def _measure(
    source: Path, codec: VideoCodec, coders: Sequence[VideoCoder], given: ClipOptions, tell: Tell
) -> _Done:
    from covey.codec_bench.clip_measuring import bench_clip
    from covey.codec_bench.held_clip import FRAMES, hold_clip
    from covey.codec_bench.prediction import predicted_frames
    from covey.codec_bench.prediction_sheet import draw_sheet

    clip = hold_clip(
        source,
        given.max_frames or FRAMES,
        given.max_pixels,
        at_once=given.threads,
        tell=lambda done: tell("reading frames", done),
    )
    bench = bench_clip(clip, coders, threads=given.threads, tell=tell)
    own = coders[0]
    quality = own.dial[len(own.dial) // 2]
    frames = predicted_frames(
        codec, bench.own[quality], clip, tell=lambda done: tell("foreseeing frames", done)
    )
    if not frames:
        return _Done(bench, quality, frames, None)
    about = (
        f"{source.name}, {len(clip.pixels)} frames of {clip.width} x {clip.height} pixels, at "
        f"quality {quality}; model {codec.mark.hex()}; PSNR of each view against the frame as it "
        "was, in full size"
    )
    sheet = draw_sheet(frames, "What frames are foreseen from", about)
    return _Done(bench, quality, frames, sheet)


def _frame_facts(frame: PredictedFrame) -> dict[str, Any]:
    return {
        "number": frame.number,
        "kind": frame.kind,
        "bytes": frame.bytes,
        "motion_bytes": frame.motion_bytes,
        "psnr": {name: round(value, 3) for name, value in frame.psnr.items()},
    }
