"""Training of an image codec: rate and distortion at all rates at once.

    loss   mean over images of w(t) (bits / pixel + lambda(t) MSE),   t in [0, 9], w = lambda^-p

A rate is drawn for each image, one from each of as many equal parts as there are images. Bits of
high rates would drown those of low ones; w with p = 1/2 makes about the same share of its bits
matter at every rate, as BD-rates do (ours; published is p = 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from covey.codec.image.body import Body, Coded
from covey.codec.image.config import LATENT, BodyConfig
from covey.codec.image.transforms import principal_axes, start_at_axes
from covey.codec.layers.fixed_point import ACTIVE
from covey.codec.rate_index import LAMBDAS, LEVELS
from covey.training.drawn_pages import drawn_page
from covey.training.loop import Checkpoint, Part, Schedule, reduced_precision
from covey.training.photographs import Photograph, draw_squares
from covey.training.watch import Watch, fit_watched
from covey.types import Float32

_AXES_FROM = 24_000  # squares that principal axes are of
_PLACES = 3  # binary places in which latents are read, at most
_DEVIATIONS = 3.0  # that should stay below the largest activation


@dataclass(frozen=True, slots=True)
class CodecPlan:
    """How a codec is trained.

    Attributes:
        schedule: Steps and rates.
        size: Pixels in a row of what is learned from, a multiple of 64.
        batch: Squares a step.
        watched: Squares of photographs that are not learned from, at each validation.
        lambdas: Weights of the distortion at the levels.
        power: p.
        drawn: Share of the squares that are drawn pages instead of photographs.
        mixes: Rates that are drawn from a level to the next: 1 is the levels alone, 2 also halfway,
            as published. None is any rate.
        parts: Of a batch, that are computed at a time, each on one thread. What comes out depends
            on how many threads there are by rounding at most.
        half: Compute what can be in half precision, where the processor is made for it.
    """

    schedule: Schedule = field(
        default_factory=lambda: Schedule(
            steps=20_000,
            rate=1e-3,
            warm_up=0.02,
            decay=0.0,
            clip=0.1,
            every=500,
            patience=10**6,
            fall=0.3,
            average=0.999,
            slow="linear|gain",
            slow_share=0.1,
        )
    )
    size: int = 128
    batch: int = 8
    watched: int = 48
    lambdas: tuple[float, ...] = LAMBDAS
    power: float = 0.5
    drawn: float = 0.05
    mixes: int | None = None
    parts: int = 2
    half: bool = True

    def lambda_at(self, t: Tensor) -> Tensor:
        """(b,) indices to (b,) weights of the distortion; logarithms are interpolated."""
        at = np.interp(t.cpu().numpy(), np.arange(len(self.lambdas)), np.log(self.lambdas))
        return torch.from_numpy(np.exp(at)).to(t.device, t.dtype)


@dataclass(frozen=True, slots=True)
class RatePoint:
    """What a codec does to squares that it did not learn from, at some index.

    Attributes:
        t: Index of the rate.
        bits: A pixel, expected.
        psnr: In dB, of the mean squared error of all squares.
    """

    t: float
    bits: float
    psnr: float


@dataclass(frozen=True, slots=True)
class CodecValidation:
    """All rates that were looked at.

    Attributes:
        loss: As in training, without noise in the pixels.
        points: By index.
    """

    loss: float
    points: tuple[RatePoint, ...]

    def told(self) -> str:
        """In words, for progress."""
        shown = ", ".join(f"{point.bits:.3f}:{point.psnr:.2f}" for point in self.points)
        return f"loss {self.loss:.4f}, bpp:dB {shown}"


class Trainable(Protocol):
    """A codec that can be trained: a module."""

    def __call__(self, x: Tensor, t: Tensor, generator: torch.Generator | None) -> Coded:
        """Codes images at indices as in training."""


def train_codec(
    learned: Sequence[Photograph],
    watched: Sequence[Photograph],
    body: nn.Module,
    plan: CodecPlan,
    watch: Watch[CodecValidation] | None = None,
    *,
    device: str = "cpu",
) -> Checkpoint:
    """Trains a codec in place, and leaves it at its best validation.

    Args:
        learned, watched: Photographs; what is watched says nothing but how it goes.
        body: The codec, one that is `Trainable`.
        plan: The training.
        watch: Progress, and how to go on.
        device: Where torch computes.

    Returns:
        The last checkpoint.
    """
    watch = watch or Watch()
    seed = plan.schedule.seed
    body = body.to(device)
    seen = draw_squares(watched, plan.size, plan.watched, np.random.default_rng([seed, 1]))

    def loss_of(rng: np.random.Generator) -> list[Part]:
        squares = draw_squares(learned, plan.size, plan.batch, rng)
        for number in np.flatnonzero(rng.random(plan.batch) < plan.drawn):
            squares[number] = drawn_page(plan.size, rng)
        x = torch.from_numpy(squares).to(device)
        t = torch.from_numpy(drawn_rates(plan.batch, rng, plan.mixes)).to(device)
        seeds = rng.integers(2**62, size=plan.batch)
        count = plan.parts if plan.batch % plan.parts == 0 else 1

        def part(number: int) -> Tensor:
            some = slice(number, None, count)
            generator = torch.Generator(device).manual_seed(int(seeds[number]))
            with reduced_precision(device) if plan.half else nullcontext():
                coded = body(x[some], t[some], generator)
            return losses(coded, x[some], t[some], plan).sum() / plan.batch

        return [partial(part, number) for number in range(count)]

    return fit_watched(
        body,
        loss_of,
        plan.schedule,
        lambda: validated(body, torch.from_numpy(seen).to(device), plan),
        watch,
    )


def losses(coded: Coded, x: Tensor, t: Tensor, plan: CodecPlan) -> Tensor:
    """(b,) of images (b, 3, h, w) at indices (b,)."""
    weight = plan.lambda_at(t)
    error = (coded.image - x).square().mean((1, 2, 3))
    return weight**-plan.power * (coded.bits / x[0, 0].numel() + weight * error)


def drawn_rates(count: int, rng: np.random.Generator, mixes: int | None = None) -> Float32:
    """(count,) indices in [0, 9], one from each of as many equal parts, shuffled.

    Args:
        count: How many.
        rng: Source of the draw.
        mixes: See `CodecPlan`.
    """
    parts = rng.permutation((np.arange(count) + rng.random(count)) / count)
    if mixes is None:
        return (parts * (LEVELS - 1)).astype(np.float32)
    places = (LEVELS - 1) * mixes + 1
    return (np.floor(parts * places) / mixes).astype(np.float32)


@torch.no_grad()
def validated(body: Trainable, x: Tensor, plan: CodecPlan, rates: int = 10) -> CodecValidation:
    """Looks at (n, 3, h, w) images at some indices, evenly spaced, in batches of 16."""
    points, total = [], 0.0
    for t in np.linspace(0, LEVELS - 1, rates):
        generator = torch.Generator(x.device).manual_seed(plan.schedule.seed)
        bits, error, loss = 0.0, 0.0, 0.0
        for part in x.split(16):
            at = torch.full((len(part),), float(t), device=x.device)
            coded = body(part, at, generator)
            bits += float(coded.bits.sum())
            error += float((coded.image.clamp(0, 1) - part).square().sum())
            loss += float(losses(coded, part, at, plan).sum())
        psnr = -10 * np.log10(error / x.numel())
        points.append(RatePoint(float(t), bits / (x.numel() / 3), float(psnr)))
        total += loss / len(x)
    return CodecValidation(total / rates, tuple(points))


def new_body(photographs: Sequence[Photograph], config: BodyConfig, seed: int) -> Body:
    """A codec that starts from principal axes of photographs."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 2])
    squares = draw_squares(photographs, LATENT, _AXES_FROM, rng).reshape(_AXES_FROM, -1)
    body = Body(config)
    axes = principal_axes(squares, config.latents)
    start_at_axes(body.analysis, body.synthesis, axes)
    deviation = ((squares - 0.5) @ axes.T).std(axis=0)
    with torch.no_grad():
        top = body.analysis.gain.factors(torch.tensor([LEVELS - 1.0]))[0].numpy()
        places = np.floor(np.log2(ACTIVE / (_DEVIATIONS * deviation * top)))
        body.foresight.places.copy_(torch.from_numpy(np.clip(places, 0, _PLACES)))
    return body
