"""Codes or reads a clip in this process, and prints what it took and found as one JSON object.

python benchmarks/video_clock.py encode SOURCE FILE.cvv [--threads 1] [--frames N]
python benchmarks/video_clock.py decode FILE.cvv [--threads 1] [--frames N] [--save FRAMES.npz N..]

Started by `video_speed.py` and `video_trips.py`. On one thread, parts of the work are clocked.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from covey.codec.video import frames, groups
from covey.codec.video.container import VideoReader
from covey.io.video_source import Frame, VideoSource
from covey.io.videos import open_video
from covey.video_reading import decode_clip
from covey.video_target import VideoTarget
from covey.video_weights import default_video_codec, load_video_codec
from covey.videos import encode_clip, header_of
from part_clock import Parts, clocked

KINDS: Parts = {
    "pictures": [(groups, "encode_picture_frame")],
    "motion": [(groups, "encode_motion_frames")],
    "still latents": [(groups, "encode_still_frame")],
    "changes": [(groups, "encode_change_frame")],
}
"""That an encoder tries of a frame; to repeat one takes no time."""

ENCODING: Parts = {
    "search of motion": [(frames, "block_motion")],
    "choice of latents and entropy coding": [(frames, "encode_tile")],
    "prediction": [(frames, "_foreseen")],
    "analysis": [(frames, "_analysed")],
    "synthesis": [(frames, "_painted")],
}
DECODING: Parts = {
    "entropy decoding": [(frames, "decode_tile")],
    "prediction": [(frames, "_foreseen")],
    "analysis": [(frames, "_analysed")],
    "synthesis of residuals": [(frames, "_corrected")],
    "synthesis of pictures": [(frames, "_painted")],
}


class Some:
    """Some frames of a clip."""

    def __init__(self, clip: VideoSource, skip: int, most: int | None) -> None:
        self._clip, self._skip = clip, skip
        self._end = None if most is None else skip + most
        self.expected_frames = most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clip, name)

    def frames(self, start: int = 0) -> Iterator[Frame]:
        yield from islice(self._clip.frames(), self._skip + start, self._end)


def measured(parts: Parts, one_thread: bool, work: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """What a function gives, and what it takes; parts of it on one thread alone."""
    took: dict[str, float] = defaultdict(float)
    calls: dict[str, int] = defaultdict(int)
    cpu, began = time.process_time(), time.perf_counter()
    with clocked(parts, took, calls) if one_thread else nullcontext():
        found = work()
    facts: dict[str, Any] = {
        "seconds": round(time.perf_counter() - began, 3),
        "cpu_seconds": round(time.process_time() - cpu, 3),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if one_thread:
        facts["parts"] = {name: round(each, 3) for name, each in took.items()}
        facts["calls"] = dict(calls)
    return found, facts


def encode(options: argparse.Namespace) -> dict[str, Any]:
    codec = default_video_codec() if options.model is None else load_video_codec(options.model)
    parts = {**KINDS, **ENCODING}
    with open_video(options.source) as film, options.file.open("w+b") as file:
        clip = Some(film, options.skip, options.frames)

        def work() -> Any:
            return encode_clip(
                codec,
                clip,
                file,
                header_of(codec, clip, b""),
                VideoTarget(),
                threads=options.threads,
            )

        done, facts = measured(parts, options.threads == 1, work)
    return {
        "frames": done.frames,
        "bytes": done.bytes,
        "psnr": round(done.psnr, 3),
        "kinds": done.kinds,
        **facts,
    }


def decode(options: argparse.Namespace) -> dict[str, Any]:
    codec = default_video_codec() if options.model is None else load_video_codec(options.model)
    sums: list[int] = []
    told: list[str] = []
    kept: dict[str, Any] = {}

    def work() -> None:
        found = decode_clip(codec, reader, count=options.frames, threads=options.threads)
        for frame in found:
            sums.append(zlib.crc32(frame.pixels))
            told.extend([frame.damage] if frame.damage else [])
            if frame.number in options.numbers:
                kept[str(frame.number)] = frame.pixels

    with options.source.open("rb") as file:
        reader = VideoReader(file, str(options.source))
        if options.frames is not None:
            options.frames = min(options.frames, reader.frames)
        _, facts = measured(DECODING, options.threads == 1, work)
    if options.save:
        np.savez(options.save, **kept)
    return {"frames": len(sums), "told": told, "sums": sums, **facts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("encode", "decode"):
        command = commands.add_parser(name)
        command.add_argument("source", type=Path)
        if name == "encode":
            command.add_argument("file", type=Path)
        command.add_argument("--model", type=Path)
        command.add_argument("--threads", type=int, default=1)
        command.add_argument("--frames", type=int)
        command.add_argument("--skip", type=int, default=0, help="frames before, of encode")
        command.add_argument("--save", type=Path)
        command.add_argument("--numbers", type=int, nargs="*", default=[])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(encode(options) if options.command == "encode" else decode(options)))


if __name__ == "__main__":
    main()
