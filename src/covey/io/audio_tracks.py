"""Audio of a film, taken out and put back packet by packet, without decoding it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from covey.extras import require
from covey.io.videos import opened
from covey.types import InputError

_EXACT = {"fflags": "+bitexact"}  # no random number, so the same bytes each time
_START = "COVEY_START"
"""A tag: when the first packet begins, as Matroska holds none that begin before 0."""


@contextmanager
def audio_of(path: str | Path) -> Iterator[IO[bytes] | None]:
    """The first audio stream of a film, as a Matroska file.

    Packets are untouched. Where they cannot be read, those before are kept.

    Args:
        path: As for `open_video`; a folder has no audio.

    Returns:
        A temporary file; None if there is no audio.

    Raises:
        InputError: If it is no film, or its audio cannot be kept.
        MissingExtraError: If PyAV is not installed.
    """
    with TemporaryFile() as file:
        yield file if not Path(path).is_dir() and _take_audio(Path(path), file) else None


@contextmanager
def gathered(chunks: Iterable[bytes]) -> Iterator[IO[bytes] | None]:
    """Chunks of what `audio_of` gave, as a temporary file again; None if there are none."""
    with TemporaryFile() as file:
        file.writelines(chunks)
        yield file if file.tell() else None


def _take_audio(path: Path, file: IO[bytes]) -> bool:
    """Writes the audio of a film; whether it has any."""
    av = require("av", "video")
    with opened(path) as source:
        stream = next(iter(source.streams.audio), None)
        if stream is None or stream.codec_context is None:
            return False
        packets = _packets(av, source, stream)
        first = next(packets, None)
        if first is None:
            return False
        with av.open(file, "w", format="matroska", container_options=_EXACT) as kept:
            if first.pts is not None:
                kept.metadata[_START] = str(first.pts * first.time_base)
            track = kept.add_stream_from_template(stream)
            try:
                for packet in chain([first], packets):
                    packet.stream = track
                    kept.mux(packet)
            except av.FFmpegError as error:
                raise InputError(
                    f"{path}: its audio ({stream.codec_context.name}) cannot be kept: "
                    f"{error.strerror}; leave it out"
                ) from None
        return True


def has_audio(path: str | Path) -> bool:
    """Whether a film has audio that `audio_of` would keep, as far as its header says.

    Raises:
        InputError: If it is no film.
        MissingExtraError: If PyAV is not installed.
    """
    if Path(path).is_dir():
        return False
    with opened(Path(path)) as source:
        stream = next(iter(source.streams.audio), None)
        return stream is not None and stream.codec_context is not None


class AudioTrack:
    """Audio that `audio_of` took out.

    Attributes:
        stream: Of PyAV, a template for another file.
        codec: Its name.
    """

    def __init__(self, container: Any) -> None:
        """Looks at what was opened.

        Raises:
            InputError: If there is no audio.
        """
        if not container.streams.audio:
            raise InputError("the audio cannot be read: it has no stream; leave it out")
        self._container = container
        self.stream = container.streams.audio[0]
        self.codec: str = self.stream.codec_context.name

    def packets(self) -> Iterator[tuple[Fraction, Any]]:
        """Seconds at which each begins, and the packet, at the time that it had in the film.

        Those whose times do not rise, as in damaged audio, are left out: no film holds them.
        """
        av = require("av", "video")
        tags = {key.upper(): value for key, value in self._container.metadata.items()}
        late, latest = None, None
        for packet in _packets(av, self._container, self.stream):
            if packet.pts is None or (latest is not None and packet.dts <= latest):
                continue
            latest = packet.dts
            if late is None:
                late = _shift(tags.get(_START), packet)
            packet.pts += late
            packet.dts += late
            yield packet.pts * packet.time_base, packet


@contextmanager
def opened_audio(audio: IO[bytes]) -> Iterator[AudioTrack]:
    """Opens what `audio_of` gave, from its beginning on.

    Raises:
        InputError: If it is damaged beyond use.
        MissingExtraError: If PyAV is not installed.
    """
    av = require("av", "video")
    try:
        audio.seek(0)
        container = av.open(audio, format="matroska")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"the audio cannot be read: {error}; leave it out") from None
    with container:
        yield AudioTrack(container)


def can_be_read(audio: IO[bytes]) -> bool:
    """Whether anything can be read of what `audio_of` gave.

    Raises:
        MissingExtraError: If PyAV is not installed.
    """
    try:
        with opened_audio(audio) as track:
            return next(track.packets(), None) is not None
    except InputError:
        return False


def _shift(start: str | None, packet: Any) -> int:
    try:
        meant = Fraction(start or "")
    except (ValueError, ZeroDivisionError):
        return 0
    return round(meant / packet.time_base) - int(packet.pts)


def _packets(av: Any, container: Any, stream: Any) -> Iterator[Any]:
    found = container.demux(stream)
    while True:
        try:
            packet = next(found, None)
        except (av.FFmpegError, OSError, ValueError):
            return
        if packet is None:
            return
        if packet.dts is not None and packet.size:
            yield packet
