"""A trained video codec as it is kept: what it adds to an image codec, which it names.

Transforms of motion are kept in half precision, what decides probabilities in whole numbers; tables
of the coder are those of the image codec.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from covey.codec.image.foresight import Foresight, Hyper
from covey.codec.image.frozen import FrozenForesight
from covey.codec.image.model import MARK, ImageCodec
from covey.codec.video.body import VideoBody
from covey.codec.video.config import MotionConfig
from covey.codec.video.motion import MotionAnalysis, MotionSynthesis
from covey.codec.video.recall import FrozenRecall, PairHyper, RecallingForesight

_FLOATS = (
    "motion.analysis",
    "motion.synthesis",
    "motion.hyper",
    "residual.hyper",
    "still.hyper",
)
_WHOLE = ("motion.foresight", "residual.foresight", "still.foresight")


@dataclass(frozen=True)
class VideoCodec:
    """A trained codec.

    Attributes:
        config: What its prediction is made of.
        image: The image codec that it adds to.
        weights: All tensors by name, as they are written to its file.
        about: Where it comes from: data, steps, figures.
    """

    config: MotionConfig
    image: ImageCodec
    weights: Mapping[str, NDArray[Any]] = field(repr=False)
    about: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, body: VideoBody, image: ImageCodec, about: dict[str, Any] | None = None
    ) -> VideoCodec:
        """From a trained body."""
        weights: dict[str, NDArray[Any]] = {}
        for name in _FLOATS:
            for key, value in body.get_submodule(name).state_dict().items():
                weights[f"{name}.{key}"] = value.detach().cpu().to(torch.float16).numpy()
        for name in _WHOLE:
            foresight = body.get_submodule(name)
            assert isinstance(foresight, Foresight)
            kind = FrozenRecall if isinstance(foresight, RecallingForesight) else FrozenForesight
            for key, value in kind.of(foresight).tensors().items():
                weights[f"{name}.{key}"] = value
        return cls(body.motion.config, image, weights, about or {})

    def body(self) -> VideoBody:
        """The same to train on, up to the rounding of weights."""
        body = VideoBody(self.config, self.image.config)
        for name in _FLOATS:
            body.get_submodule(name).load_state_dict(self._floats(name))
        for name, frozen in zip(_WHOLE, (self.motion, self.residual, self.still), strict=True):
            foresight = body.get_submodule(name)
            assert isinstance(foresight, Foresight)
            frozen.thaw(foresight)
        return body

    @cached_property
    def mark(self) -> bytes:
        """The first bytes of the SHA-256 of the image codec's mark, config and weights."""
        found = hashlib.sha256(self.image.mark)
        found.update(repr(sorted(asdict(self.config).items())).encode())
        for name in sorted(self.weights):
            value = np.ascontiguousarray(self.weights[name])
            found.update(f"{name} {value.dtype.str} {value.shape}".encode())
            found.update(value.tobytes())
        return found.digest()[:MARK]

    @cached_property
    def motion(self) -> FrozenForesight:
        """What decides probabilities of motion."""
        return FrozenForesight.from_tensors(self._part("motion.foresight"), self.config.body)

    @cached_property
    def residual(self) -> FrozenRecall:
        """The same of residuals."""
        part = self._part("residual.foresight")
        return FrozenRecall.from_tensors(part, self.image.config)

    @cached_property
    def still(self) -> FrozenRecall:
        """The same of still latents."""
        return FrozenRecall.from_tensors(self._part("still.foresight"), self.image.config)

    @cached_property
    def motion_analysis(self) -> MotionAnalysis:
        """Frames to latents of motion."""
        return _loaded(lambda: MotionAnalysis(self.config), self._floats("motion.analysis"))

    @cached_property
    def motion_synthesis(self) -> MotionSynthesis:
        """Latents of motion to predicted frames."""
        return _loaded(lambda: MotionSynthesis(self.config), self._floats("motion.synthesis"))

    @cached_property
    def motion_hyper(self) -> Hyper:
        """Latents of motion to hyper-latents."""
        return _loaded(lambda: Hyper(self.config.body), self._floats("motion.hyper"))

    @cached_property
    def residual_hyper(self) -> PairHyper:
        """Residuals to hyper-latents."""
        return _loaded(lambda: PairHyper(self.image.config), self._floats("residual.hyper"))

    @cached_property
    def still_hyper(self) -> PairHyper:
        """Still latents to hyper-latents."""
        return _loaded(lambda: PairHyper(self.image.config), self._floats("still.hyper"))

    def check(self) -> None:
        """Reads everything once.

        Raises:
            ValueError, KeyError, RuntimeError: If anything is missing or does not fit.
        """
        for name in ("motion", "residual", "still", "motion_analysis", "motion_synthesis"):
            getattr(self, name)
        for name in ("motion_hyper", "residual_hyper", "still_hyper"):
            getattr(self, name)

    def _part(self, name: str) -> dict[str, NDArray[Any]]:
        start = f"{name}."
        return {
            key.removeprefix(start): value
            for key, value in self.weights.items()
            if key.startswith(start)
        }

    def _floats(self, name: str) -> dict[str, torch.Tensor]:
        part = self._part(name)
        return {key: torch.from_numpy(value.astype(np.float32)) for key, value in part.items()}


def _loaded(made: Callable[[], nn.Module], state: dict[str, torch.Tensor]) -> Any:
    with torch.inference_mode(False):  # wherever it is first asked for
        module = made()
        module.load_state_dict(state)
        return module.eval().requires_grad_(False)
