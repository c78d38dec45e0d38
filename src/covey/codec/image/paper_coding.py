"""A real bitstream of the published network, latent by latent in raster order.

The release of the paper estimates rates and writes none. Here every place is coded by the law that
the context of the places before it gives, M symbols at a time, by constriction's quantised Laplace
laws. Encoder and decoder run the same loop, place by place, so that both see the same floats; on
another machine they may differ, and then the stream cannot be read: that is why the default body
has no floats here, and no loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from covey.codec.entropy.coder import Words
from covey.codec.image.paper import PaperBody
from covey.extras import require
from covey.types import InputError

_MOST = 2**12  # largest whole number
_PAD = (2, 2, 4, 0)


@dataclass(frozen=True, slots=True)
class PaperStream:
    """A coded image.

    Attributes:
        words: All symbols.
        size: Rows and columns of the hyper-latents.
    """

    words: Words
    size: tuple[int, int]


@torch.no_grad()
def encode_paper(body: PaperBody, x: Tensor, t: Tensor) -> PaperStream:
    """Codes one image.

    Args:
        body: Trained.
        x: (1, 3, h, w) in [0, 1], h and w multiples of 64.
        t: (1,) index of the rate.
    """
    stream = require("constriction", "codec").stream
    encoder = stream.queue.RangeEncoder()
    law = stream.model.QuantizedLaplace(-_MOST, _MOST)
    whole = torch.round(body.analysis(x, t)).clamp(-_MOST, _MOST)
    z = torch.round(body.hyper(whole)).clamp(-_MOST, _MOST)
    encoder.encode(_symbols(z), law, *_flat(z, *body.hyper_law()))
    hints = body.hints(z)
    padded = functional.pad(whole, _PAD)
    for i, j in np.ndindex(*whole.shape[2:]):
        parameters = _at(body, hints, padded, i, j)
        encoder.encode(_symbols(whole[:, :, i, j]), law, *parameters)
    return PaperStream(encoder.get_compressed(), (z.shape[2], z.shape[3]))


@torch.no_grad()
def decode_paper(body: PaperBody, coded: PaperStream, t: Tensor) -> Tensor:
    """The image, (1, 3, h, w), not clipped.

    Raises:
        InputError: If the stream cannot be read.
    """
    stream = require("constriction", "codec").stream
    decoder = stream.queue.RangeDecoder(np.ascontiguousarray(coded.words))
    law = stream.model.QuantizedLaplace(-_MOST, _MOST)
    height, width = coded.size
    m = body.config.latents
    shape = torch.empty(1, body.config.width, height, width)
    try:
        z = _tensor(decoder.decode(law, *_flat(shape, *body.hyper_law()))).reshape(shape.shape)
        hints = body.hints(z)
        padded = torch.zeros(1, m, 4 * height + 4, 4 * width + 4)
        for i, j in np.ndindex(4 * height, 4 * width):
            found = decoder.decode(law, *_at(body, hints, padded, i, j))
            padded[0, :, i + 4, j + 2] = _tensor(found)
    except AssertionError as error:
        raise InputError(f"the stream is damaged: {error}") from None
    return body.synthesis(padded[:, :, 4:, 2:-2], t)


def _at(
    body: PaperBody, hints: Tensor, padded: Tensor, i: int, j: int
) -> tuple[np.ndarray, np.ndarray]:
    """Means and scales of the latents of one place."""
    context = body.context.of_windows(padded[:, :, i : i + 5, j : j + 5])
    mean, log_scale = body.law(hints[:, :, i : i + 1, j : j + 1], context)
    return _parameters(mean.flatten(), log_scale.flatten())


def _flat(like: Tensor, mean: Tensor, log_scale: Tensor) -> tuple[np.ndarray, np.ndarray]:
    return _parameters(mean.expand_as(like).flatten(), log_scale.expand_as(like).flatten())


def _parameters(mean: Tensor, log_scale: Tensor) -> tuple[np.ndarray, np.ndarray]:
    scale = torch.exp(log_scale.clamp(-6, 8))
    return mean.double().numpy(), scale.double().numpy()


def _symbols(x: Tensor) -> np.ndarray:
    return x.flatten().to(torch.int32).numpy()


def _tensor(found: Any) -> Tensor:
    return torch.from_numpy(np.asarray(found).astype(np.float32))
