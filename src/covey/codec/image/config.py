"""Sizes of the default body."""

from __future__ import annotations

from dataclasses import dataclass

from covey.types import UsageError

PATCH = 8
"""Pixels in a row that become channels."""

LATENT = 16
"""Pixels in a row to one latent."""

CELL = 2 * LATENT
"""Pixels in a row to one cell of latents."""

HYPER = 4 * LATENT
"""Pixels in a row to one hyper-latent."""


@dataclass(frozen=True, slots=True)
class BodyConfig:
    """What a codec of the default body is made of.

    Attributes:
        width: Channels at an eighth of the size.
        latents: Channels of the latent, a multiple of 4.
        encoder, decoder: Blocks.
        context: Channels of the networks that foresee latents.
        hyper: Channels of the hyper-latent.
    """

    width: int = 96
    latents: int = 256
    encoder: int = 4
    decoder: int = 6
    context: int = 160
    hyper: int = 64

    def __post_init__(self) -> None:
        for name in ("width", "latents", "encoder", "decoder", "context", "hyper"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= 1024:
                raise UsageError(f"{name} must be a whole number of 1 to 1024, got {value!r}")
        if self.latents % 4:
            raise UsageError(f"latents must be a multiple of 4, got {self.latents}")

    @property
    def halo(self) -> int:
        """Latents around a part that its transforms depend on, in whole cells."""
        reach = max(self.encoder, self.decoder) + 2  # places at an eighth of the size
        return 2 * -(-reach * PATCH // CELL)


SIZES = {
    "S": BodyConfig(),
    "M": BodyConfig(width=208, latents=320, encoder=4, decoder=6, context=224, hyper=96),
}
