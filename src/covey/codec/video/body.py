"""The networks of video as they are trained: motion, and two kinds of latents behind others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from covey.codec.image.body import Body, Foreseen, foreseen, noise
from covey.codec.image.config import BodyConfig
from covey.codec.image.foresight import Foresight, Hyper
from covey.codec.layers.fixed_point import rounded
from covey.codec.layers.precision import full_precision
from covey.codec.video.config import MotionConfig
from covey.codec.video.motion import ForeseenFrame, MotionAnalysis, MotionSynthesis
from covey.codec.video.recall import PairHyper, RecallingForesight


@dataclass(frozen=True, slots=True)
class Predicted:
    """A frame foreseen by coded motion.

    Attributes:
        frame: The prediction.
        bits: (b,) expected, of its motion.
    """

    frame: ForeseenFrame
    bits: Tensor


class MotionBody(nn.Module):
    """Motion of frames, its coding and the frames that it foresees."""

    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        self.config = config
        self.analysis = MotionAnalysis(config)
        self.synthesis = MotionSynthesis(config)
        self.hyper = Hyper(config.body)
        self.foresight = Foresight(config.body)

    def forward(
        self,
        x: Tensor,
        before: Tensor,
        found: Tensor,
        t: Tensor,
        generator: torch.Generator | None = None,
    ) -> Predicted:
        """Foresees frames as in training: rates by uniform noise, motion by rounding.

        Args:
            x: (b, 3, h, w) in [0, 1], h and w multiples of 64.
            before: (b, 3, h, w) frames before, as decoded.
            found: (b, 2, h / 8, w / 8) motion of squares.
            t: (b,) indices of rates.
            generator: Of the noise.
        """
        if self.config.branch == "copy":
            frame = self.synthesis(found, before, t)
            return Predicted(frame, torch.zeros(len(x)))
        m = self.analysis(x, before, found, t)
        with full_precision(x):
            seen = foreseen(self.foresight, m, self.hyper(m), t, t, noised(generator))
        frame = self.synthesis(seen.latents, before, t)
        return Predicted(frame, seen.latent_bits + seen.hyper_bits)


class BehindBody(nn.Module):
    """Latents of pictures behind others.

    Args:
        config: Of the image codec.
        gate: See `RecallingForesight`.
    """

    def __init__(self, config: BodyConfig, gate: float) -> None:
        super().__init__()
        self.hyper = PairHyper(config)
        self.foresight = RecallingForesight(config, gate)

    def forward(
        self,
        y: Tensor,
        before: Tensor,
        t: Tensor,
        generator: torch.Generator | None = None,
    ) -> Foreseen:
        """Codes latents as in training.

        Args:
            y: (b, latents, h, w), h and w multiples of 4.
            before: The same, as decoded.
            t: (b,) indices of rates.
            generator: Of the noise.
        """
        with full_precision(y):
            z = self.hyper.of(y, before)
            behind = self.foresight.behind(before)
            return foreseen(behind, y, z, t, t, noised(generator))


class VideoBody(nn.Module):
    """All that video adds to an image codec.

    Attributes:
        motion: Foresees frames.
        residual: Codes latents of what is left, behind those of the frame before.
        still: Codes latents of frames as they are, behind those of an earlier frame.
    """

    def __init__(self, motion: MotionConfig, image: BodyConfig) -> None:
        super().__init__()
        self.motion = MotionBody(motion)
        self.residual = BehindBody(image, 0.0)
        self.still = BehindBody(image, 0.5)


def decoded_residual(image: Body, foreseen_frame: Tensor, left: Tensor, t: Tensor) -> Tensor:
    """A frame of its prediction x and the latents r that are left: x + g(a(x) + r) - g(a(x)).

    Where nothing is left the prediction stays as it is, however often that happens.

    Args:
        image: Transforms a and g.
        foreseen_frame: (b, 3, h, w).
        left: (b, latents, h / 16, w / 16) as decoded.
        t: (b,) indices of rates.
    """
    y = image.analysis(foreseen_frame, t)
    found: Tensor = image.synthesis(y + left, t) - image.synthesis(y, t)
    return foreseen_frame + found


def noised(generator: torch.Generator | None) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """What takes bits and what is decoded of values, in training."""

    def both(x: Tensor) -> tuple[Tensor, Tensor]:
        return x + noise(x, generator), rounded(x)

    return both
