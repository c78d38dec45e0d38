"""`Foresight` as integers: what encoder and decoder compute alike, on any machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from covey.codec.image.config import BodyConfig
from covey.codec.image.foresight import (
    HYPER_PLACES,
    TABLES,
    Foresight,
    within,
)
from covey.codec.layers.fixed_point import (
    ACTIVE,
    FRACTION,
    FixedConv,
    FixedLayer,
    integers_between,
)
from covey.codec.rate_index import LEVELS, Numbers

SIXTEENTHS = 16
_STEP = ("enter", "space", "mix", "mean", "scale")
_PARTS = ("weight", "bias", "shift", "rate")


@dataclass(frozen=True, slots=True)
class FrozenForesight:
    """Means and scales of latents, by integers.

    Attributes:
        layers: By name, as `Foresight` names them.
        hyper_scale: (levels, hyper) int16, sixteenths of the numbers of tables of hyper-latents.
        places: (latents,) int8, binary places in which steps read each channel.
    """

    KIND: ClassVar[type[Foresight]] = Foresight

    layers: dict[str, FixedLayer]
    hyper_scale: NDArray[np.int16]
    places: NDArray[np.int8]

    @classmethod
    @torch.no_grad()
    def of(cls, foresight: Foresight) -> Self:
        """From a trained one."""
        layers = {name: conv.frozen() for name, conv in convolutions(foresight).items()}
        scale = torch.floor(foresight.hyper_scale * SIXTEENTHS + 0.5)
        return cls(
            layers,
            scale.clamp(0, (TABLES - 1) * SIXTEENTHS).to(torch.int16).cpu().numpy(),
            foresight.places.to(torch.int8).cpu().numpy(),
        )

    @torch.no_grad()
    def thaw(self, foresight: Foresight) -> None:
        """Sets a foresight to real weights that are these integers, to train it on."""
        for name, layer in self.layers.items():
            conv = foresight.get_submodule(name)
            assert isinstance(conv, FixedConv)
            places = layer.shift.astype(np.float64) + conv.fraction - FRACTION
            unit = np.exp2(places + FRACTION)
            weight = layer.weight.reshape(conv.weight.shape) / np.exp2(places)[:, None, None, None]
            conv.weight.copy_(torch.from_numpy(weight))
            conv.bias.copy_(torch.from_numpy(layer.bias / unit))
            if conv.rate is not None and layer.rate is not None:
                conv.rate.copy_(torch.from_numpy(layer.rate / unit))
        foresight.hyper_scale.copy_(torch.from_numpy(self.hyper_scale / SIXTEENTHS))
        foresight.places.copy_(torch.from_numpy(self.places))

    def hyper_tables(self, rate: Numbers) -> NDArray[np.uint8]:
        """Numbers of tables of hyper-latents: (hyper, 1, 1), or (hyper, h, w) of a map of rates."""
        index = (integers_between(self.hyper_scale, rate) + SIXTEENTHS // 2) // SIXTEENTHS
        table = np.clip(index, 0, TABLES - 1).astype(np.uint8)
        return np.moveaxis(table if table.ndim == 3 else table[None, None], -1, 0)

    def hints(self, z: NDArray[np.int32], rate: Numbers) -> Tensor:
        """(hyper, h, w) hyper-latents to (1, context, 2 h, 2 w) activations."""
        a = within(torch.from_numpy(z.astype(np.float32))[None] * 2**HYPER_PLACES)
        a = self.layers["spread"](self.layers["enter"](a, rate), rate)
        a = functional.pixel_shuffle(a, 2)
        return self.layers["hint"](self.layers["space"](a, rate), rate)

    def read(self, decoded: NDArray[np.int32]) -> Tensor:
        """(latents, h, w) sixteenths to (1, latents, h, w) activations, halves upward."""
        drop = (4 - self.places.astype(np.int32))[:, None, None]  # binary places too many
        whole = (decoded + (1 << np.maximum(drop - 1, 0)) * (drop > 0)) >> drop
        return torch.from_numpy(np.clip(whole, -ACTIVE, ACTIVE).astype(np.float32))[None]

    def step(
        self, number: int, hints: Tensor, read: list[Tensor], rate: Numbers
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Foresees what is coded in a step.

        Args:
            number: Of the step.
            hints: (1, context, h, w).
            read: Of each earlier step, as `read` gives it.
            rate: Number of a rate, or (h, w) of them.

        Returns:
            (latents, h, w) int32 means in sixteenths, and as many uint8 numbers of tables.
        """
        return self.heads(number, self.activations(number, hints, read, rate), rate)

    def activations(self, number: int, hints: Tensor, read: list[Tensor], rate: Numbers) -> Tensor:
        """(1, context, h, w) of a step, of what is given to `step`."""
        enter, space, mix = (self.layers[f"steps.{number}.{name}"] for name in _STEP[:3])
        return mix(space(enter(torch.cat([hints, *read], dim=1), rate), rate), rate)

    def heads(
        self, number: int, a: Tensor, rate: Numbers
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Means and numbers of tables of activations, as `step` gives them."""
        mean, scale = (self.layers[f"steps.{number}.{name}"] for name in _STEP[3:])
        means = mean(a, rate)[0].to(torch.int32).numpy()
        return means, scale(a, rate)[0].to(torch.uint8).numpy()

    def tensors(self) -> dict[str, NDArray[Any]]:
        """All integers, by name."""
        found: dict[str, NDArray[Any]] = {"hyper_scale": self.hyper_scale, "places": self.places}
        for name, layer in self.layers.items():
            for part in _PARTS:
                if (value := getattr(layer, part)) is not None:
                    found[f"{name}.{part}"] = value
        return found

    @classmethod
    def from_tensors(cls, tensors: dict[str, NDArray[Any]], config: BodyConfig) -> Self:
        """The inverse of `tensors`.

        Raises:
            ValueError: If anything is missing, of another shape or type, or could leave the
                integers that are exact.
        """
        layers = {}
        like = cls.KIND(config)  # on the device "meta" it would take a second to import its rules
        for name, conv in convolutions(like).items():
            found: dict[str, Any] = {part: tensors.get(f"{name}.{part}") for part in _PARTS}
            layers[name] = FixedLayer(**found, low=conv.low, high=conv.high)
            layers[name].check(conv, name)
        scale, places = tensors.get("hyper_scale"), tensors.get("places")
        if scale is None or scale.shape != (LEVELS, config.hyper) or scale.dtype != np.int16:
            raise ValueError("hyper_scale does not fit")
        if places is None or places.shape != (config.latents,) or places.dtype != np.int8:
            raise ValueError("places does not fit")
        if (places < 0).any() or (places > 4).any():
            raise ValueError("places must lie in [0, 4]")
        return cls(layers, scale, places)


def convolutions(foresight: Foresight) -> dict[str, FixedConv]:
    """Its layers, by name."""
    parts = foresight.named_modules()
    return {name: each for name, each in parts if isinstance(each, FixedConv)}
