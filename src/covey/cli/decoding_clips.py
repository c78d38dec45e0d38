""".cvv files to clips, one at a time, and what is told of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count as count_up
from typing import TYPE_CHECKING, Any

from covey.cli.coding_jobs import clip_by_clip
from covey.cli.interrupt import WriteGate, interruptible
from covey.cli.terminal import Terminal
from covey.types import InputError

if TYPE_CHECKING:
    from covey.codec.video.groups import DecodedFrame
    from covey.codec.video.model import VideoCodec
    from covey.io.video_source import Frame
    from covey.picture_folder import Job

_MOST_TOLD = 5  # damaged frames

Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """How clips are written.

    Attributes:
        crf: Quality of H.264, None for the default.
        max_pixels: Larger frames are refused.
        threads: At most so many; fewer where memory is short.
        overwrite: Whether a folder of frames may be replaced; files always are.
        start: Number of the first frame that is wanted.
        count: How many are wanted; all from there on if None.
    """

    crf: int | None
    max_pixels: int
    threads: int
    overwrite: bool = False
    start: int = 0
    count: int | None = None


def decode_clips(
    jobs: Sequence[Job], codec: VideoCodec, given: DecodingOptions, terminal: Terminal, tell: Tell
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Decodes clips, see `clip_by_clip`.

    Those that are damaged are dated so that another run does them again.

    Returns:
        What `decode_clip_file` says of each, and why others failed.
    """
    from covey.picture_folder import date

    def work(job: Job) -> dict[str, Any]:
        told = decode_clip_file(job, codec, given, tell, stage=job.source.name)
        date(job.target, job, sound=not told["damage"])
        if told["damage"]:
            terminal.remark(f"covey: {job.source}: {'; '.join(told['damage'])}")
        return told

    return clip_by_clip(jobs, work, terminal)


def decode_clip_file(
    job: Job,
    codec: VideoCodec,
    given: DecodingOptions,
    tell: Tell,
    *,
    stage: str = "decompressing",
) -> dict[str, Any]:
    """Turns a file into a film or a folder of frames, which appears whole or not at all.

    Args:
        job: What is read and written.
        codec: The model.
        given: How.
        tell: Called with the stage and the share done.
        stage: What decoding is called.

    Returns:
        Facts, as `--json` has them: `source`, `outputs`, `frames`, `audio` (whether it is
        written), `audio_left_out`, `damaged_frames`, `damage`, `seconds`, `frames_per_second`.

    Raises:
        InputError: If nothing of the file can be read.
        UsageError: If the target cannot be written so.
    """
    from covey.codec.video.container import VideoReader
    from covey.io.audio_tracks import can_be_read, gathered
    from covey.io.videos_out import CRF, check_name, write_video
    from covey.video_reading import decode_clip
    from covey.video_threads import threads_that_fit

    begun = time.perf_counter()
    source, out, start, count = job.source, job.target, given.start, given.count
    damaged: list[str] = []
    n_damaged = 0
    with ExitStack() as stack:
        try:
            file = stack.enter_context(source.open("rb"))
        except OSError as error:
            raise InputError(f"{source}: cannot be read: {error.strerror}") from None
        reader = VideoReader(file, str(source), given.max_pixels)
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
        group = max(place.count for place in reader.places)
        threads = threads_that_fit(header.height, header.width, group, given.threads)
        gate, steps = WriteGate(), count_up()

        def check() -> None:
            tell(stage, min(1.0, next(steps) / wanted))
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
                        crf=CRF if given.crf is None else given.crf,
                        overwrite=given.overwrite,
                    )
            except InputError as error:
                if str(error).startswith(str(source)):
                    raise
                raise InputError(f"{source}: {error}") from None

        written = interruptible(run, gate)
        told = [*reader.damage, *damaged]
    if n_damaged > _MOST_TOLD:
        told.append(f"and {n_damaged - _MOST_TOLD} more frames")
    seconds = time.perf_counter() - begun
    return {
        "source": str(source),
        "outputs": [str(out)],
        "frames": written,
        "audio": audio is not None,
        "audio_left_out": had_audio and audio is None,
        "damaged_frames": n_damaged,
        "damage": [each.removeprefix(f"{source}: ") for each in told],
        "seconds": round(seconds, 3),
        "frames_per_second": round(written / seconds, 2),
    }


def decoded_words(facts: dict[str, Any]) -> list[str]:
    """What became of a clip, a line each.

    Args:
        facts: As `decode_clip_file` gives them.
    """
    lines = [f"{facts['source']}: {each}" for each in facts["damage"]]
    sound = ", with its audio as it was" if facts["audio"] else ""
    sound = ", without its audio" if facts["audio_left_out"] else sound
    return [*lines, f"Wrote {facts['frames']} frames to {facts['outputs'][0]}{sound}"]
