"""Photographs that codecs learn from, and Kodak as tensors: what the studies of training share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from codec import kodak
from covey.codec.rate_index import LEVELS
from covey.io.photographs import photograph_paths, read_photographs
from covey.training.codec import CodecPlan, Trainable
from covey.training.photographs import Photograph
from labelled_sets import data_root

_ONE_IN = 20  # as `covey train codec` leaves out


def learned_and_watched(size: int) -> tuple[list[Photograph], list[Photograph]]:
    """Those that are learned from, and the rest.

    Raises:
        SystemExit: If they are not on this machine.
    """
    root = data_root()
    folder = root / "codec" / "train" if root else None
    if folder is None or not folder.is_dir():
        raise SystemExit("set COVEY_DATA to the folder that has codec/train")
    photographs, _ = read_photographs(photograph_paths(folder), size, tell=lambda done: None)
    learned = [each for number, each in enumerate(photographs) if number % _ONE_IN]
    return learned, photographs[::_ONE_IN]


def kodak_tensors(count: int) -> list[Tensor]:
    """(1, 3, h, w) in [0, 1] each.

    Raises:
        SystemExit: If they are not on this machine.
    """
    found = []
    for _, picture in kodak(count):
        pixels = torch.from_numpy(picture.pixels.astype(np.float32) / 255)
        found.append(pixels.permute(2, 0, 1)[None].contiguous())
    return found


@torch.no_grad()
def expected_points(body: Trainable, images: list[Tensor], at: list[float]) -> list[dict[str, Any]]:
    """Bits a pixel by the laws of a codec, and PSNR of 8 bits: means over images, by index."""
    points = []
    for t in at:
        rows = []
        for number, x in enumerate(images):
            generator = torch.Generator().manual_seed(number)
            coded = body(x, torch.tensor([min(t, LEVELS - 1)]), generator)
            image = coded.image.clamp(0, 1).mul(255).round().div(255)
            error = float((image - x).square().mean())
            rows.append((float(coded.bits.sum()) / x[0, 0].numel(), -10 * np.log10(error)))
        bits, psnr = np.mean(rows, axis=0)
        points.append({"t": t, "bpp": float(bits), "psnr": float(psnr)})
    return points


def quick(plan: CodecPlan, steps: int, rate: float, seed: int) -> CodecPlan:
    """A plan of so many steps, all parameters alike, looked at only at its end."""
    schedule = replace(plan.schedule, steps=steps, rate=rate, seed=seed, every=steps, slow=None)
    return replace(plan, schedule=schedule)
