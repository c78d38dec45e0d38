"""Training of what codes residuals and still latents: bits alone, everything else as it is.

    loss   mean of w(t) (bits of residual + bits of still latents) / pixel,   w = lambda^-1/2

Three frames are coded one after another as they will be, the first as a picture: so residuals are
those of predictions from decoded frames, and of predictions from predictions. Transforms are those
of the image codec and are not trained, as in STEM (Sun et al., arXiv 2104.06083), so that quality
is that of the image codec and only bits are learned.

With `joint` the prediction learns as well, from the bits of what it leaves and the error of what is
decoded, through frames but not from one to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from covey.codec.image.body import Body
from covey.codec.layers.fixed_point import rounded
from covey.codec.rate_index import LEVELS
from covey.codec.video.body import VideoBody, decoded_residual
from covey.training.codec import CodecPlan, drawn_rates
from covey.training.loop import Checkpoint, Part, Schedule, reduced_precision
from covey.training.motion import MotionPlan, Moving, eight_bits, searched
from covey.training.watch import Watch, fit_watched

FRAMES = 3
"""Coded one after another."""


@dataclass(frozen=True, slots=True)
class VideoPlan(MotionPlan):
    """How video is trained, by sequences of frames in place of pairs.

    Attributes:
        joint: Whether the prediction learns as well.
    """

    schedule: Schedule = field(
        default_factory=lambda: replace(CodecPlan().schedule, steps=4000, every=500, slow=None)
    )
    joint: bool = False


@dataclass(frozen=True, slots=True)
class VideoValidation:
    """How sequences that are not learned from are coded, means over rates, bits a pixel.

    Attributes:
        loss: As in training.
        motion: Bits of motion.
        residual: Bits of residuals.
        still: Bits of still latents.
        psnr: Of frames by motion and residual, in dB.
    """

    loss: float
    motion: float
    residual: float
    still: float
    psnr: float

    def told(self) -> str:
        """In words, for progress."""
        return (
            f"loss {self.loss:.4f}, motion {self.motion:.4f} + residual {self.residual:.4f} bits "
            f"at {self.psnr:.2f} dB, still {self.still:.4f}"
        )


@dataclass(frozen=True, slots=True)
class _Costs:
    """(b,) bits a pixel, means over frames, and mean squared errors."""

    motion: Tensor
    residual: Tensor
    still: Tensor
    error: Tensor


def train_video(
    learned: Moving,
    watched: Moving,
    image: Body,
    body: VideoBody,
    plan: VideoPlan,
    watch: Watch[VideoValidation] | None = None,
) -> Checkpoint:
    """Trains a video codec in place, and leaves it at its best validation.

    Args:
        learned, watched: What is learned from, and what says how it goes.
        image: The image codec, which stays as it is.
        body: The codec.
        plan: The training.
        watch: Progress, and how to go on.
    """
    watch = watch or Watch()
    seed = plan.schedule.seed
    body.motion.requires_grad_(plan.joint)
    seen = watched.draw(plan.size, FRAMES, plan.watched, np.random.default_rng([seed, 1]))

    def loss_of(rng: np.random.Generator) -> list[Part]:
        t = torch.from_numpy(drawn_rates(plan.batch, rng))
        seeds = rng.integers(2**62, size=plan.parts)
        share = plan.batch // plan.parts

        def part(number: int) -> Tensor:
            own = np.random.default_rng(seeds[number])
            frames = learned.draw(plan.size, FRAMES, share, own)
            generator = torch.Generator().manual_seed(int(seeds[number]))
            at = t[number :: plan.parts]
            far = int(own.integers(1, FRAMES))
            with reduced_precision("cpu"):
                costs = _coded(image, body, frames, at, generator, plan.joint, (far,))
            return _losses(costs, at, plan.joint).sum() / plan.batch

        return [partial(part, number) for number in range(plan.parts)]

    return fit_watched(
        body,
        loss_of,
        plan.schedule,
        lambda: validated_video(image, body, seen, seed, joint=plan.joint),
        watch,
    )


def _losses(costs: _Costs, t: Tensor, joint: bool) -> Tensor:
    weight = CodecPlan().lambda_at(t)
    total = costs.residual + costs.still
    if joint:
        total = total + costs.motion + weight * costs.error
    return weight**-0.5 * total


def _coded(
    image: Body,
    body: VideoBody,
    frames: Tensor,
    t: Tensor,
    generator: torch.Generator,
    joint: bool,
    stills: Iterable[int],
) -> _Costs:
    """Costs of (b, FRAMES, 3, h, w); of still latents those of some frames behind the first."""
    pixels = frames[0, 0, 0].numel()
    with torch.no_grad():
        latents = [image.analysis(frames[:, number], t).float() for number in range(FRAMES)]
        first = rounded(latents[0])
        before = eight_bits(image.synthesis(first, t))
        left = torch.zeros_like(first)
    motion, residual, errors = [], [], []
    for number in range(1, FRAMES):
        x = frames[:, number]
        found = searched(x, before)
        with torch.set_grad_enabled(joint and torch.is_grad_enabled()):
            seen = body.motion(x, before, found, t, generator)
            foreseen_frame = seen.frame.image
            y = latents[number] - image.analysis(foreseen_frame, t).float()
        costs = body.residual(y, left, t, generator)
        residual.append((costs.latent_bits + costs.hyper_bits) / pixels)
        motion.append(seen.bits / pixels)
        with torch.set_grad_enabled(joint and torch.is_grad_enabled()):
            decoded = decoded_residual(image, foreseen_frame, costs.latents, t)
        errors.append((decoded - x).square().mean((1, 2, 3)))
        before, left = eight_bits(decoded), costs.latents.detach()
    still = []
    for number in stills:
        kept = body.still(latents[number], first, t, generator)
        still.append((kept.latent_bits + kept.hyper_bits) / pixels)
    return _Costs(*(torch.stack(each).mean(0) for each in (motion, residual, still, errors)))


@torch.no_grad()
def validated_video(
    image: Body, body: VideoBody, frames: Tensor, seed: int, rates: int = 4, *, joint: bool = False
) -> VideoValidation:
    """Looks at (n, FRAMES, 3, h, w) sequences at some indices, evenly spaced."""
    losses = []
    found: list[list[Tensor]] = [[], [], [], []]
    for t in np.linspace(1, LEVELS - 1, rates):
        generator = torch.Generator().manual_seed(seed)
        for part in frames.split(16):
            at = torch.full((len(part),), float(t))
            costs = _coded(image, body, part, at, generator, joint, range(1, FRAMES))
            losses.append(_losses(costs, at, joint))
            psnr = -10 * torch.log10(costs.error)
            for values, each in zip(
                found, (costs.motion, costs.residual, costs.still, psnr), strict=True
            ):
                values.append(each)
    means = [float(torch.cat(each).mean()) for each in (losses, *found)]
    return VideoValidation(*means)


@torch.no_grad()
def start_from_image(body: VideoBody, image: Body) -> None:
    """Lets residuals and still latents be coded as the image codec codes latents, at first.

    What it remembers adds nothing to hints then, and a gate of its own to means.
    """
    for each in (body.residual, body.still):
        own, join = each.foresight, each.foresight.join
        own.load_state_dict(image.foresight.state_dict(), strict=False)
        width = len(join.weight)
        join.weight.zero_()
        join.weight[:, :width, 0, 0] = torch.eye(width)
        hyper = {name: value.clone() for name, value in image.hyper.state_dict().items()}
        seen = hyper["enter.weight"]
        hyper["enter.weight"] = torch.cat([seen, torch.zeros_like(seen)], dim=1)
        each.hyper.load_state_dict(hyper)
