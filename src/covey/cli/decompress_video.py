"""`covey decompress` of clips."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count as count_up
from pathlib import Path
from typing import TYPE_CHECKING

from covey import __version__
from covey.cli.compress_video import video_codec_of
from covey.cli.interrupt import WriteGate, ends_as_if_interrupted, interruptible
from covey.cli.terminal import Terminal
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.codec.video.groups import DecodedFrame
    from covey.io.video_source import Frame

_FRAME = re.compile(r"\d{6,}\.png")
_MOST_TOLD = 5  # damaged frames


def decompress_video(
    source: Path,
    out: Path,
    *,
    start: int,
    count: int | None,
    model: Path | None,
    force: bool,
    max_pixels: int,
    overwrite: bool,
    crf: int | None,
    threads: int,
    terminal: Terminal,
) -> None:
    """Turns a file into a film or a folder of frames."""
    from covey.cli.machine import peak_memory_mb
    from covey.codec.video.container import VideoReader
    from covey.io.audio_tracks import can_be_read, gathered
    from covey.io.files import listed
    from covey.io.videos_out import CRF, check_name, write_video
    from covey.video_reading import decode_clip

    if out.is_dir() and not out.suffix:
        foreign = [path.name for path in out.iterdir() if not _FRAME.fullmatch(path.name)]
        if foreign:
            raise UsageError(
                f"{out}: holds {listed(sorted(foreign))}, which are no frames by covey decompress; "
                "name another folder"
            )
        overwrite = overwrite or not any(out.iterdir())
    if out.exists() and not overwrite:
        raise UsageError(f"{out}: exists already; choose another name, or --overwrite")
    if crf is not None and out.suffix.lower() in ("", ".y4m"):
        raise UsageError(f"--crf is for films by H.264, and {out} is none")
    codec = video_codec_of(model)
    damaged: list[str] = []
    n_damaged = 0
    with ExitStack() as stack:
        stack.enter_context(ends_as_if_interrupted())
        tell = stack.enter_context(terminal.progress())
        try:
            file = stack.enter_context(source.open("rb"))
        except OSError as error:
            raise InputError(f"{source}: cannot be read: {error.strerror}") from None
        reader = VideoReader(file, str(source), max_pixels)
        header = reader.header
        audio = stack.enter_context(gathered(reader.audio()))
        had_audio = audio is not None
        if start or count is not None or out.suffix.lower() in ("", ".y4m"):
            audio = None
        if audio is not None and not can_be_read(audio):
            damaged.append("the audio cannot be read, and is left out")
            audio = None
        check_name(out, audio is not None)
        if not reader.places:
            raise InputError(f"{source}: holds no frame that can be read")
        wanted = reader.frames - start if count is None else min(count, reader.frames - start)

        gate = WriteGate()

        begun = count_up()

        def check() -> None:
            tell("decompressing", min(1.0, next(begun) / wanted))
            if gate.is_shut:  # what is half-written is then taken away
                raise KeyboardInterrupt

        def taken(frames: Iterator[DecodedFrame]) -> Iterator[Frame]:
            nonlocal n_damaged
            begin = None
            for frame in frames:
                if gate.is_shut:
                    raise KeyboardInterrupt
                begin = frame.pts if begin is None else begin
                if frame.damage:
                    n_damaged += 1
                    if n_damaged <= _MOST_TOLD:
                        damaged.append(f"frame {frame.number} {frame.damage}")
                assert frame.pixels is not None
                yield frame.pts - (begin if start else 0), frame.pixels

        def run() -> int:
            frames = decode_clip(
                codec, reader, start=start, count=count, threads=threads, check=check
            )
            try:
                with gate:
                    return write_video(
                        out,
                        taken(frames),
                        time_base=header.time_base,
                        frame_rate=header.frame_rate,
                        size=(header.width, header.height),
                        audio=audio,
                        crf=CRF if crf is None else crf,
                        overwrite=overwrite,
                    )
            except InputError as error:
                if str(error).startswith(str(source)):
                    raise
                raise InputError(f"{source}: {error}") from None

        written = interruptible(run, gate)
        told = [*reader.damage, *damaged]
    if n_damaged > _MOST_TOLD:
        told.append(f"and {n_damaged - _MOST_TOLD} more frames")
    facts = {
        "version": __version__,
        "codec": codec.mark.hex(),
        "outputs": [str(out)],
        "frames": written,
        "audio": audio is not None,
        "audio_left_out": had_audio and audio is None,
        "damaged_frames": n_damaged,
        "damage": told,
        "seconds": round(terminal.seconds, 3),
        "frames_per_second": round(written / terminal.seconds, 2),
        "peak_memory_mb": peak_memory_mb(),
    }
    told = [each.removeprefix(f"{source}: ") for each in told]
    words = [f"{source}: {each}" for each in told]
    sound = ""
    if had_audio:
        sound = ", without its audio" if audio is None else ", with its audio as it was"
    words.append(f"Wrote {written} frames to {out}{sound}")
    terminal.answer(words, facts)
    if told and not force:
        raise InputError(
            f"{source}: is damaged: {told[0]}; what can be read is in {out}, and --force makes "
            "that no failure"
        )
