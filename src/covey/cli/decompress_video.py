"""`covey decompress` of one clip."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from covey import __version__
from covey.cli.compress_video import video_codec_of
from covey.cli.decoding_clips import DecodingOptions, decode_clip_file, decoded_words
from covey.cli.interrupt import ends_as_if_interrupted
from covey.cli.terminal import Terminal
from covey.types import InputError, UsageError

_FRAME = re.compile(r"\d{6,}\.png")


def decompress_video(
    source: Path,
    out: Path,
    given: DecodingOptions,
    terminal: Terminal,
    *,
    model: Path | None,
    force: bool,
) -> None:
    """Turns a file into a film or a folder of frames.

    Args:
        source: The file.
        out: What is written.
        given: How; that `overwrite` is set lets a file be replaced, too.
        terminal: Says what became of it.
        model: Folder of the codec; the one that ships with the package if None.
        force: Whether damage is no failure.
    """
    from covey.cli.machine import peak_memory_mb
    from covey.io.files import listed
    from covey.picture_folder import Job

    if out.is_dir() and not out.suffix:
        foreign = [path.name for path in out.iterdir() if not _FRAME.fullmatch(path.name)]
        if foreign:
            raise UsageError(
                f"{out}: holds {listed(sorted(foreign))}, which are no frames by covey decompress; "
                "name another folder"
            )
        given = replace(given, overwrite=given.overwrite or not any(out.iterdir()))
    if out.exists() and not given.overwrite:
        raise UsageError(f"{out}: exists already; choose another name, or --overwrite")
    if given.crf is not None and out.suffix.lower() in ("", ".y4m"):
        raise UsageError(f"--crf is for films by H.264, and {out} is none")
    codec = video_codec_of(model)
    with ends_as_if_interrupted(), terminal.progress() as tell:
        facts = decode_clip_file(Job(source, out), codec, given, tell)
    facts |= {
        "version": __version__,
        "codec": codec.mark.hex(),
        "seconds": round(terminal.seconds, 3),
        "frames_per_second": round(facts["frames"] / terminal.seconds, 2),
        "peak_memory_mb": peak_memory_mb(),
    }
    terminal.answer(decoded_words(facts), facts)
    if facts["damage"] and not force:
        raise InputError(
            f"{source}: is damaged: {facts['damage'][0]}; what can be read is in {out}, and "
            "--force makes that no failure"
        )
