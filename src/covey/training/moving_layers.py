"""Scenes that move, made of photographs, with the truth about what is seen anew.

A ground and up to three cut-outs of photographs, each on its own way: shifted, turned, scaled,
bent; all of them shaken by a camera. Over what comes out lie blur of motion and noise. As ways are
known, so is where each pixel was in the frame before, and whether it was seen there: what was
hidden then is where prediction by motion leaves ghosts ("tail shadows").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from covey.codec.video.warp import blurred
from covey.training.moving_clips import Clip
from covey.training.photographs import Photograph, draw_squares

LAYERS = 4
"""Ground and cut-outs, at most."""

_LARGER = 1.5  # squares of photographs that frames are cut from, against frames
_FAST = 6.0  # deviation of shifts of fast layers, in pixels a frame
_SLOW = 1.0
_TURN, _SCALE = 0.02, 0.015  # deviations, radians and share a frame
_BEND = 1.5  # pixels, deviation of what bends
_SHAKE = 0.7  # pixels
_NOISE = 4 / 255
_AT_ONCE = 8
_ITERATIONS = 3  # of turning a bent way around


@dataclass(frozen=True, slots=True)
class Scenes:
    """Moving scenes.

    Attributes:
        frames: (n, frames, 3, size, size) float32 in [0, 1].
        flow: (n, frames - 1, 2, size, size) pixels to the right and down, at which what is seen in
            each frame but the first was in the one before.
        hidden: (n, frames - 1, size, size) bool, whether it was hidden or outside there.
    """

    frames: Tensor
    flow: Tensor
    hidden: Tensor


@torch.no_grad()
def moving_scenes(
    photographs: Sequence[Photograph],
    size: int,
    frames: int,
    count: int,
    rng: np.random.Generator,
) -> Scenes:
    """Draws scenes.

    Args:
        photographs: Each at least 1.5 times `size` wide and high.
        size: Pixels in a row of a frame.
        frames: Of a scene, at least 1.
        count: Scenes.
        rng: Source of the draw.
    """
    large = round(_LARGER * size)
    drawn = [draw_squares(photographs, large, LAYERS, rng) for _ in range(count)]
    pictures = torch.from_numpy(np.stack(drawn))
    cuts = torch.stack([_cut_outs(large, rng) for _ in range(count)])
    ways = [_ways(size, frames, count, rng) for _ in range(LAYERS)]
    shake = rng.normal(0, _SHAKE, (frames, count, 2)) * (rng.random((count, 1)) < 0.3)
    for way in ways:
        way.shift.add_(torch.from_numpy(shake.cumsum(axis=0).astype(np.float32)))
    blurs = torch.from_numpy(rng.random(count) < 0.15)
    shown, tops = [], []
    for t in range(frames):
        image, top = _rendered(pictures, cuts, ways, t, size)
        shown.append(torch.where(blurs[:, None, None, None], blurred(image, 1.0), image))
        tops.append(top)
    flow, hidden = [], []
    for t in range(1, frames):
        moved, gone = _truth(ways, tops, t, size)
        flow.append(moved)
        hidden.append(gone)
    seen = torch.stack(shown, dim=1)
    level = rng.uniform(0, _NOISE, count) * (rng.random(count) < 0.3)
    grain = torch.from_numpy(rng.standard_normal(seen.shape, np.float32))
    seen = seen + grain * torch.from_numpy(level.astype(np.float32))[:, None, None, None, None]
    none = torch.zeros(count, 0, 2, size, size)
    return Scenes(
        seen.clamp(0, 1),
        torch.stack(flow, dim=1) if flow else none,
        torch.stack(hidden, dim=1) if hidden else none[:, :, 0].bool(),
    )


def scene_clips(
    photographs: Sequence[Photograph],
    size: int,
    frames: int,
    count: int,
    seed: int,
    tell: Callable[[float], None] = lambda done: None,
) -> list[Clip]:
    """Scenes as clips of 8 bits, so that they are made once and drawn often.

    Args:
        photographs, size, frames, count: As for `moving_scenes`.
        seed: Of the draw.
        tell: Called with the share done.
    """
    found: list[Clip] = []
    while len(found) < count:
        rng = np.random.default_rng([seed, len(found)])
        some = min(_AT_ONCE, count - len(found))
        shown = moving_scenes(photographs, size, frames, some, rng).frames
        pixels = shown.mul(255).round().to(torch.uint8).permute(0, 1, 3, 4, 2)
        found += list(pixels.contiguous().numpy())
        tell(len(found) / count)
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a layer goes: u = A p + shift + bend(p), p from the middle of a frame, u of a picture.

    Attributes:
        turn: (frames, n, 2, 2).
        shift: (frames, n, 2) pixels.
        bend: (frames, n, 2, size, size) pixels.
    """

    turn: Tensor
    shift: Tensor
    bend: Tensor

    def at(self, t: int, p: Tensor) -> Tensor:
        """(n, 2, h, w) places in a frame to places in the picture."""
        moved = torch.einsum("nij,njhw->nihw", self.turn[t], p)
        return moved + self.shift[t][:, :, None, None] + _read(self.bend[t], p)

    def back(self, t: int, u: Tensor, start: Tensor) -> Tensor:
        """The inverse, by fixed points from a start."""
        inverse = torch.linalg.inv(self.turn[t])
        p = start
        for _ in range(_ITERATIONS):
            rest = u - self.shift[t][:, :, None, None] - _read(self.bend[t], p)
            p = torch.einsum("nij,njhw->nihw", inverse, rest)
        return p


def _ways(size: int, frames: int, count: int, rng: np.random.Generator) -> _Way:
    fast = np.where(rng.random((count, 1)) < 0.4, _FAST, _SLOW)
    still = rng.random((count, 1)) < 0.25
    speed = np.where(still, 0, rng.normal(0, 1, (count, 2)) * fast)
    turn = np.where(still[:, 0], 0, rng.normal(0, _TURN, count))
    grow = np.where(still[:, 0], 0, rng.normal(0, _SCALE, count))
    start = rng.uniform(-size / 6, size / 6, (count, 2))
    times = np.arange(frames) - (frames - 1) / 2
    angle = times[:, None] * turn
    scale = np.exp(times[:, None] * grow)
    rows = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=-1)
    matrix = (rows * scale[..., None]).reshape(frames, count, 2, 2)
    shift = start + times[:, None, None] * speed
    bent = (rng.random((count, 1, 1, 1)) < 0.4) & ~still[:, :, None, None]
    coarse = torch.from_numpy((rng.normal(0, _BEND, (count, 2, 4, 4)) * bent).astype(np.float32))
    bend = functional.interpolate(coarse, (size, size), mode="bicubic", align_corners=True)
    grown = torch.from_numpy(times.astype(np.float32))[:, None, None, None, None] * bend
    as_tensor = [torch.from_numpy(each.astype(np.float32)) for each in (matrix, shift)]
    return _Way(as_tensor[0], as_tensor[1], grown)


def _cut_outs(size: int, rng: np.random.Generator) -> Tensor:
    """(LAYERS, 1, size, size) in [0, 1]: all of the ground, a blob or a hard shape of others."""
    cuts = [torch.ones(1, size, size)]
    count = int(rng.integers(0, LAYERS))
    ys, xs = np.mgrid[:size, :size].astype(np.float32)
    for number in range(LAYERS - 1):
        if number >= count:
            cuts.append(torch.zeros(1, size, size))
            continue
        y, x = rng.uniform(0.3, 0.7, 2) * size
        ry, rx = rng.uniform(0.08, 0.3, 2) * size
        away = ((ys - y) / ry) ** 2 + ((xs - x) / rx) ** 2
        if rng.random() < 0.3:
            away = np.maximum(np.abs(ys - y) / ry, np.abs(xs - x) / rx)
        wave = torch.from_numpy(rng.normal(0, 1, (1, 1, 6, 6)).astype(np.float32))
        rough = functional.interpolate(wave, (size, size), mode="bicubic", align_corners=True)
        edge = torch.from_numpy((1 - away).astype(np.float32)) + 0.35 * rough[0, 0]
        sharp = float(rng.uniform(0.1, 0.6)) * min(ry, rx)
        cuts.append((0.5 + edge * sharp).clamp(0, 1)[None])
    return torch.stack(cuts)


def _rendered(
    pictures: Tensor, cuts: Tensor, ways: Sequence[_Way], t: int, size: int
) -> tuple[Tensor, Tensor]:
    """A frame of each scene and (n, size, size) the number of the layer that is seen."""
    p = _places(size).expand(len(pictures), -1, -1, -1)
    image = torch.zeros(len(pictures), 3, size, size)
    top = torch.zeros(len(pictures), size, size, dtype=torch.long)
    for number, way in enumerate(ways):
        if number and not bool(cuts[:, number].any()):
            continue
        at = way.at(t, p)
        seen = _read(torch.cat([pictures[:, number], cuts[:, number]], dim=1), at)
        share = seen[:, 3:]
        image = share * seen[:, :3] + (1 - share) * image
        top = torch.where(share[:, 0] > 0.5, number, top)
    return image, top


def _truth(ways: Sequence[_Way], tops: list[Tensor], t: int, size: int) -> tuple[Tensor, Tensor]:
    """Flow of a frame to the one before, and what was hidden there."""
    p = _places(size).expand(len(tops[t]), -1, -1, -1)
    flow = torch.zeros_like(p)
    for number, way in enumerate(ways):
        before = way.back(t - 1, way.at(t, p), p)
        flow = torch.where((tops[t] == number)[:, None], before - p, flow)
    before = p + flow
    edge = (size - 1) / 2
    outside = (before.abs() > edge).any(dim=1)
    was = _read(tops[t - 1][:, None].float(), before, mode="nearest")[:, 0]
    return flow, outside | (was.round().long() != tops[t])


def _places(size: int) -> Tensor:
    """(1, 2, size, size) pixels to the right and down of the middle."""
    line = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
    return torch.stack([line.expand(size, size), line[:, None].expand(size, size)])[None]


def _read(image: Tensor, at: Tensor, mode: str = "bilinear") -> Tensor:
    """An image at places from its middle, mirrored beyond its edges."""
    side = (image.shape[-1] - 1) / 2
    grid = (at / side).permute(0, 2, 3, 1)
    return functional.grid_sample(
        image, grid, mode=mode, padding_mode="reflection", align_corners=True
    )
