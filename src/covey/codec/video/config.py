"""Sizes of the networks of video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from covey.codec.image.config import BodyConfig
from covey.types import UsageError

Branch = Literal["copy", "flow", "filter", "mean", "mask", "scale"]
"""What a predicted frame is made of: the frame before as it is; that frame moved; filtered; the
mean of both; both under a mask; moved in a scale space."""

BRANCHES: tuple[Branch, ...] = get_args(Branch)


@dataclass(frozen=True, slots=True)
class MotionConfig:
    """What the prediction of frames is made of.

    Attributes:
        branch: What a predicted frame is made of.
        refined: Whether a last layer adds to it.
        width: Channels at an eighth of the size.
        latents: Channels of the latent of motion, a multiple of 4, at least 8.
        encoder, decoder: Blocks.
        context: Channels of the networks that foresee latents.
        hyper: Channels of the hyper-latent.
        taps: Pixels in a row of the local filter, odd.
        fusion: Channels of what fuses, at full size.
    """

    branch: Branch = "mask"
    refined: bool = True
    width: int = 64
    latents: int = 32
    encoder: int = 2
    decoder: int = 3
    context: int = 64
    hyper: int = 16
    taps: int = 5
    fusion: int = 16

    def __post_init__(self) -> None:
        if self.branch not in BRANCHES:
            raise UsageError(f"branch must be one of {', '.join(BRANCHES)}, got {self.branch!r}")
        if self.latents < 8 or self.latents % 4 or self.taps % 2 == 0:
            raise UsageError("motion has 8 latents, or more by fours, and an odd number of taps")

    @property
    def body(self) -> BodyConfig:
        """Of the foresight of its latents."""
        return BodyConfig(
            self.width, self.latents, self.encoder, self.decoder, self.context, self.hyper
        )
