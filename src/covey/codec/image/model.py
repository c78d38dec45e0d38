"""A trained codec as it is kept: transforms in half precision, what decides probabilities in whole
numbers. It encodes and decodes by exactly what its file holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from covey.codec.entropy.coder import Coder
from covey.codec.entropy.tables import Tables, logistic_tables
from covey.codec.image.body import Body
from covey.codec.image.config import BodyConfig
from covey.codec.image.foresight import SCALES, TABLES, Foresight, Hyper
from covey.codec.image.frozen import FrozenForesight
from covey.codec.image.transforms import Analysis, Synthesis
from covey.codec.rate_index import LAMBDAS, LEVELS, MIXES, Numbers
from covey.types import Float32

_MODULES = {"analysis": Analysis, "synthesis": Synthesis, "hyper": Hyper}
_FORESIGHT, _FREQUENCIES, _RADIUS = "foresight.", "tables.frequencies", "tables.radius"
_ERRORS = "encoder.errors"
_CAREFUL = 1.5
MARK = 4
"""Bytes of the mark."""


@dataclass(frozen=True)
class ImageCodec:
    """A trained codec.

    Attributes:
        config: What it is made of.
        weights: All tensors by name, as they are written to its file.
        about: Where it comes from: data, steps, figures.
    """

    config: BodyConfig
    weights: Mapping[str, NDArray[Any]] = field(repr=False)
    about: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        body: Body,
        tables: Tables | None = None,
        errors: Float32 | None = None,
        about: dict[str, Any] | None = None,
    ) -> ImageCodec:
        """From a trained body.

        Args:
            body: Trained.
            tables: Those of logistic laws if None.
            errors: See `worth`; those of the linear way to pixels if None.
            about: Where it comes from.
        """
        tables = tables or logistic_tables(SCALES)
        if errors is None:
            with torch.no_grad():
                steps = body.synthesis.gain.factors(torch.arange(float(LEVELS)))
            errors = steps.square().cpu().numpy()
        weights: dict[str, NDArray[Any]] = {}
        for name in _MODULES:
            for key, value in body.get_submodule(name).state_dict().items():
                weights[f"{name}.{key}"] = value.detach().cpu().to(torch.float16).numpy()
        for key, value in FrozenForesight.of(body.foresight).tensors().items():
            weights[f"{_FORESIGHT}{key}"] = value
        weights[_FREQUENCIES], weights[_RADIUS] = tables.frequencies, tables.radius
        weights[_ERRORS] = errors.astype(np.float32)
        return cls(body.config, weights, about or {})

    def body(self) -> Body:
        """The same to train on, up to the rounding of weights."""
        body = Body(self.config)
        for name in _MODULES:
            body.get_submodule(name).load_state_dict(self._module(name).state_dict())
        self.foresight.thaw(body.foresight)
        return body

    def steps(self, rate: Numbers) -> Float32:
        """m', what a step of a latent is worth before the synthesis.

        Args:
            rate: Number of a rate, or (h, w) of them.

        Returns:
            (latents, 1, 1), or (latents, h, w).
        """
        t = np.atleast_2d(np.asarray(rate, np.float32) / np.float32(MIXES))
        with torch.inference_mode():
            gain = self.synthesis.gain.factors(torch.from_numpy(t)).numpy()
        return np.moveaxis(gain, -1, 0)

    def worth(self, rate: Numbers) -> Float32:
        """Bits that the square of a latent's error is worth: 3/2 lambda e / 3.

        e is the square of that error in all values of pixels, measured at the levels where a codec
        is finished (`training.codec_finish`); between them its logarithm is interpolated. By 3/2,
        as an error also misleads what is foreseen of later latents (best of 1, 1.5 and 2.5 on
        photographs, see dev/LOG.md).

        Args:
            rate: Number of a rate, or (h, w) of them.

        Returns:
            (latents, 1, 1), or (latents, h, w).
        """
        t = np.atleast_2d(np.asarray(rate, np.float32) / np.float32(MIXES))
        below = np.minimum(t.astype(np.int64), LEVELS - 2)
        share = (t - below)[..., None]
        table = np.log(self.errors)
        errors = np.exp((1 - share) * table[below] + share * table[below + 1])
        worth = _CAREFUL * lambdas_of(rate)[..., None] * errors / 3
        return np.ascontiguousarray(np.moveaxis(worth, -1, 0), np.float32)

    @cached_property
    def mark(self) -> bytes:
        """The first bytes of the SHA-256 of config and weights, by which files name their codec."""
        found = hashlib.sha256(repr(sorted(asdict(self.config).items())).encode())
        for name in sorted(self.weights):
            value = np.ascontiguousarray(self.weights[name])
            found.update(f"{name} {value.dtype.str} {value.shape}".encode())
            found.update(value.tobytes())
        return found.digest()[:MARK]

    @cached_property
    def foresight(self) -> FrozenForesight:
        """What decides probabilities."""
        parts = {
            name.removeprefix(_FORESIGHT): value
            for name, value in self.weights.items()
            if name.startswith(_FORESIGHT)
        }
        return FrozenForesight.from_tensors(parts, self.config)

    @cached_property
    def real_foresight(self) -> Foresight:
        """The same with gradients, up to the rounding of means."""
        with torch.inference_mode(False):
            return self.body().foresight.eval().requires_grad_(False)

    @cached_property
    def coder(self) -> Coder:
        """The coder of its tables."""
        tables = Tables(self.weights[_FREQUENCIES], self.weights[_RADIUS])
        tables.check()
        if len(tables.radius) != TABLES:
            raise ValueError(f"there are {len(tables.radius)} tables instead of {TABLES}")
        return Coder(tables)

    @cached_property
    def errors(self) -> Float32:
        """(levels, latents), see `worth`."""
        found = self.weights[_ERRORS]
        if found.shape != (LEVELS, self.config.latents) or not (found > 0).all():
            raise ValueError(f"{_ERRORS} does not fit")
        return found

    @cached_property
    def analysis(self) -> Analysis:
        """Pixels to latents."""
        return self._module("analysis")

    @cached_property
    def synthesis(self) -> Synthesis:
        """Latents to pixels."""
        return self._module("synthesis")

    @cached_property
    def hyper(self) -> Hyper:
        """Latents to hyper-latents."""
        return self._module("hyper")

    def _module(self, name: str) -> Any:
        with torch.inference_mode(False):  # wherever it is first asked for
            return self._made(name)

    def _made(self, name: str) -> Any:
        module = _MODULES[name](self.config)
        state = {
            key.removeprefix(f"{name}."): torch.from_numpy(value.astype(np.float32))
            for key, value in self.weights.items()
            if key.startswith(f"{name}.")
        }
        module.load_state_dict(state)
        return module.eval().requires_grad_(False)


def lambdas_of(rate: Numbers) -> Float32:
    """Weights of the distortion at rates: (1, 1), or (h, w) of a map of them."""
    t = np.atleast_2d(np.asarray(rate, np.float32) / np.float32(MIXES))
    weight = np.exp(np.interp(t, np.arange(LEVELS), np.log(LAMBDAS)))
    return weight.astype(np.float32)
