"""Groups of frames at random, and files of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from covey.codec.video.container import FrameRecord, VideoHeader, VideoReader, VideoWriter

Groups = list[tuple[FrameRecord, ...]]


@pytest.fixture(scope="session")
def video_header() -> VideoHeader:
    return VideoHeader(
        352, 288, b"\x01\xff\x00z", b"wxyz", Fraction(1, 90_000), Fraction(30_000, 1001), b"made"
    )


@pytest.fixture(scope="session")
def random_groups() -> Callable[..., Groups]:
    """`random_groups(*counts)`: so many frames each, with time stamps at random steps."""

    def make(*counts: int, start: int = 0, seed: int = 0, most: int = 40) -> Groups:
        rng = np.random.default_rng(seed)
        pts, groups = start, []
        for count in counts:
            frames = []
            for at in range(count):
                payload = rng.bytes(int(rng.integers(0, most)))
                rate, digest = int(rng.integers(9000)), int(rng.integers(2**16))
                frames.append(FrameRecord(int(at > 0), rate, pts, digest, payload))
                pts += int(rng.integers(1, 5000))
            groups.append(tuple(frames))
        return groups

    return make


@pytest.fixture(scope="session")
def video_file(video_header) -> Callable[..., bytes]:
    """`video_file(groups, audio)`: bytes of a file of them."""

    def write(groups: Groups, audio: bytes = b"", header: VideoHeader = video_header) -> bytes:
        file = io.BytesIO()
        writer = VideoWriter(file, header)
        writer.audio(audio)
        for frames in groups:
            writer.group(frames)
        writer.finish()
        return file.getvalue()

    return write


@pytest.fixture(scope="session")
def video_reader() -> Callable[[bytes], VideoReader]:
    """`video_reader(data)`: a reader of such bytes, under the name x.cvv."""
    return lambda data: VideoReader(io.BytesIO(data), "x.cvv")
