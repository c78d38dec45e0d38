"""What is known of a video codec, and of a file by one, for `--json`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covey.codec.video.container import VideoReader
from covey.codec.video.frames import Kind
from covey.io.files import reading
from covey.weight_names import VIDEO_KIND

if TYPE_CHECKING:
    from covey.codec.video.model import VideoCodec

_MOST_PIXELS = 2**60  # nothing is decoded
_KINDS = {int(kind): kind.name.lower() for kind in Kind}


def video_codec_facts(codec: VideoCodec) -> dict[str, Any]:
    """What a codec is and comes of, by the names of `codec_facts` as far as these fit.

    Returns:
        `kind`, `weights` (how many it adds), `network` (its sizes), `mark`, `image` (the mark of
        the image codec that it adds to), `trained_on`, `steps` (in words), `figures`, `seed`,
        `covey`, `needs_pytorch`, and all of `about`. What is not known is None.
    """
    about = codec.about
    sources = [about[name] for name in ("scenes", "clips") if name in about]
    return {
        "kind": VIDEO_KIND,
        "weights": sum(each.size for each in codec.weights.values()),
        "network": asdict(codec.config),
        "mark": codec.mark.hex(),
        "image": codec.image.mark.hex(),
        "trained_on": ", ".join(sources) or None,
        "steps": about.get("steps"),
        "figures": about.get("validation"),
        "seed": about.get("seed"),
        "covey": about.get("covey"),
        "needs_pytorch": True,
        "about": about,
    }


def clip_facts(path: Path) -> dict[str, Any]:
    """What a .cvv file holds, and whether it is as it was written; nothing is decoded.

    Args:
        path: The file.

    Returns:
        `codec` and `image` (marks), `width`, `height`, `frames`, `frame_rate`, `seconds`,
        `groups`, `kinds` (frames of each), `rates` (least and most), `bytes`, `bpp` and `bitrate`
        (audio left out), `audio_bytes`, `damaged_frames`, `damage` (in words) and `sound`.

    Raises:
        InputError: If it is no such file, or its header is damaged.
    """
    with reading(path), path.open("rb") as file:
        reader = VideoReader(file, str(path), _MOST_PIXELS)
        header = reader.header
        audio = sum(len(each) for each in reader.audio())
        kinds: Counter[str] = Counter()
        rates: list[int] = []
        damaged, last = 0, None
        for number in range(len(reader.places)):
            for frame in reader.group(number).frames:
                kinds[_KINDS.get(frame.kind, "unknown")] += 1
                rates.append(frame.rate)
                last = frame.pts
                damaged += not frame.sound
        damage = list(reader.damage)
        n_bytes = path.stat().st_size
    frames = reader.frames
    pixels = max(frames, 1) * header.width * header.height
    seconds = 1 / float(header.frame_rate)
    if last is not None:
        seconds += float((last - reader.places[0].pts) * header.time_base)
    bits = 8 * (n_bytes - audio)
    return {
        "codec": header.video_mark.hex(),
        "image": header.image_mark.hex(),
        "width": header.width,
        "height": header.height,
        "frames": frames,
        "frame_rate": float(header.frame_rate),
        "seconds": round(seconds, 3),
        "groups": len(reader.places),
        "kinds": dict(kinds),
        "rates": [min(rates), max(rates)] if rates else None,
        "bytes": n_bytes,
        "bpp": round(bits / pixels, 5),
        "bitrate": round(bits / seconds),
        "audio_bytes": audio,
        "damaged_frames": damaged,
        "damage": damage,
        "sound": not (damage or damaged),
    }
