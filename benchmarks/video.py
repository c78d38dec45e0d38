"""How small does the video codec make clips that were never compressed, beside others?

Bytes are those of the whole .cvv file, and of all packets of other coders, without a container and
without the text that x264 (600 bytes) and x265 (2,400) write of themselves; PSNR is of RGB in 8
bits, the mean over frames. Other coders work as for low delay: no frame waits for a later one.
4:2:0 is what they are made for; 4:4:4 keeps colours as Covey does.

    COVEY_DATA=... python benchmarks/video.py [--model MODEL] [--frames 100] [--points 6]
        [--clips NAME ...] [--only covey|others]

What has been measured of a coder in the same version, of as many frames and points, is kept.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from covey.codec.video.container import VideoReader
from covey.codec.video.frames import Kind
from covey.codec.video.model import VideoCodec
from covey.codec_bench.av_settings import (
    AV_SETTINGS,
    QUANTISERS,
    frames_of,
    packets_of,
    without_remarks,
)
from covey.codec_bench.held_clip import HeldClip
from covey.io.yuv import rgb_of
from covey.metrics.rate import bd_rate
from covey.types import InputError
from covey.video_reading import decode_clip
from covey.video_target import VideoTarget
from covey.video_weights import default_video_codec, load_video_codec
from covey.videos import encode_clip, header_of
from machine import RESULTS, provenance, write_json
from raw_clips import raw_clips

OUT = RESULTS / "video.json"
QUALITIES = (5, 20, 35, 50, 65, 80)
OTHERS = {each.name: each for some in AV_SETTINGS.values() for each in some}

Point = dict[str, float]


def by_covey(
    codec: VideoCodec, clip: HeldClip, quality: float, kinds: Sequence[Kind], group: int
) -> Point:
    """One point; what is decoded must be what the encoder had."""
    file = io.BytesIO()
    begun = time.process_time()
    done = encode_clip(
        codec,
        clip,
        file,
        header_of(codec, clip, b""),
        VideoTarget(quality=quality),
        kinds=kinds,
        group=group,
    )
    encoded = time.process_time()
    frames = list(decode_clip(codec, VideoReader(file)))
    decoded = time.process_time()
    assert not any(frame.damage for frame in frames)
    psnr = _psnr(clip.pixels, [frame.pixels for frame in frames])
    assert abs(psnr - done.psnr) < 1e-6
    seconds = (encoded - begun, decoded - encoded)
    return {
        **_point(clip, done.bytes, psnr, seconds),
        **{f"{k}s": n for k, n in done.kinds.items()},
    }


def by_other(name: str, clip: HeldClip, quantiser: int) -> Point:
    """One point of a coder of PyAV, one thread, at a quantiser of H.264 or its like."""
    setting = OTHERS[name]
    value = round(quantiser * setting.step)
    begun = time.process_time()
    packets = packets_of(setting, clip.pixels, clip.frame_rate, value)
    encoded = time.process_time()
    frames = list(frames_of(setting, packets))
    decoded = time.process_time()
    shown = [rgb_of(frame) for frame in frames]
    seconds = (encoded - begun, decoded - encoded)
    size = sum(map(len, without_remarks(packets, setting.decoder)))
    return _point(clip, size, _psnr(clip.pixels, shown), seconds)


def curves_of(clips: dict[str, Any], clip: HeldClip, points: int) -> dict[str, Any]:
    """What was measured of a clip, by coder; nothing if that was of other frames, or points."""
    facts = {"size": [clip.width, clip.height], "frames": len(clip.pixels)}
    known = clips.get(clip.name, {})
    curves = known.get("curves", {}) if all(known.get(k) == v for k, v in facts.items()) else {}
    curves = {name: each for name, each in curves.items() if len(each["points"]) == points}
    clips[clip.name] = {**facts, "curves": curves}
    return curves


def _point(clip: HeldClip, size: int, psnr: float, seconds: tuple[float, float]) -> Point:
    frames = len(clip.pixels)
    return {
        "bytes": size,
        "bpp": 8 * size / (frames * clip.width * clip.height),
        "psnr": psnr,
        "encode_fps": round(frames / seconds[0], 2),
        "decode_fps": round(frames / max(seconds[1], 1e-6), 2),
    }


def _psnr(wanted: Sequence[Any], found: Sequence[Any]) -> float:
    assert len(wanted) == len(found), (len(wanted), len(found))
    errors = [np.square(a.astype(np.int32) - b).mean() for a, b in zip(wanted, found, strict=True)]
    return float(np.mean(10 * np.log10(255**2 / np.maximum(errors, 1e-5))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--points", type=int, default=6)
    parser.add_argument("--clips", nargs="*")
    parser.add_argument("--only", choices=("covey", "others"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips = [
        clip
        for clip in raw_clips(options.frames)
        if options.clips is None or clip.name in options.clips
    ]
    about = provenance("torch", "av")
    about["command"] = "python benchmarks/video.py"
    result = json.loads(options.out.read_text()) if options.out.exists() else {"clips": {}}
    chosen = np.linspace(0, len(QUALITIES) - 1, options.points).round().astype(int)
    version = f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}, without remarks"

    def keep(clip: HeldClip, name: str, version: str, point: Callable[[int], Point]) -> None:
        curves = curves_of(result["clips"], clip, len(chosen))
        if curves.get(name, {}).get("version") == version:
            return
        points = []
        for number in chosen:
            points.append(point(int(number)))
            print(clip.name, name, {k: round(v, 4) for k, v in points[-1].items()}, flush=True)
        curves[name] = {"version": version, "points": points}
        result["bd_rate"] = compared(result["clips"])
        write_json(options.out, {**result, **about})  # of what was measured last

    codec = default_video_codec() if options.model is None else load_video_codec(options.model)
    mark = codec.mark.hex()
    for clip in clips:
        if options.only != "others":
            for name, kinds, group in COVEY:
                keep(
                    clip,
                    name,
                    mark,
                    lambda n, c=clip, k=kinds, g=group: by_covey(codec, c, QUALITIES[n], k, g),
                )
        if options.only != "covey":
            for name in OTHERS:
                keep(clip, name, version, lambda n, c=clip, w=name: by_other(w, c, QUANTISERS[n]))
    print(json.dumps(result.get("bd_rate"), indent=1))


_LONG = 128  # frames of a group
COVEY = (
    ("Covey", tuple(Kind), _LONG),
    ("Covey, all pictures", (Kind.PICTURE,), 1),
)


_OVERLAP = 1.0  # dB that two curves share at least


def compared(clips: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Bits that Covey takes more than each other curve, in percent, by clip.

    Curves that share hardly any quality say nothing of each other.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, clip in clips.items():
        curves = clip["curves"]
        if "Covey" not in curves:
            continue
        mine = [[p[key] for p in curves["Covey"]["points"]] for key in ("bpp", "psnr")]
        for other, curve in curves.items():
            if other == "Covey":
                continue
            theirs = [[p[key] for p in curve["points"]] for key in ("bpp", "psnr")]
            try:
                rate = bd_rate(*mine, *theirs)
            except InputError:
                continue
            if rate.high - rate.low < _OVERLAP:
                continue
            found.setdefault(name, {})[other] = {
                "percent": round(rate.percent, 1),
                "psnr": [round(rate.low, 2), round(rate.high, 2)],
            }
    return found


if __name__ == "__main__":
    main()
