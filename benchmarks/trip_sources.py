"""Clips for `video_trips.py`: whole, cut, reduced, repeated, and of odd sizes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from covey.io.video_source import Frame
from covey.io.videos import open_video
from covey.io.videos_out import write_video
from raw_clips import raw_frames
from small_clips import scene

ODD = ((1, 1), (33, 17), (17, 33), (1, 65), (65, 1), (2, 2), (31, 64), (40, 72))
"""Heights and widths."""


def clips(folder: Path) -> dict[str, Path]:
    """All clips by name: folders of pictures, films, raw files."""
    found = {"BasketballPass": folder / "BasketballPass"}
    for name in ("vmaf", "openh264", "mdn_cc0", "intel_ccby", "bbb_480p"):
        for path in sorted((folder / name).iterdir()):
            found[f"{name}/{path.stem.split('__')[-1]}"] = path
    return found


def beginning(path: Path, most: int, folder: Path) -> Path:
    """The first frames of a clip, about as many, not coded again; raw ones become pictures."""
    if path.is_dir() or path.suffix == ".yuv":
        made = folder / "frames"
        made.mkdir()
        if path.is_dir():
            for each in sorted(path.iterdir())[:most]:
                shutil.copy(each, made)
        else:
            frames = raw_frames(path, path.stem.split("__")[-1])
            save(made, list(islice(frames, most)))
        return made
    if path.suffix == ".y4m":
        return path
    made = folder / "film.mkv"
    with av.open(str(path)) as film, av.open(str(made), "w") as out:
        streams = [film.streams.video[0], *film.streams.audio[:1]]
        tracks = {each.index: out.add_stream_from_template(each) for each in streams}
        for packet in _first_packets(film, streams, most):
            packet.stream = tracks[packet.stream.index]
            out.mux(packet)
    return made


def _first_packets(film: Any, streams: list[Any], most: int) -> Iterator[Any]:
    taken, end = 0, None
    for packet in film.demux(streams):
        if not packet.size:
            continue
        if packet.dts is None:  # as of the first ones of a Matroska film with B frames
            packet.dts = taken - most
        at = packet.dts * packet.time_base
        if packet.stream.type == "video":
            if taken == most:
                continue
            taken, end = taken + 1, at
        if taken < most or end is None or at <= end:
            yield packet


def odd_size(height: int, width: int, count: int, folder: Path) -> Path:
    """A folder of pictures."""
    made = folder / "frames"
    made.mkdir()
    save(made, scene(count, height, width, np.random.default_rng([height, width])))
    return made


def save(folder: Path, frames: list[Any]) -> None:
    """Frames as PNG files."""
    for number, pixels in enumerate(frames):
        Image.fromarray(pixels).save(folder / f"f{number:05}.png")


def reduced(path: Path, size: tuple[int, int], folder: Path, most: int | None = None) -> Path:
    """A film of another width and height, its time stamps as they were."""
    with open_video(path) as clip:

        def frames() -> Iterator[Frame]:
            for pts, pixels in islice(clip.frames(), most):
                yield pts, np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))

        made = folder / "film.mkv"
        base, rate = clip.time_base, clip.frame_rate
        write_video(made, frames(), time_base=base, frame_rate=rate, size=size)
    return made


def repeated(path: Path, size: tuple[int, int], count: int, folder: Path) -> Path:
    """A film of so many frames, there and back again."""
    with open_video(path) as clip:
        some = [
            np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
            for _, pixels in clip.frames()
        ]
    some += some[-2:0:-1]
    rate = Fraction(25)
    frames = ((number, some[number % len(some)]) for number in range(count))
    made = folder / "film.mkv"
    write_video(made, frames, time_base=1 / rate, frame_rate=rate, size=size)
    return made
