"""Does a damaged .cvv file ever crash the decoder, hang it, or show a frame as sound that is not?

Small clips of all kinds of frames, with audio and without, are changed at random
(`video_damage.py`) and read as `covey decompress` does: header, audio, every frame to pixels. A
file must be refused by Covey's own error, or be read with what is wrong with it told. Of files that
chance has damaged more is asked: every frame that is not told of equals the original; groups whose
bytes are all still there, wherever they are now, come out whole; and only a damaged header makes a
file unreadable. Files that someone forged, with checksums that fit, may be other clips, but must be
read or refused all the same; whether the digest of frames told of them is counted.

    python benchmarks/video_fuzz.py [--files 20000] [--seed 0] [--only random shipped commands]

Most files are of a tiny codec of random weights, a tenth of the one that ships, and some of those
go through the function of `covey decompress` to a film. Half an hour on one core. What has been
done of the same commit is kept, and so are parts that are not asked for.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from covey.cli.decoding_clips import DecodingOptions
from covey.cli.decompress_video import decompress_video
from covey.cli.terminal import Terminal
from covey.codec.video.container import VideoReader
from covey.codec.video.groups import DecodedFrame
from covey.codec.video.model import VideoCodec
from covey.types import CoveyError, InputError
from covey.video_reading import decode_clip
from covey.video_weights import default_video_codec
from damage import Costs
from machine import RESULTS, provenance, write_json
from small_clips import CodedClip, coded_clips, random_video_codec
from video_damage import DIGESTED, FORGED, MUTATIONS

OUT = RESULTS / "video_fuzz.json"
MOST_PIXELS = 2**18
SHARES = {"random": 0.9, "shipped": 0.09, "commands": 0.01}
"""Of all files."""

_HANGS = 10.0  # seconds
_STUCK = 300  # seconds, after which the run ends with where it is
_MOST_MIB = 512
_STEP = 500  # files between two lines of progress


@dataclass(slots=True)
class Outcome:
    """What became of a file.

    Attributes:
        end: "refused", "told", "sound", or "other": a clip that differs, of which nothing is told.
        wrong: What chance must not lead to, in words.
        broken: What nothing must lead to.
        frames: Of groups whose bytes are all there: how many there are, and how many came out.
        told: How many frames are told of.
        silent: Of frames that differ and are not told of, how far off each is, in levels.
    """

    end: str
    wrong: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    frames: tuple[int, int] = (0, 0)
    told: int = 0
    silent: list[float] = field(default_factory=list)


def read(codec: VideoCodec, clip: CodedClip, data: bytes) -> Outcome:
    """Reads a file, and holds it against what it was."""
    try:
        reader = VideoReader(io.BytesIO(data), "it", MOST_PIXELS)
        audio = b"".join(reader.audio())
        found = list(decode_clip(codec, reader))
    except InputError as error:
        whole = data.startswith(clip.chunks[0])
        return Outcome("refused", [f"refused though its header is whole: {error}"] * whole)
    told = bool(reader.damage or any(frame.damage for frame in found))
    outcome = Outcome("told" if told else "sound", broken=_out_of_order(found))
    outcome.told = sum(bool(frame.damage) for frame in found)
    by_number = {frame.number: frame for frame in found}
    for frame in found:
        if not frame.damage and (off := _off(frame, clip)):
            outcome.silent.append(off)
    intact = [
        frame
        for group, chunk in zip(clip.groups, clip.groups_as_written, strict=True)
        if chunk in data
        for frame in clip.frames[group.first : group.first + len(group.frames)]
    ]
    right = sum(
        (twin := by_number.get(frame.number)) is not None and not (twin.damage or _off(twin, clip))
        for frame in intact
    )
    outcome.frames = len(intact), right
    if outcome.silent:
        outcome.wrong.append(f"{len(outcome.silent)} frames differ and are not told of")
    if right < len(intact):
        outcome.wrong.append(f"{len(intact) - right} frames of groups that are there are not")
    heard = " ".join(reader.damage)
    if audio != clip.audio and "audio" not in heard and "index" not in heard:
        outcome.wrong.append("the audio differs and is not told of")
    if not told and len(found) != len(clip.frames):
        outcome.wrong.append("frames are missing and are not told of")
    if not told and outcome.wrong:
        outcome.end = "other"
    return outcome


def _out_of_order(found: list[DecodedFrame]) -> list[str]:
    rising = all(a.number < b.number and a.pts < b.pts for a, b in pairwise(found))
    return [] if rising else ["its numbers or time stamps do not rise"]


def _off(frame: DecodedFrame, clip: CodedClip) -> float:
    """Root of the mean squared error to the original, in levels; infinite if it is none."""
    if frame.number >= len(clip.frames) or frame.pixels is None:
        return float("inf")
    original = clip.frames[frame.number]
    assert original.pixels is not None
    if frame.pts != original.pts or frame.pixels.shape != original.pixels.shape:
        return float("inf")
    return float(np.sqrt(np.square(frame.pixels.astype(float) - original.pixels).mean()))


def to_film(folder: Path, clip: CodedClip, data: bytes, model: Path | None = None) -> Outcome:
    """The same by the function of `covey decompress`, with the codec that ships if not told."""
    (folder / "it.cvv").write_bytes(data)
    out = folder / "it.mkv"
    out.unlink(missing_ok=True)
    try:
        decompress_video(
            folder / "it.cvv",
            out,
            DecodingOptions(crf=None, max_pixels=MOST_PIXELS, threads=1, overwrite=True),
            Terminal(json=False, quiet=True),
            model=model,
            force=False,
        )
    except CoveyError as error:
        if "is damaged" in str(error) and out.exists():
            return Outcome("told")
        whole = data.startswith(clip.chunks[0]) and "holds no frame" not in str(error)
        why = [f"refused though its header is whole: {error}"] * whole
        return Outcome("refused", why, ["a film of a refused file is left"] * out.exists())
    return Outcome(
        "sound" if data == clip.data else "other", [] if data == clip.data else ["differs"]
    )


@dataclass
class Counts:
    """What became of files of one part.

    Attributes:
        done: Files so far.
        ends: By what was done to them, how many ended how.
        intact_frames, intact_right: Frames of groups that chance left whole, and how many of them
            came out.
        forged_told, forged_silent: Of forged frames, those told of, and those that differ and are
            not.
        forged_worst: How far off such a frame is at most, in levels.
        longest_seconds, memory_grew_mib: What a file took at most.
        wrong: What must not be.
    """

    done: int = 0
    ends: dict[str, dict[str, int]] = field(default_factory=dict)
    intact_frames: int = 0
    intact_right: int = 0
    forged_told: int = 0
    forged_silent: int = 0
    forged_worst: float = 0.0
    longest_seconds: float = 0.0
    memory_grew_mib: int = 0
    wrong: list[str] = field(default_factory=list)


def fuzz(
    counts: Counts,
    clips: list[CodedClip],
    work: Callable[[CodedClip, bytes], Outcome],
    files: int,
    seed: int,
    keep: Callable[[Counts], None],
) -> None:
    """Goes on to so many files."""
    names, costs = list(MUTATIONS), Costs()
    for number in range(counts.done, files):
        rng = np.random.default_rng([seed, number])
        clip, name = clips[number % len(clips)], names[int(rng.integers(len(names)))]
        data = MUTATIONS[name](clip, rng)
        faulthandler.dump_traceback_later(_STUCK, exit=True)
        try:
            outcome, took = costs.of(lambda clip=clip, data=data: work(clip, data))
        except Exception as error:
            outcome, took = Outcome("crash", broken=[repr(error)]), 0.0
        faulthandler.cancel_dump_traceback_later()
        wrong = outcome.broken + (outcome.wrong if name not in FORGED else [])
        if name == "other weights" and outcome.end != "refused":
            wrong.append("is of other weights, and was read")
        if took > _HANGS:
            wrong.append(f"took {took:.1f} s")
        if costs.grew > _MOST_MIB:
            wrong.append(f"memory grew by {costs.grew} MiB")
            costs = Costs()
        counts.wrong += [f"file {number}, {name}: {each}" for each in wrong]
        end = outcome.end if not wrong else "wrong"
        ends = counts.ends.setdefault(name, {})
        ends[end] = ends.get(end, 0) + 1
        if name not in FORGED:
            counts.intact_frames += outcome.frames[0]
            counts.intact_right += outcome.frames[1]
        if name in DIGESTED:
            counts.forged_told += outcome.told
            counts.forged_silent += len(outcome.silent)
            counts.forged_worst = round(max([counts.forged_worst, *outcome.silent]), 2)
        counts.done = number + 1
        counts.longest_seconds = round(max(counts.longest_seconds, costs.seconds), 3)
        counts.memory_grew_mib = max(counts.memory_grew_mib, costs.grew)
        if counts.done % _STEP == 0 or counts.done == files:
            keep(counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=list(SHARES), default=list(SHARES))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tiny, shipped = random_video_codec(), default_video_codec()
    facts: dict[str, Any] = {
        "question": __doc__.splitlines()[0],
        **provenance("torch", "constriction", "av"),
        "codecs": {"random": tiny.mark.hex(), "shipped": shipped.mark.hex()},
        "seed": options.seed,
        "pixels_allowed": MOST_PIXELS,
        "parts": {},
        "commits": {},
    }
    if options.out.exists() and "+" not in facts["commit"]:
        old = json.loads(options.out.read_text())
        if all(old.get(name) == facts[name] for name in ("codecs", "seed")):
            for part, commit in old["commits"].items():
                if commit == facts["commit"] or part not in options.only:
                    facts["parts"][part] = old["parts"][part]
                    facts["commits"][part] = commit
    with tempfile.TemporaryDirectory() as scratch:
        ways: dict[str, tuple[VideoCodec, Callable[[CodedClip, bytes], Outcome]]] = {
            "random": (tiny, lambda clip, data: read(tiny, clip, data)),
            "shipped": (shipped, lambda clip, data: read(shipped, clip, data)),
            "commands": (shipped, lambda clip, data: to_film(Path(scratch), clip, data)),
        }
        for part in options.only:

            def keep(counts: Counts, part: str = part) -> None:
                facts["parts"][part] = asdict(counts)
                facts["commits"][part] = facts["commit"]
                write_json(options.out, facts)
                print(part, counts.done, total(counts.ends), len(counts.wrong), flush=True)

            codec, work = ways[part]
            counts = Counts(**facts["parts"].get(part, {}))
            files = round(SHARES[part] * options.files)
            fuzz(counts, coded_clips(codec, options.seed), work, files, options.seed, keep)
    wrong = [each for found in facts["parts"].values() for each in found["wrong"]]
    print(f"{len(wrong)} wrong", *wrong[:20], sep="\n")


def total(ends: dict[str, dict[str, int]]) -> dict[str, int]:
    """How many files ended how."""
    found: dict[str, int] = {}
    for each in ends.values():
        for end, count in each.items():
            found[end] = found.get(end, 0) + count
    return found


if __name__ == "__main__":
    main()
