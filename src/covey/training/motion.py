"""Training of what foresees frames: bits of motion against the error of the prediction.

    loss   mean over pairs of w(t) (bits / pixel + lambda(t) MSE(x, prediction)),   w = lambda^-1/2

The frame before is one that the image codec decoded at the rate that is drawn. Weighing the error
of a prediction as if it were that of a picture is more than it costs, as a residual follows; from
what it costs is learned when both are trained together, see `training.video`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from covey.codec.image.body import Body
from covey.codec.layers.fixed_point import rounded
from covey.codec.rate_index import LEVELS
from covey.codec.video.block_search import block_motion
from covey.codec.video.body import MotionBody
from covey.training.codec import CodecPlan, drawn_rates
from covey.training.loop import Checkpoint, Part, Schedule, reduced_precision
from covey.training.moving_clips import Clip, draw_clips
from covey.training.watch import Watch, fit_watched


@dataclass(frozen=True, slots=True)
class Moving:
    """What is learned from.

    Attributes:
        scenes: Made of photographs.
        clips: Real ones.
        real: Share of what is drawn that comes from clips, where there are both.
    """

    scenes: Sequence[Clip]
    clips: Sequence[Clip] = ()
    real: float = 0.5

    def draw(self, size: int, frames: int, count: int, rng: np.random.Generator) -> Tensor:
        """(count, frames, 3, size, size) float32 in [0, 1]."""
        some = int((rng.random(count) < self.real).sum())
        some = count if not self.scenes else some if self.clips else 0
        shares = ((self.clips, some), (self.scenes, count - some))
        return torch.cat(
            [draw_clips(clips, size, frames, share, rng) for clips, share in shares if share]
        )


@dataclass(frozen=True, slots=True)
class MotionPlan:
    """How prediction is trained.

    Attributes:
        schedule: Steps and rates.
        size: Pixels in a row of what is learned from, a multiple of 64.
        batch: Pairs of frames a step.
        watched: Pairs at each validation.
        parts: See `CodecPlan`.
    """

    schedule: Schedule = field(
        default_factory=lambda: replace(CodecPlan().schedule, steps=4000, every=500, clip=1.0)
    )
    size: int = 128
    batch: int = 8
    watched: int = 32
    parts: int = 2


@dataclass(frozen=True, slots=True)
class MotionValidation:
    """How scenes that are not learned from are foreseen.

    Attributes:
        loss: As in training.
        psnr: Of predictions, in dB, mean over pairs.
        bits: Of motion a pixel.
    """

    loss: float
    psnr: float
    bits: float

    def told(self) -> str:
        """In words, for progress."""
        return f"loss {self.loss:.4f}, prediction {self.psnr:.2f} dB at {self.bits:.4f} bits"


def train_motion(
    learned: Moving,
    watched: Moving,
    image: Body,
    body: MotionBody,
    plan: MotionPlan,
    watch: Watch[MotionValidation] | None = None,
) -> Checkpoint:
    """Trains prediction in place, and leaves it at its best validation.

    Args:
        learned, watched: What is learned from, and what says how it goes.
        image: The image codec, which stays as it is.
        body: Prediction.
        plan: The training.
        watch: Progress, and how to go on.
    """
    watch = watch or Watch()
    seed = plan.schedule.seed
    seen = watched.draw(plan.size, 2, plan.watched, np.random.default_rng([seed, 1]))

    def loss_of(rng: np.random.Generator) -> list[Part]:
        t = torch.from_numpy(drawn_rates(plan.batch, rng))
        seeds = rng.integers(2**62, size=plan.parts)
        share = plan.batch // plan.parts

        def part(number: int) -> Tensor:
            own = np.random.default_rng(seeds[number])
            frames = learned.draw(plan.size, 2, share, own)
            generator = torch.Generator().manual_seed(int(seeds[number]))
            with reduced_precision("cpu"):
                at = t[number :: plan.parts]
                found, _, _ = motion_losses(image, body, frames, at, generator)
            return found.sum() / plan.batch

        return [partial(part, number) for number in range(plan.parts)]

    return fit_watched(
        body,
        loss_of,
        plan.schedule,
        lambda: validated_motion(image, body, seen, seed),
        watch,
    )


def motion_losses(
    image: Body,
    body: MotionBody,
    frames: Tensor,
    t: Tensor,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Losses, errors and bits a pixel, (b,) each, of (b, 2, 3, h, w) pairs at (b,) indices."""
    before = as_decoded(image, frames[:, 0], t)
    x = frames[:, 1]
    found = searched(x, before)
    seen = body(x, before, found, t, generator)
    error = (seen.frame.image - x).square().mean((1, 2, 3))
    bits = seen.bits / x[0, 0].numel()
    weight = CodecPlan().lambda_at(t)
    return weight**-0.5 * (bits + weight * error), error, bits


@torch.no_grad()
def as_decoded(image: Body, x: Tensor, t: Tensor) -> Tensor:
    """(b, 3, h, w) as the image codec gives them back, about: 8 bits, latents rounded."""
    return eight_bits(image.synthesis(rounded(image.analysis(x, t)), t))


def eight_bits(x: Tensor) -> Tensor:
    """Images in [0, 1] as pixels hold them."""
    return x.detach().float().clamp(0, 1).mul(255).round().div(255)


def searched(x: Tensor, before: Tensor) -> Tensor:
    """(b, 2, h / 8, w / 8) motion of squares of (b, 3, h, w) frames."""
    pixels = [
        each.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
        for each in (x, before)
    ]
    found = [block_motion(now, then) for now, then in zip(*pixels, strict=True)]
    return torch.from_numpy(np.stack(found))


@torch.no_grad()
def validated_motion(
    image: Body, body: MotionBody, frames: Tensor, seed: int, rates: int = 4
) -> MotionValidation:
    """Looks at (n, 2, 3, h, w) pairs at some indices, evenly spaced."""
    losses, psnrs, sizes = [], [], []
    for t in np.linspace(1, LEVELS - 1, rates):
        generator = torch.Generator().manual_seed(seed)
        for part in frames.split(16):
            at = torch.full((len(part),), float(t))
            loss, error, bits = motion_losses(image, body, part, at, generator)
            losses.append(loss)
            psnrs.append(-10 * torch.log10(error))
            sizes.append(bits)
    values = [float(torch.cat(each).mean()) for each in (losses, psnrs, sizes)]
    return MotionValidation(*values)
