"""Writing frames as a film: .mp4, .mov and .mkv by x264, .y4m, or a folder of PNG files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import IO, Any

from covey.extras import require
from covey.io.atomic import atomic_file
from covey.io.audio_tracks import AudioTrack, opened_audio
from covey.io.frame_folder import write_folder
from covey.io.video_source import Frame
from covey.io.yuv import matrix_of, yuv_of
from covey.types import CoveyError, UsageError

FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
CRF = 14
"""Quality of x264 from 0, the best, to 51; at 14 one hardly sees a difference."""

_LIMITED = 1
_ALIKE = "cpu-independent=1"
"""Without it x264 spreads bits over frames a little otherwise each time."""

_TRIED = 8  # packets of audio
_MOST_STEPS = 2**31  # of a second, in a file


def write_video(
    out: str | Path,
    frames: Iterable[Frame],
    *,
    time_base: Fraction,
    frame_rate: Fraction,
    size: tuple[int, int],
    audio: IO[bytes] | None = None,
    crf: int = CRF,
    overwrite: bool = False,
) -> int:
    """Writes a film, under its name only once it is whole.

    .mp4, .mov and .mkv keep time stamps, the last in milliseconds; sizes that are both even become
    4:2:0, which every player plays, and others 4:4:4, which keeps them exactly. .y4m (4:4:4, 8
    bits) and a folder (a name without a suffix; without any loss) have frames at even steps. The
    same frames make the same bytes each time.

    Args:
        out: The suffix says what is written.
        frames: Time stamps that rise, and (h, w, 3) RGB; taken one at a time.
        time_base: Seconds that a step of a time stamp takes.
        frame_rate: Frames a second, nominally.
        size: Width and height.
        audio: As `audio_of` gave it.
        crf: Quality of x264, 0 to 51.
        overwrite: Whether a folder may be replaced; a file always is.

    Returns:
        How many frames were written.

    Raises:
        UsageError: If the suffix is none of these, or such a file cannot hold the audio.
        InputError: If the audio is damaged beyond use.
        MissingExtraError: If PyAV is not installed, for what is no folder.
        CoveyError: If it cannot be written.
    """
    out = Path(out)
    check_name(out, audio is not None)
    if not out.suffix:
        return write_folder(out, (each for _, each in _checked(frames, size)), overwrite=overwrite)
    av = require("av", "video")
    if not 0 <= crf <= 51:
        raise UsageError(f"crf must be between 0 and 51, got {crf}")
    with atomic_file(out) as temporary, ExitStack() as stack:
        if out.suffix.lower() == ".y4m":
            return _write_y4m(temporary, _checked(frames, size), frame_rate, size)
        track = None
        if audio is not None:
            _try_audio(out, audio)
            track = stack.enter_context(opened_audio(audio))
        try:
            film = _Film(av, out, temporary, time_base, frame_rate, size, crf, track)
            return film.write(_checked(frames, size))
        except av.FFmpegError as error:
            if isinstance(error, OSError):
                raise
            raise CoveyError(f"{out}: could not be written: {error}") from error


def check_name(out: Path, with_audio: bool) -> None:
    """Refuses a name before any work is done for it.

    Raises:
        UsageError: If its suffix is none that is written, or such files hold no audio.
    """
    suffix = out.suffix.lower()
    if suffix and suffix not in {*FORMATS, ".y4m"}:
        raise UsageError(
            f"{out}: no videos are written as {suffix}; choose .mp4, .mov, .mkv, .y4m, or a "
            "folder (a name without a suffix)"
        )
    if with_audio and suffix not in FORMATS:
        what = "a .y4m file" if suffix else "a folder of frames"
        raise UsageError(f"{out}: {what} holds no audio; write .mkv, or leave the audio out")


def _try_audio(out: Path, audio: IO[bytes]) -> None:
    """Puts the first packets into such a file, as only that shows whether it holds them."""
    av = require("av", "video")
    kind = FORMATS[out.suffix.lower()]
    with opened_audio(audio) as track:
        try:
            with av.open(io.BytesIO(), "w", format=kind) as film:
                stream = film.add_stream_from_template(track.stream)
                for _, packet in islice(track.packets(), _TRIED):
                    packet.stream = stream
                    film.mux(packet)
        except (av.FFmpegError, ValueError):
            raise UsageError(
                f"{out}: {out.suffix} holds no audio of this kind ({track.codec}); write .mkv, or "
                "leave the audio out"
            ) from None


def _checked(frames: Iterable[Frame], size: tuple[int, int]) -> Iterator[Frame]:
    width, height = size
    for number, (pts, pixels) in enumerate(frames):
        if pixels.shape != (height, width, 3):
            raise ValueError(f"frame {number} is {pixels.shape}, not {(height, width, 3)}")
        yield pts, pixels


def _write_y4m(path: Path, frames: Iterable[Frame], rate: Fraction, size: tuple[int, int]) -> int:
    width, height = size
    matrix, count = matrix_of(height), 0
    with path.open("wb") as file:
        ratio = f"{rate.numerator}:{rate.denominator}"
        file.write(f"YUV4MPEG2 W{width} H{height} F{ratio} Ip A1:1 C444\n".encode())
        for _, pixels in frames:
            file.write(b"FRAME\n")
            file.write(yuv_of(pixels, "yuv444p", matrix).to_ndarray().tobytes())
            count += 1
    return count


class _Film:
    """A file that x264 and a muxer fill."""

    def __init__(
        self,
        av: Any,
        out: Path,
        path: Path,
        time_base: Fraction,
        frame_rate: Fraction,
        size: tuple[int, int],
        crf: int,
        track: AudioTrack | None,
    ) -> None:
        suffix = out.suffix.lower()
        if max(*time_base.as_integer_ratio(), *frame_rate.as_integer_ratio()) >= _MOST_STEPS:
            raise UsageError(
                f"{out}: holds no time base of {time_base} and frame rate of {frame_rate}; write "
                ".y4m or a folder"
            )
        self._base, self._matrix = time_base, matrix_of(size[1])
        self._kind = "yuv444p" if size[0] % 2 or size[1] % 2 else "yuv420p"
        options = {"fflags": "+bitexact"}
        if suffix != ".mkv":
            options["movflags"] = "+faststart"
        self._file = av.open(str(path), "w", format=FORMATS[suffix], container_options=options)
        try:
            self._video = self._video_stream(out, frame_rate, size, crf)
            self._audio = self._file.add_stream_from_template(track.stream) if track else None
            self._packets = track.packets() if track else iter(())
            self._next = next(self._packets, None)
            self._file.start_encoding()
        except BaseException:
            self._file.close()
            raise

    def write(self, frames: Iterable[Frame]) -> int:
        """Encodes and closes."""
        count = 0
        with self._file as file:
            for pts, pixels in frames:
                frame = yuv_of(pixels, self._kind, self._matrix)
                frame.pts, frame.time_base = pts, self._base
                self._put_audio(pts * self._base)
                file.mux(self._video.encode(frame))
                count += 1
            file.mux(self._video.encode())
            self._put_audio(None)
        return count

    def _video_stream(self, out: Path, rate: Fraction, size: tuple[int, int], crf: int) -> Any:
        try:
            options = {"crf": str(crf), "x264-params": _ALIKE}
            stream = self._file.add_stream("libx264", rate=rate, options=options)
        except ValueError as error:
            raise CoveyError(
                f"{out}: this PyAV has no libx264 ({error}); write .y4m or a folder"
            ) from None
        context = stream.codec_context
        stream.width, stream.height = size
        stream.pix_fmt = self._kind
        context.time_base = stream.time_base = self._base
        context.colorspace, context.color_range = self._matrix, _LIMITED
        return stream

    def _put_audio(self, until: Fraction | None) -> None:
        """Audio up to a time in seconds, or all of it, so that players find both together."""
        while self._next is not None and (until is None or self._next[0] <= until):
            packet = self._next[1]
            packet.stream = self._audio
            self._file.mux(packet)
            self._next = next(self._packets, None)
