"""`models.network.Network` with gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from covey.models.network import CLIP, Network


class TrainableNetwork(nn.Module):
    """Scaled and clipped inputs, two hidden layers with ReLU, linear outputs."""

    mean: Tensor
    scale: Tensor

    def __init__(self, inputs: int, width: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.layers = nn.Sequential(
            nn.Linear(inputs, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, outputs),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        scaled = ((inputs - self.mean) / self.scale).clamp(-CLIP, CLIP)
        outputs: Tensor = self.layers(scaled)
        return outputs

    def fit_scale(self, parts: Sequence[NDArray[np.floating]]) -> None:
        """Takes mean and deviation of the inputs from (..., inputs) arrays."""
        rows = np.concatenate([part.reshape(-1, len(self.mean)) for part in parts])
        self.mean.copy_(torch.tensor(rows.mean(axis=0, dtype=np.float64)))
        self.scale.copy_(torch.tensor(rows.std(axis=0, dtype=np.float64) + 1e-3))

    def as_arrays(self) -> Network:
        """The weights as numpy arrays."""
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        arrays = [
            (layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
            for layer in linear
        ]
        return Network(self.mean.numpy().copy(), self.scale.numpy().copy(), tuple(arrays))

    @classmethod
    def of(cls, network: Network) -> TrainableNetwork:
        """Takes over weights of three linear layers."""
        (first, _), _, (last, _) = network.layers
        own = cls(first.shape[1], first.shape[0], last.shape[0])
        linear = [layer for layer in own.layers if isinstance(layer, nn.Linear)]
        with torch.no_grad():
            own.mean.copy_(torch.tensor(network.mean))
            own.scale.copy_(torch.tensor(network.scale))
            for layer, (weight, bias) in zip(linear, network.layers, strict=True):
                layer.weight.copy_(torch.tensor(weight))
                layer.bias.copy_(torch.tensor(bias))
        return own
