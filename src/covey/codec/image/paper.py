"""The published network: a joint autoregressive and hierarchical prior with InterpCA everywhere.

    analysis    4 convolutions, stride 2, kernels 5x4, 4x5, 5x4, 4x5; after each InterpCA, after the
                first three GDN
    synthesis   4 transposed convolutions 5x5, stride 2; after each InterpCA, before the last three
                inverse GDN
    hyper       3x3; 5x5, stride 2; 5x5, stride 2 of the rounded latents; and back by transposed
                ones of N and 3/2 N, and 3x3 to 2 M
    context     one masked 5x5: four rows above and two places to the left
    head        1x1 on both, 4 M -> 10/3 M -> 8/3 M -> 2 M: mean and logarithm of the scale
    laws        Laplace of each latent, and of each channel of the hyper-latents

(Interpolation Variable Rate Image Compression, Sun et al., ACM MM 2021, on Minnen et al., NeurIPS
2018. Layers from our notes on the published code; which way round its kernels of 4 and 5 are is
inferred, and so is the padding of a stride of 2: half before, what is odd behind.) The published
post-filter is left out. Nothing here is integer: a file decodes where floats fall alike.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.codec.image.body import Coded, noise
from covey.codec.layers.gdn import GDN
from covey.codec.layers.interp_ca import PUBLISHED_START, InterpCA

Places = Literal["all", "one", "gain", "none"]
"""Where InterpCA stands: after all convolutions; after the first and before the last; at the latent
alone, before and behind; nowhere, for one rate."""

_KERNELS = ((5, 4), (4, 5), (5, 4), (4, 5))
_LN_2 = 0.6931471805599453
_LEAST = 1e-9  # probability
_SLOPE = 0.2  # of leaky ReLUs, TensorFlow's own (recalled)


@dataclass(frozen=True, slots=True)
class PaperConfig:
    """Sizes; the published ones if not told otherwise.

    Attributes:
        width: Channels (N).
        latents: Channels of the latents (M).
        places: Where InterpCA stands; published is "all".
    """

    width: int = 256
    latents: int = 320
    places: Places = "all"


class PaperAnalysis(nn.Module):
    """Pixels to latents."""

    def __init__(self, config: PaperConfig) -> None:
        super().__init__()
        sizes = (3, config.width, config.width, config.width, config.latents)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel, stride=2)
            for before, after, kernel in zip(sizes, sizes[1:], _KERNELS, strict=False)
        )
        self.norms = nn.ModuleList(GDN(config.width) for _ in range(3))
        chosen = {"all": range(4), "one": (0,), "gain": (3,), "none": ()}[config.places]
        self.attention = nn.ModuleDict(
            {str(i): InterpCA(sizes[i + 1], PUBLISHED_START) for i in chosen}
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """(b, 3, h, w) in [0, 1], h and w multiples of 64, to (b, latents, h / 16, w / 16)."""
        for i, convolution in enumerate(self.convolutions):
            x = convolution(_before_stride(x, _KERNELS[i]))
            if str(i) in self.attention:
                x = self.attention[str(i)](x, t)
            if i < len(self.norms):
                x = self.norms[i](x)
        return x


class PaperSynthesis(nn.Module):
    """Latents to pixels."""

    def __init__(self, config: PaperConfig) -> None:
        super().__init__()
        sizes = (config.latents, config.width, config.width, config.width, 3)
        self.convolutions = nn.ModuleList(
            _Up(before, after) for before, after in itertools.pairwise(sizes)
        )
        self.norms = nn.ModuleList(GDN(config.width, inverse=True) for _ in range(3))
        chosen = {"all": range(4), "one": (2,), "gain": (), "none": ()}[config.places]
        self.attention = nn.ModuleDict(
            {str(i): InterpCA(sizes[i + 1], PUBLISHED_START) for i in chosen}
        )
        self.gain = InterpCA(config.latents) if config.places == "gain" else None

    def forward(self, y: Tensor, t: Tensor) -> Tensor:
        """(b, latents, h, w) to (b, 3, 16 h, 16 w), not clipped."""
        x = y if self.gain is None else self.gain(y, t)
        for i, convolution in enumerate(self.convolutions):
            if i:
                x = self.norms[i - 1](x)
            x = convolution(x)
            if str(i) in self.attention:
                x = self.attention[str(i)](x, t)
        return x


class MaskedContext(nn.Module):
    """A 5x5 convolution that sees four rows above and two places to the left."""

    mask: Tensor

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 5)
        mask = torch.ones(5, 5)
        mask[4, 2:] = 0
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, y: Tensor) -> Tensor:
        """(b, before, h, w) to (b, after, h, w)."""
        return self.of_windows(functional.pad(y, (2, 2, 4, 0)))

    def of_windows(self, padded: Tensor) -> Tensor:
        """The same without padding: (b, before, h + 4, w + 4)."""
        weight = self.convolution.weight * self.mask
        return functional.conv2d(padded, weight, self.convolution.bias)


class PaperBody(nn.Module):
    """The published codec."""

    def __init__(self, config: PaperConfig) -> None:
        super().__init__()
        self.config = config
        n, m = config.width, config.latents
        self.analysis, self.synthesis = PaperAnalysis(config), PaperSynthesis(config)
        self.hyper_first = nn.Conv2d(m, n, 3, padding=1)
        self.hyper_down = nn.ModuleList(nn.Conv2d(n, n, 5, stride=2) for _ in range(2))
        self.hyper_up = nn.ModuleList([_Up(n, n), _Up(n, 3 * n // 2)])
        self.hyper_last = nn.Conv2d(3 * n // 2, 2 * m, 3, padding=1)
        self.context = MaskedContext(m, 2 * m)
        sizes = (4 * m, 10 * m // 3, 8 * m // 3, 2 * m)
        self.head = nn.ModuleList(
            nn.Conv2d(before, after, 1) for before, after in itertools.pairwise(sizes)
        )
        self.z_mean = nn.Parameter(torch.zeros(n))
        self.z_log_scale = nn.Parameter(torch.zeros(n))

    def forward(self, x: Tensor, t: Tensor, generator: torch.Generator | None = None) -> Coded:
        """Codes images as in training: latents are rounded, rates are those of noisy ones.

        Args:
            x: (b, 3, h, w) in [0, 1], h and w multiples of 64.
            t: (b,) indices of rates.
            generator: Of the noise.
        """
        y = self.analysis(x, t)
        whole = y + (torch.round(y) - y).detach()
        z = self.hyper(whole)
        noisy = z + noise(z, generator)
        mean, log_scale = self.law(self.hints(noisy), self.context(whole))
        y_bits = laplace_bits(y + noise(y, generator), mean, log_scale)
        z_bits = laplace_bits(noisy, *self.hyper_law())
        image = self.synthesis(whole, t)
        return Coded(image, y_bits.sum((1, 2, 3)), z_bits.sum((1, 2, 3)))

    def hyper(self, whole: Tensor) -> Tensor:
        """Hyper-latents of rounded latents, at a quarter of their size."""
        h = _bent(self.hyper_first(whole))
        h = _bent(self.hyper_down[0](_before_stride(h, (5, 5))))
        z: Tensor = self.hyper_down[1](_before_stride(h, (5, 5)))
        return z

    def hints(self, z: Tensor) -> Tensor:
        """(b, n, h, w) hyper-latents to (b, 2 m, 4 h, 4 w)."""
        h = _bent(self.hyper_up[0](z))
        h = _bent(self.hyper_up[1](h))
        hints: Tensor = self.hyper_last(h)
        return hints

    def law(self, hints: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Means and logarithms of scales, (b, m, h, w) each, of both (b, 2 m, h, w)."""
        h = torch.cat([context, hints], dim=1)
        for layer in self.head[:-1]:
            h = _bent(layer(h))
        mean, log_scale = self.head[-1](h).chunk(2, dim=1)
        return mean, log_scale

    def hyper_law(self) -> tuple[Tensor, Tensor]:
        """The same of hyper-latents, (n, 1, 1) each."""
        return self.z_mean[:, None, None], self.z_log_scale[:, None, None]


def laplace_bits(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """Bits of values a step of 1 wide under Laplace's law."""
    scale = torch.exp(log_scale.clamp(-6, 8))
    off = (x - mean).abs()
    upper, lower = _laplace(0.5 - off, scale), _laplace(-0.5 - off, scale)
    return -torch.log((upper - lower).clamp(min=_LEAST)) / _LN_2


def _laplace(x: Tensor, scale: Tensor) -> Tensor:
    """Its distribution function around 0."""
    tail = 0.5 * torch.exp(-x.abs() / scale)
    return torch.where(x < 0, tail, 1 - tail)


class _Up(nn.Module):
    """A transposed convolution, 5x5, that doubles the size: the adjoint of one of stride 2."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(before, after, 5, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        up: Tensor = self.convolution(x)
        return up[:, :, :-1, :-1]


def _bent(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, _SLOPE)


def _before_stride(x: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Zeros around, so that a stride of 2 halves an even size."""
    (top, bottom), (left, right) = (((k - 2) // 2, (k - 1) // 2) for k in kernel)
    return functional.pad(x, (left, right, top, bottom))
