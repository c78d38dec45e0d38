"""Frames of .cvv files, from any of them on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock

import numpy as np
import torch

from covey.codec.video.container import VideoReader
from covey.codec.video.groups import DecodedFrame, decode_group, most_frames
from covey.codec.video.model import VideoCodec
from covey.types import InputError


def decode_clip(
    codec: VideoCodec,
    reader: VideoReader,
    *,
    start: int = 0,
    count: int | None = None,
    threads: int = 1,
    check: Callable[[], None] = lambda: None,
) -> Iterator[DecodedFrame]:
    """Frames of a file, in their order, some groups at a time; lost ones as the one before.

    Args:
        codec: The model that it was coded by.
        reader: The file.
        start: Number of the first frame that is wanted; decoding begins at its group.
        count: How many are wanted; all that follow if None.
        threads: Groups at a time.
        check: Called before each frame; what it raises ends the work.

    Raises:
        InputError: If it was coded by another model, there is no such frame, or a group is larger
            than any that is written.
    """
    header = reader.header
    for kind, theirs, mine in (
        ("video", header.video_mark, codec.mark),
        ("image", header.image_mark, codec.image.mark),
    ):
        if theirs != mine:
            raise InputError(
                f"was coded by the {kind} model {theirs.hex()}, and this one is {mine.hex()}; "
                "name the one that coded it by --model"
            )
    stop = reader.frames if count is None else start + count
    if not reader.places:
        return
    begin = _group_before(reader, start)
    size = header.height, header.width
    end = bisect_left(reader.places, stop, key=lambda place: place.first)
    places = reader.places[begin:end]
    most = most_frames(*size)
    if any(place.count > most for place in places):
        raise InputError(f"has groups of more than {most} frames, which no Covey writes")
    step = max(1, round(1 / (header.frame_rate * header.time_base)))
    shown = np.full((*size, 3), 128, np.uint8)
    due, pts = places[0].first, places[0].pts - step

    def lost(until: int, before: int | None) -> Iterator[DecodedFrame]:
        """Frames that are in no group that can be read, evenly before the next that is."""
        nonlocal due, pts
        end = pts + step * (until - due + 1) if before is None else before
        pace = (end - pts) / (until - due + 1)
        first, base = due, pts
        while due < until:
            pts = max(pts + 1, base + round(pace * (due - first + 1)))
            if before is not None and pts >= before:
                break  # there is no time between
            if start <= due < stop:
                yield DecodedFrame(due, pts, shown, "is lost")
            due += 1
        due = until

    one_at_a_time = Lock()

    def decoded(number: int) -> list[DecodedFrame]:
        with one_at_a_time:
            group = reader.group(number)
        return list(decode_group(codec, group, size, check))

    with ThreadPoolExecutor(threads, initializer=_on_one_thread) as pool:
        for at in range(begin, end, threads):
            for frames in pool.map(decoded, range(at, min(at + threads, end))):
                for frame in frames:
                    if frame.number > due:
                        yield from lost(min(frame.number, stop), frame.pts)
                    if frame.pts <= pts:
                        frame = replace(
                            frame,
                            pts=pts + 1,
                            damage=frame.damage or "has a time that does not rise",
                        )
                    shown = shown if frame.pixels is None else frame.pixels
                    due, pts = frame.number + 1, frame.pts
                    if start <= frame.number < stop:
                        yield replace(frame, pixels=shown)
        if due < min(stop, reader.frames):
            yield from lost(min(stop, reader.frames), None)


def _group_before(reader: VideoReader, frame: int) -> int:
    """The group that holds a frame; of a frame that is lost the one before it.

    Raises:
        InputError: If the file has no such frame.
    """
    if not 0 <= frame < reader.frames:
        return reader.group_of(frame)
    return max(0, bisect_right(reader.places, frame, key=lambda place: place.first) - 1)


def _on_one_thread() -> None:
    torch.set_num_threads(1)
