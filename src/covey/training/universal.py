"""Training of the universal scorer: the network of `models.universal` in torch, and its loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor, nn
from torch.nn import functional

from covey.models.local_context import COLLECTION_FEATURES, EDGE_FEATURES, LIST_LENGTH
from covey.models.universal import HEADS, UniversalScorer
from covey.training.examples import Examples
from covey.types import Float32, UsageError

_HELD_OUT = 12  # one view in so many validates
_SHORT = 0.15  # share of the steps that see shorter lists
_SHORTEST = 4
_BLUR = 0.1  # noise on what describes the collection, in standard deviations
_MOST_VALIDATED = 200  # items of a view


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        steps: Of the optimiser.
        views: Drawn for each step.
        items: Drawn of each view.
        rate: Highest learning rate of the one-cycle schedule.
        decay: Weight decay.
        seed: Of weights and draws.
    """

    steps: int = 3000
    views: int = 8
    items: int = 32
    rate: float = 2e-3
    decay: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """Means over views that were held out.

    Attributes:
        loss: Binary cross-entropy of edges, nats.
        precision: Average precision of edges.
        cosine: That of the plain similarity, to compare with.
        drift: Absolute difference of the mean probability and the share of true edges.
    """

    loss: float
    precision: float
    cosine: float
    drift: float


class _Scale(nn.Module):
    """Brings features to mean 0 and deviation 1, clipped."""

    mean: Tensor
    scale: Tensor

    def __init__(self, size: int, clip: float) -> None:
        super().__init__()
        self.clip = clip
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        return ((x - self.mean) / self.scale).clamp(-self.clip, self.clip)


class _Layer(nn.Module):
    """Attention that prefers similar members, then two linear maps for each member."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.look, self.tell = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.single = nn.Parameter(torch.linspace(0, 2, HEADS))
        self.multiple = nn.Parameter(torch.linspace(2, 0, HEADS))
        self.expand, self.shrink = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, tests: Tensor, alike: Tensor) -> Tensor:
        b, size, width = x.shape
        joint = self.look(self.norm1(x)).view(b, size, 3, HEADS, width // HEADS)
        query, key, value = joint.permute(2, 0, 3, 1, 4)
        score = query @ key.transpose(2, 3) / math.sqrt(width // HEADS)
        score = score + self.single[:, None, None] * tests[:, None]
        score = score + self.multiple[:, None, None] * alike[:, None]
        seen = (score.softmax(3) @ value).transpose(1, 2).reshape(b, size, width)
        x = x + self.tell(seen)
        return x + self.shrink(functional.relu(self.expand(self.norm2(x))))


class Network(nn.Module):
    """The universal scorer; `models.universal.network` has the same arithmetic."""

    def __init__(self, width: int = 64, layers: int = 2) -> None:
        super().__init__()
        f, g = len(EDGE_FEATURES), len(COLLECTION_FEATURES)
        self.features, self.collection = _Scale(f, 5.0), _Scale(g, 4.0)
        self.enter = nn.Linear(2 * (LIST_LENGTH + 1) + f, width)
        self.about = nn.Sequential(nn.Linear(g, 32), nn.ReLU(), nn.Linear(32, width))
        self.item = nn.Parameter(torch.zeros(width))
        self.layers = nn.ModuleList(_Layer(width) for _ in range(layers))
        self.leave = nn.ModuleDict(
            {
                "norm": nn.LayerNorm(width),
                "hidden": nn.Linear(width, width),
                "out": nn.Linear(width, 1),
            }
        )

    def forward(self, tests: Tensor, features: Tensor, collection: Tensor) -> Tensor:
        """(b, k) log odds; `collection` is (b, g), the rest as in `models.universal.network`."""
        b, size, _ = tests.shape
        tests = tests.clamp(-3, 3)
        alike = _profile_cosines(tests)
        short = (0, LIST_LENGTH + 1 - size)
        rows = [functional.pad(matrix, short) for matrix in (tests, alike)]
        scaled = functional.pad(self.features(features), (0, 0, 1, 0))
        x = self.enter(torch.cat([*rows, scaled], 2))
        x = x + self.about(self.collection(collection))[:, None]
        x = torch.cat([x[:, :1] + self.item, x[:, 1:]], 1)
        for layer in self.layers:
            x = layer(x, tests, alike)
        hidden = functional.relu(self.leave["hidden"](self.leave["norm"](x[:, 1:])))
        odds: Tensor = self.leave["out"](hidden)[..., 0]
        return odds

    def scorer(self, about: dict[str, Any]) -> UniversalScorer:
        """The weights as numpy arrays."""
        weights = {name: value.detach().numpy() for name, value in self.state_dict().items()}
        return UniversalScorer(weights, len(self.layers), about)

    @classmethod
    def of(cls, scorer: UniversalScorer) -> Network:
        """A network with the weights of a scorer."""
        network = cls(len(scorer.weights["item"]), scorer.layers)
        network.load_state_dict({name: torch.tensor(w) for name, w in scorer.weights.items()})
        return network


def _profile_cosines(tests: Tensor) -> Tensor:
    """See `models.universal.profile_cosines`."""
    own = torch.eye(tests.shape[1], dtype=torch.bool, device=tests.device)
    profiles = torch.where(own, tests[:, 0, 1, None, None], tests)
    profiles = functional.normalize(profiles - profiles.mean(2, keepdim=True), dim=2, eps=1e-6)
    return profiles @ profiles.transpose(1, 2)


@dataclass(slots=True)
class Progress:
    """Where training stands; all that is needed to go on."""

    network: Network
    step: int = 0
    optimiser: dict[str, Any] | None = None


def train(
    examples: Sequence[Examples],
    progress: Progress,
    schedule: Schedule,
    *,
    every: int = 500,
    tell: Callable[[int, float, Validation | None], None] = lambda step, loss, validation: None,
    keep: Callable[[Progress], None] = lambda progress: None,
) -> Network:
    """Fits the network to the examples by binary cross-entropy.

    Every step draws views with equal chance, whatever their size, so that no collection weighs
    more because it is larger. In some steps lists are cut short, since small collections have
    short ones.

    Args:
        examples: Views; one in 12 is held out for validation where there are as many.
        progress: Where to start; changed in place.
        schedule: How long and how fast.
        every: Steps between validations and calls of `keep`.
        tell: Called after each step with the step, its loss, and the validation if there was one.
        keep: Called with what is needed to go on.

    Returns:
        The network, trained.

    Raises:
        UsageError: If there are no examples.
    """
    if not examples:
        raise UsageError("there is nothing to train on: no view has two items")
    held = [e for i, e in enumerate(examples) if i % _HELD_OUT == _HELD_OUT // 2]
    used = [e for i, e in enumerate(examples) if i % _HELD_OUT != _HELD_OUT // 2]
    network = progress.network
    if progress.step == 0 and bool((network.features.scale == 1).all()):
        _fit_scales(network, used)
    optimiser = torch.optim.AdamW(network.parameters(), schedule.rate, weight_decay=schedule.decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, schedule.rate, total_steps=schedule.steps + 1, pct_start=0.1
    )
    if progress.optimiser:
        optimiser.load_state_dict(progress.optimiser["optimiser"])
        cycle.load_state_dict(progress.optimiser["cycle"])
    spread = np.std([e.collection for e in used], axis=0)
    network.train()
    for step in range(progress.step, schedule.steps):
        *batch, together = _draw(
            used, spread, schedule, np.random.default_rng([schedule.seed, step])
        )
        loss = functional.binary_cross_entropy_with_logits(network(*batch), together)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        cycle.step()
        progress.step = step + 1
        due = progress.step % every == 0 or progress.step == schedule.steps
        tell(progress.step, float(loss.detach()), validate(network, held) if due and held else None)
        if due:
            state = {"optimiser": optimiser.state_dict(), "cycle": cycle.state_dict()}
            progress.optimiser = state
            keep(progress)
    network.eval()
    return network


def validate(network: Network, held: Sequence[Examples]) -> Validation:
    """Measures the network on views that it was not trained on."""
    network.eval()
    found = []
    with torch.no_grad():
        for e in held:
            items = slice(0, _MOST_VALIDATED)
            together = e.together[items].ravel()
            if together.all() or not together.any():
                continue
            tests, features = (_tensor(part[items]) for part in (e.tests, e.features))
            odds = network(tests, features, _tensor(e.collection).expand(len(tests), -1)).ravel()
            loss = functional.binary_cross_entropy_with_logits(odds, _tensor(together))
            p = torch.sigmoid(odds).numpy()
            plain = e.features[items, :, 0].ravel()
            found.append(
                (
                    float(loss),
                    average_precision_score(together, p),
                    average_precision_score(together, plain),
                    abs(float(p.mean()) - float(together.mean())),
                )
            )
    network.train()
    means = np.mean(found, axis=0) if found else np.full(4, np.nan)
    return Validation(*(float(mean) for mean in means))


def _fit_scales(network: Network, examples: Sequence[Examples]) -> None:
    """Takes means and deviations of the features from the examples."""
    width = len(EDGE_FEATURES)
    edges = np.concatenate([e.features[:40].reshape(-1, width) for e in examples]).astype(float)
    views = np.array([e.collection for e in examples], float)
    for scale, values in ((network.features, edges), (network.collection, views)):
        scale.mean.copy_(torch.tensor(values.mean(axis=0)))
        scale.scale.copy_(torch.tensor(values.std(axis=0) + 1e-3))


def _draw(
    examples: Sequence[Examples], spread: Float32, schedule: Schedule, rng: np.random.Generator
) -> Iterator[Tensor]:
    """Tests, features, collections and truth of a few items of a few views."""
    drawn = [examples[i] for i in rng.integers(len(examples), size=schedule.views)]
    size = min(e.together.shape[1] for e in drawn)
    if rng.random() < _SHORT and size > _SHORTEST:
        size = int(rng.integers(_SHORTEST, size))
    parts = []
    for e in drawn:
        items = rng.integers(len(e.together), size=schedule.items)
        about = e.collection + _BLUR * spread * rng.standard_normal(len(spread))
        parts.append(
            (
                e.tests[items, : size + 1, : size + 1],
                e.features[items, :size],
                np.broadcast_to(about, (len(items), len(about))),
                e.together[items, :size],
            )
        )
    return (_tensor(np.concatenate(column)) for column in zip(*parts, strict=True))


def _tensor(values: np.ndarray[Any, Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))
