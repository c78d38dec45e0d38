"""Clips that were never compressed, as RGB frames: nothing is trained or chosen on them."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from covey.codec_bench.held_clip import HeldClip
from covey.io.videos import open_video
from labelled_sets import data_root

Pixels = NDArray[np.uint8]
_SIZES = {"blue_sky_360p_60f": (640, 360), "hall_cif": (352, 288)}  # that names do not say plainly


def raw_clips(most: int | None = None) -> list[HeldClip]:
    """All clips of more than one frame, each cut to so many frames.

    Raises:
        SystemExit: If they are not on this machine.
    """
    root = data_root()
    folder = root / "codec" / "video" if root else None
    if folder is None or not folder.is_dir():
        raise SystemExit("set COVEY_DATA to the folder that has codec/video")
    paths = sorted((folder / "BasketballPass").glob("*.png"))[:most]
    frames = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    found = [HeldClip("BasketballPass", frames, Fraction(50))]
    for path in sorted((folder / "vmaf").glob("*")) + sorted((folder / "openh264").glob("*")):
        name = path.stem.split("__")[-1]
        if path.suffix == ".y4m":
            with open_video(path) as source:
                frames = [pixels for _, pixels in source.frames()]
        else:
            frames = raw_frames(path, name)
        if len(frames) > 1:
            found.append(HeldClip(name, frames[:most]))
    return found


def raw_frames(path: Path, name: str) -> list[Pixels]:
    """I420 of limited range, by BT.601, chroma repeated."""
    known = [size for start, size in _SIZES.items() if name.startswith(start)]
    size = re.search(r"(\d+)[x_](\d+)", name)
    if known:
        width, height = known[0]
    else:
        assert size is not None, name
        width, height = int(size[1]), int(size[2])
    luma, chroma = width * height, (width // 2) * (height // 2)
    data = np.fromfile(path, np.uint8)
    frames = data[: len(data) // (luma + 2 * chroma) * (luma + 2 * chroma)]
    found = []
    for row in frames.reshape(-1, luma + 2 * chroma).astype(np.float32):
        y = (row[:luma].reshape(height, width) - 16) * (255 / 219)
        planes = row[luma:].reshape(2, height // 2, width // 2) - 128
        u, v = planes.repeat(2, axis=1).repeat(2, axis=2) * (255 / 224)
        rgb = np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], -1)
        found.append(np.clip(np.round(rgb), 0, 255).astype(np.uint8))
    return found
