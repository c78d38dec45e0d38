"""A small trained network that runs on numpy: what all scorers and judges here are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from covey.types import Float32, UsageError

CLIP = 5.0
"""Standard deviations at which inputs are clipped: what lies farther out was never seen."""


@dataclass(frozen=True, slots=True)
class Network:
    """Scaled inputs, then linear maps with ReLU between them.

    Attributes:
        mean, scale: (f,) float32, of the inputs in training.
        layers: Pairs of a matrix (outputs, inputs) and a bias (outputs,), float32.
    """

    mean: Float32
    scale: Float32
    layers: tuple[tuple[Float32, Float32], ...]

    def __call__(self, inputs: Float32) -> Float32:
        """(..., f) float32 to (..., outputs) float32."""
        hidden = np.clip((inputs - self.mean) / self.scale, -np.float32(CLIP), np.float32(CLIP))
        hidden = hidden.reshape(-1, inputs.shape[-1])
        for number, (weight, bias) in enumerate(self.layers, 1):
            hidden = hidden @ weight.T + bias
            if number < len(self.layers):
                np.maximum(hidden, 0, out=hidden)
        return hidden.reshape(*inputs.shape[:-1], hidden.shape[1])

    def tensors(self, name: str) -> dict[str, Float32]:
        """Scales and layers, their names beginning with `name`."""
        found = {f"{name}.mean": self.mean, f"{name}.scale": self.scale}
        for number, (weight, bias) in enumerate(self.layers):
            found |= {f"{name}.{number}.weight": weight, f"{name}.{number}.bias": bias}
        return {key: np.ascontiguousarray(array, np.float32) for key, array in found.items()}


def read_network(tensors: Mapping[str, Float32], name: str, inputs: int, outputs: int) -> Network:
    """Puts a network of three layers together from what `Network.tensors` gave.

    Args:
        tensors: These, and maybe others.
        name: What their names begin with.
        inputs, outputs: Its first and last dimensions.

    Raises:
        KeyError: If a tensor is missing.
        ValueError: If the shapes do not lead from the inputs to the outputs, or a scale is not
            above 0.
    """
    count = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in tensors)
    layers = tuple(
        (tensors[f"{name}.{number}.weight"], tensors[f"{name}.{number}.bias"])
        for number in range(max(count, 1))
    )
    network = Network(tensors[f"{name}.mean"], tensors[f"{name}.scale"], layers)
    if misfit := _misfit(network, inputs, outputs):
        raise ValueError(f"{name}{misfit}")
    return network


def _misfit(network: Network, inputs: int, outputs: int) -> str:
    """What keeps three layers from leading from the inputs to the outputs, by scales above 0."""
    if len(network.layers) != 3:
        return f" has {len(network.layers)} layers, not 3"
    wanted: dict[str, tuple[Float32, tuple[int, ...]]]
    wanted = {"mean": (network.mean, (inputs,)), "scale": (network.scale, (inputs,))}
    width = inputs
    for number, (weight, bias) in enumerate(network.layers):
        after = outputs if number == 2 else bias.size
        wanted[f"{number}.weight"] = weight, (after, width)
        wanted[f"{number}.bias"] = bias, (after,)
        width = after
    for name, (array, shape) in wanted.items():
        if array.shape != shape:
            return f".{name} has shape {array.shape}, not {shape}"
    if not (network.scale > 0).all():
        return ".scale holds numbers that are not above 0"
    return ""


def averaged(networks: Sequence[Network]) -> Network:
    """One network whose outputs are the means of those of several.

    Args:
        networks: At least one, with the same inputs, scales and number of layers; of two layers or
            more. Hidden units stand side by side, without links between networks.

    Raises:
        UsageError: If the scales differ.
    """
    for network in networks:
        for own, first in ((network.mean, networks[0].mean), (network.scale, networks[0].scale)):
            if not np.array_equal(own, first):
                raise UsageError("networks of different means or scales cannot be averaged")
    columns = list(zip(*(network.layers for network in networks), strict=True))
    layers = []
    for number, column in enumerate(columns):
        weights, biases = zip(*column, strict=True)
        if number == 0:
            layers.append((np.concatenate(weights), np.concatenate(biases)))
        elif number < len(columns) - 1:
            layers.append((block_diag(*weights), np.concatenate(biases)))
        else:
            layers.append((np.hstack(weights) / len(networks), np.mean(biases, axis=0)))
    return Network(
        networks[0].mean,
        networks[0].scale,
        tuple((weight.astype(np.float32), bias.astype(np.float32)) for weight, bias in layers),
    )
