"""How many frames a second does the video codec code and read, where does the time go?

From a film or folder to a .cvv file at quality 50, and from it to pixels, by the public functions,
each in a fresh process: BasketballPass, 416 x 240, and the 854 x 480 film, on one thread and on
two. Threads work on groups, so two help where a clip has at least two of them: 48 frames have
two. Parts are clocked on one thread; the kinds of frames that an encoder tries contain the others.

    COVEY_DATA=... python benchmarks/video_speed.py [--frames 48] [--model MODEL]

Ten minutes on a machine that does nothing else; parts are kept once they are done.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from covey.video_weights import default_video_codec, load_video_codec
from labelled_sets import data_root
from machine import REPOSITORY, RESULTS, provenance, write_json

OUT = RESULTS / "video_speed.json"
CLIPS = {
    "BasketballPass, 416 x 240": ("BasketballPass", 0),
    "bbb_480p, 854 x 480": ("bbb_480p/video.mp4", 240),
}
"""In codec/video, and how many frames are passed over: the film begins with a black one."""


def clock(*arguments: str, **environment: str) -> dict[str, Any]:
    """What `video_clock.py` prints, on one thread but for groups."""
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "video_clock.py"), *arguments]
    quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **quiet, **environment},
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def timed(source: Path, skip: int, frames: int, threads: int, model: list[str]) -> dict[str, Any]:
    """Frames a second, memory and parts."""
    how = ["--threads", str(threads), *model]
    with tempfile.TemporaryDirectory() as scratch:
        coded = Path(scratch) / "clip.cvv"
        some = ["--skip", str(skip), "--frames", str(frames)]
        encoded = clock("encode", str(source), str(coded), *some, *how)
        decoded = clock("decode", str(coded), *how)
    assert not decoded["told"]
    del decoded["sums"], decoded["told"]
    for each in (encoded, decoded):
        each["fps"] = round(each["frames"] / each["seconds"], 3)
        each["cpu_seconds_a_frame"] = round(each["cpu_seconds"] / each["frames"], 3)
    return {"encode": encoded, "decode": decoded}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    root = data_root()
    if root is None:
        raise SystemExit("set COVEY_DATA to the folder that has codec/video")
    codec = default_video_codec() if options.model is None else load_video_codec(options.model)
    same = {"codec": codec.mark.hex(), "frames": options.frames}
    facts: dict[str, Any] = {
        "question": __doc__.splitlines()[0],
        **provenance("torch", "constriction", "av"),
        **same,
        "clips": {},
    }
    if options.out.exists():
        old = json.loads(options.out.read_text())
        if all(old.get(name) == value for name, value in same.items()):
            facts["clips"] = old["clips"]
    model = [] if options.model is None else ["--model", str(options.model)]
    for name, (path, skip) in CLIPS.items():
        clip = facts["clips"].setdefault(name, {})
        for threads in (1, 2):
            if (key := f"{threads} threads") not in clip:
                source = root / "codec" / "video" / path
                clip[key] = timed(source, skip, options.frames, threads, model)
                clip["commit"] = facts["commit"]
                write_json(options.out, facts)
                print(name, key, clip[key], flush=True)


if __name__ == "__main__":
    main()
