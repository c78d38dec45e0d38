"""Does every clip come back as it was coded, from any frame on, in memory that does not grow?

Clips go through `covey compress` and `covey decompress` in processes of their own. Held against the
source and each other: the number, size and times of frames; the PSNR that was told and that of what
is decoded; frames in one pass and from a seek; frames of another process on two threads, equal, and
on a processor made to do without its newer instructions, within the tolerance of digests; frames of
pictures, times and audio packets of films that were written.

    COVEY_DATA=... python benchmarks/video_trips.py [--most-frames 24] [--full] [--model MODEL]
        [--only clips odd long lengths] [--clips NAME ...]

Clips are cut to so many frames, without being coded again. The longest has 1,394 frames, and is
reduced to 192 x 108 pixels unless --full. Peak memory over the length is that of one small clip of
48, 192 and 768 frames. What has been done of the same commit is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from covey.codec.video.container import VideoReader
from covey.codec.video.model import VideoCodec
from covey.io.frame_folder import FolderSource
from covey.io.videos import open_video
from covey.video_reading import decode_clip
from covey.video_weights import default_video_codec, load_video_codec
from labelled_sets import data_root
from machine import REPOSITORY, RESULTS, provenance, write_json
from trip_sources import ODD, beginning, clips, odd_size, reduced, repeated
from video_speed import clock

OUT = RESULTS / "video_trips.json"
PARTS = ("clips", "odd", "long", "lengths")
LONG, SMALL = "intel_ccby/one-by-one-person-detection", (192, 108)
LENGTHS, TINY = (48, 192, 768), (104, 60)
_GROUP = 10
_SEEKS = 8
_OLDER = {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"}
_MILLISECOND = 0.001

Facts = dict[str, Any]


def command(*words: str) -> tuple[Facts, Facts]:
    """What a command of Covey tells as JSON, and what it takes."""
    script = str(REPOSITORY / "benchmarks" / "command_cost.py")
    run = [sys.executable, script, sys.executable, "-m", "covey", *words, "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(run, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stderr}")
    told = done.stderr
    return json.loads(told[told.index("{") : told.rindex("}") + 1]), json.loads(done.stdout)


def trip(codec: VideoCodec, source: Path, folder: Path, model: list[str]) -> Facts:
    """There and back: figures, and what is wrong with them."""
    coded = folder / "clip.cvv"
    how = ["--group", str(_GROUP), "--threads", "1", *model]
    told, there = command("compress", str(source), "-o", str(coded), *how)
    wrong: list[str] = []
    sums, psnr = _one_pass(codec, source, coded, wrong)
    facts: Facts = {
        "frames": len(sums),
        "size": [told["width"], told["height"]],
        "bytes": told["bytes"],
        "audio_bytes": told["audio_bytes"],
        "kinds": told["kinds"],
        "psnr": told["psnr"],
    }
    if told["frames"] != len(sums) or told["coded_frames"] != len(sums):
        wrong.append(f"{told['frames']} frames were told of, and {len(sums)} are there")
    if abs(told["psnr"] - psnr) > 0.001:
        wrong.append(f"a PSNR of {told['psnr']} was told, and {psnr:.4f} is found")
    numbers = sorted({int(n) for n in np.linspace(0, len(sums) - 1, _SEEKS)})
    shown = _seeks(codec, coded, sums, numbers, wrong)
    facts["seeks"] = len(numbers)
    facts["other_processes"] = _elsewhere(coded, folder, sums, shown, model, wrong)
    out = folder / ("back" if source.is_dir() else "back.mkv")
    _, back = command("decompress", str(coded), "-o", str(out), "--threads", "1", *model)
    if source.is_dir():
        found = [zlib.crc32(pixels) for _, pixels in FolderSource(out).frames()]
        wrong += ["pictures that were written differ"] * (found != sums)
    else:
        facts["audio_packets"] = _film(source, out, wrong)
    return {**facts, "compress": there, "decompress": back, "wrong": wrong}


def _one_pass(
    codec: VideoCodec, source: Path, coded: Path, wrong: list[str]
) -> tuple[list[int], float]:
    """Checksums of all frames, and their mean PSNR to the source."""
    sums: list[int] = []
    errors: list[float] = []
    with coded.open("rb") as file, open_video(source) as clip:
        reader = VideoReader(file, str(coded))
        header = reader.header
        if (header.width, header.height) != (clip.width, clip.height):
            wrong.append(f"is {header.width} x {header.height}, not {clip.width} x {clip.height}")
        if (header.time_base, header.frame_rate) != (clip.time_base, clip.frame_rate):
            wrong.append("has another time base or frame rate")
        for found, original in zip_longest(decode_clip(codec, reader), clip.frames()):
            if found is None or original is None:
                wrong.append(f"has more or fewer frames than the source, from {len(sums)} on")
                break
            if found.damage or found.number != len(sums) or found.pts != original[0]:
                wrong.append(f"frame {len(sums)}: {found.damage or 'another number or time'}")
            errors.append(float(np.square(found.pixels.astype(np.int32) - original[1]).mean()))
            sums.append(zlib.crc32(found.pixels))
        wrong += reader.damage
    return sums, float(np.mean(10 * np.log10(255**2 / np.maximum(errors, 1e-5))))


def _seeks(
    codec: VideoCodec, coded: Path, sums: list[int], numbers: list[int], wrong: list[str]
) -> dict[int, Any]:
    shown = {}
    with coded.open("rb") as file:
        reader = VideoReader(file, str(coded))
        for number in numbers:
            (frame,) = decode_clip(codec, reader, start=number, count=1)
            shown[number] = frame.pixels
            if zlib.crc32(frame.pixels) != sums[number] or frame.damage:
                wrong.append(f"frame {number} is another one from a seek")
    return shown


def _elsewhere(
    coded: Path,
    folder: Path,
    sums: list[int],
    shown: dict[int, Any],
    model: list[str],
    wrong: list[str],
) -> Facts:
    """Frames in fresh processes: how many are equal, and how far off others are."""
    found: Facts = {}
    for name, threads, environment in (("2 threads", 2, {}), ("older instructions", 1, _OLDER)):
        saved = folder / "frames.npz"
        how = ["--threads", str(threads), *model, "--save", str(saved), "--numbers"]
        there = clock("decode", str(coded), *how, *map(str, shown), **environment)
        with np.load(saved) as frames:
            off = [np.abs(frames[str(n)].astype(int) - each).max() for n, each in shown.items()]
        found[name] = {
            "equal": sum(a == b for a, b in zip(sums, there["sums"], strict=True)),
            "told": len(there["told"]),
            "most_levels": int(max(off)),
        }
        wrong += [f"on {name}: {each}" for each in there["told"][:3]]
    if found["2 threads"]["equal"] != len(sums):
        wrong.append("frames differ on 2 threads")
    return found


def _film(source: Path, out: Path, wrong: list[str]) -> int:
    """Times and audio of a film that was written; how many packets of audio it has."""
    times = []
    for path in (source, out):
        with open_video(path) as film:
            times.append([float(pts * film.time_base) for pts, _ in film.frames()])
    if len(times[0]) != len(times[1]):
        wrong.append(f"the film has {len(times[1])} frames")
    elif (off := np.abs(np.subtract(*times)).max()) > _MILLISECOND:
        wrong.append(f"the film has times that are {1000 * off:.1f} ms off")
    here, there = (_audio(path) for path in (source, out))
    wrong += ["the audio is not the same"] * (here != there)
    return len(there)


def _audio(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        if not film.streams.audio:
            return []
        return [bytes(packet) for packet in film.demux(film.streams.audio[0]) if packet.size]


def length(source: Path, folder: Path, model: list[str]) -> Facts:
    """What compressing and decompressing take."""
    how = ["--threads", "1", *model]
    told, there = command("compress", str(source), "-o", str(folder / "clip.cvv"), *how)
    _, back = command("decompress", str(folder / "clip.cvv"), "-o", str(folder / "b.y4m"), *how)
    return {"frames": told["frames"], "compress": there, "decompress": back}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--most-frames", type=int, default=24)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--clips", nargs="+")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    root = data_root()
    if root is None:
        raise SystemExit("set COVEY_DATA to the folder that has codec/video")
    paths = clips(root / "codec" / "video")
    codec = default_video_codec() if options.model is None else load_video_codec(options.model)
    model = [] if options.model is None else ["--model", str(options.model)]
    facts: Facts = {
        "question": __doc__.splitlines()[0],
        **provenance("torch", "constriction", "av"),
        "codec": codec.mark.hex(),
        "most_frames": options.most_frames,
        "full": options.full,
        **{part: {} for part in PARTS},
    }
    same = ("codec", "commit", "most_frames", "full")
    if options.out.exists() and "+" not in facts["commit"]:
        old = json.loads(options.out.read_text())
        if all(old.get(name) == facts[name] for name in same):
            facts |= {part: old[part] for part in PARTS}

    def keep(part: str, name: str, work: Callable[[Path], Facts]) -> None:
        if part not in options.only or name in facts[part]:
            return
        if options.clips is not None and name not in options.clips:
            return
        with tempfile.TemporaryDirectory() as scratch:
            found = work(Path(scratch))
        facts[part][name] = found
        write_json(options.out, facts)
        print(part, name, json.dumps(found), flush=True)

    for name, path in paths.items():
        if name != LONG or not options.full:
            keep(
                "clips",
                name,
                lambda to, path=path: trip(
                    codec, beginning(path, options.most_frames, to), to, model
                ),
            )
    for height, width in ODD:
        keep(
            "odd",
            f"{width} x {height}",
            lambda to, h=height, w=width: trip(codec, odd_size(h, w, 12, to), to, model),
        )
    keep("odd", "one frame", lambda to: trip(codec, odd_size(40, 72, 1, to), to, model))
    keep(
        "long",
        LONG,
        lambda to: trip(
            codec, paths[LONG] if options.full else reduced(paths[LONG], SMALL, to), to, model
        ),
    )
    for count in LENGTHS:
        keep(
            "lengths",
            str(count),
            lambda to, n=count: length(repeated(paths["BasketballPass"], TINY, n, to), to, model),
        )
    wrong = [
        f"{name}: {each}"
        for part in PARTS
        for name, found in facts[part].items()
        for each in found.get("wrong", ())
    ]
    print(f"{len(wrong)} wrong", *wrong[:20], sep="\n")


if __name__ == "__main__":
    main()
