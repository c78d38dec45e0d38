"""B-Attention: an item's embedding, refined by many statistical tests over its local set.

Whether two items belong together is not asked of their one inner product, but of how both compare
with every member of a local set: the rows of A = X Xᵀ. (Robust Graph Structure Learning via
Multiple Statistical Tests, Wang et al., NeurIPS 2022. Formulas and defects of the published code
from our notes on it; "mended" below says where this differs.)

One layer, for a local set X (m, d) of a seed and its neighbours, seed first:

    single test      L1 = (X Wq + bq) (X Wk + bk)ᵀ                  mended: / sqrt(e)
    profiles         S  = X Xᵀ                                      mended: cosines, centred
    multiple tests   L2 = unit rows of (S Uq + cq) times unit rows of (S Uk + ck), transposed
    weights          A  = softmax over the real members of t1 L1 + t2 L2
    GCN              X' = LayerNorm([X, A X] Wo + bo)               mended: LayerNorm(X + ...)
    Transformer      X' = LayerNorm(X + A (X Wv) Wo), then X'' = LayerNorm(X' + FFN(X'))

Without either test A is the mean over the set, which makes it a plain GCN. Layers are stacked; of
the last one only the seed's row is computed. Mended, too: places without a member stay zero in
every layer (published, they are zero in the first only and leak into the profiles of the others);
members come in the order of similarity; profiles are read on the first `tests` members, so that
sets of any size fit; both tests start at a scale at which each matters.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.models.b_attention_config import BATCH_BYTES, BAttentionConfig
from covey.types import Float32, IntArray

_SINGLE, _MULTIPLE = 1.0, 4.0  # at the start: cosines of profiles lie in [-1, 1], logits do not
_START = 0.02  # deviation of what a mended layer adds at first
_ENTERED = 65_536  # embeddings that are mapped to the width at a time
_MOST_SETS = 256  # refined at a time: more are no faster on a CPU
_GPU = 16  # times as many bytes and sets on a GPU


class BAttentionNetwork(nn.Module):
    """Maps local sets to the refined embedding of their seed."""

    def __init__(self, config: BAttentionConfig) -> None:
        super().__init__()
        self.config = config
        self.enter: nn.Module = nn.Identity()
        if config.inputs != config.width:
            self.enter = nn.Linear(config.inputs, config.width, bias=False)
            nn.init.orthogonal_(self.enter.weight)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.head = nn.Linear(config.width, config.outputs)
        self.bend: nn.Module = nn.Identity()
        if config.faithful:
            self.bend = nn.PReLU(config.outputs)
            _xavier(self.head)

    def forward(self, entered: Tensor, sets: Tensor) -> Tensor:
        """Refines the seeds of b local sets.

        Args:
            entered: (n, width) embeddings as `enter` maps them; each once, however many sets it
                is a member of.
            sets: (b, m) int64 rows of these, the seed first, -1 where there is no member.

        Returns:
            (b, outputs) of unit length.
        """
        return self.of_members(*gather(entered, sets))

    def of_members(self, x: Tensor, real: Tensor) -> Tensor:
        """The same of (b, m, width) members and (b, m) bool, which of them there are."""
        for number, layer in enumerate(self.layers, 1):
            x = layer(x, real, 1 if number == len(self.layers) else x.shape[1])
        seed = x[:, 0]
        if self.config.faithful:
            seed = functional.normalize(seed, dim=-1)
        return functional.normalize(self.bend(self.head(seed)), dim=-1)


class Layer(nn.Module):
    """One layer: tests, fusion, aggregation."""

    def __init__(self, config: BAttentionConfig) -> None:
        super().__init__()
        self.config = config
        d = config.width
        self.single = SingleTest(config) if config.single else None
        self.multiple = MultipleTests(config) if config.multiple else None
        self.fuse = nn.Parameter(torch.tensor([_SINGLE, _MULTIPLE]))
        self.norm = nn.LayerNorm(d)
        if config.flavour == "gcn":
            self.out = nn.Linear(2 * d, d)
        else:
            self.value = nn.Linear(d, d)
            self.out = nn.Linear(d, d)
            self.feed = nn.Sequential(nn.Linear(d, 8 * d), nn.ReLU(), nn.Linear(8 * d, d))
            self.after = nn.LayerNorm(d)
        if config.faithful:
            nn.init.xavier_uniform_(self.fuse[None])
            for part in self.modules():
                if isinstance(part, nn.Linear):
                    _xavier(part)
        elif config.flavour == "gcn":
            nn.init.normal_(self.out.weight, std=_START)
            nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, real: Tensor, seeds: int) -> Tensor:
        """(b, m, d) members to (b, seeds, d): new rows of the first of them."""
        own = x[:, :seeds]
        gathered = self.weights(x, real, seeds)
        if self.config.flavour == "gcn":
            new = self.out(torch.cat([own, gathered @ x], dim=-1))
            new = self.norm(new if self.config.faithful else own + new)
        else:
            new = self.norm(own + self.out(gathered @ self.value(x)))
            new = self.after(new + self.feed(new))
        return new if self.config.faithful else new * real[:, :seeds, None]

    def weights(self, x: Tensor, real: Tensor, seeds: int) -> Tensor:
        """(b, seeds, m) weight of every member for each of the first, rows summing to 1."""
        logits = x.new_zeros(x.shape[0], seeds, x.shape[1])
        if self.single is not None:
            logits = logits + self.fuse[0] * self.single(x, seeds)
        if self.multiple is not None:
            logits = logits + self.fuse[1] * self.multiple(x, real, seeds)
        weights = torch.softmax(logits.masked_fill(~real[:, None], -torch.inf), dim=-1)
        return weights * real[:, :seeds, None]  # a place without a member gathers nothing


class SingleTest(nn.Module):
    """Learned inner products: self-attention."""

    def __init__(self, config: BAttentionConfig) -> None:
        super().__init__()
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.scale = 1.0 if config.faithful else config.width**-0.5

    def forward(self, x: Tensor, seeds: int) -> Tensor:
        """(b, m, d) to (b, seeds, m) logits."""
        logits: Tensor = self.query(x[:, :seeds]) @ self.key(x).transpose(1, 2)
        return logits * self.scale


class MultipleTests(nn.Module):
    """Learned comparison of similarity profiles."""

    def __init__(self, config: BAttentionConfig) -> None:
        super().__init__()
        self.faithful = config.faithful
        self.query = nn.Linear(config.tests, config.tests)
        self.key = nn.Linear(config.tests, config.tests)
        if not config.faithful:
            for part in (self.query, self.key):
                nn.init.eye_(part.weight)
                nn.init.zeros_(part.bias)

    def forward(self, x: Tensor, real: Tensor, seeds: int) -> Tensor:
        """(b, m, d) to (b, seeds, m) cosines."""
        tests = self.query.in_features
        profiles = x @ x.transpose(1, 2) if self.faithful else centred_profiles(x, real, tests)
        profiles = functional.pad(profiles[..., :tests], (0, max(0, tests - x.shape[1])))
        query = functional.normalize(self.query(profiles[:, :seeds]), dim=-1)
        key = functional.normalize(self.key(profiles), dim=-1)
        return query @ key.transpose(1, 2)


def centred_profiles(x: Tensor, real: Tensor, tests: int) -> Tensor:
    """Cosines of every member with the first `tests` ones, each row less its mean.

    Args:
        x: (b, m, d).
        real: (b, m) bool.
        tests: How many members at most.

    Returns:
        (b, m, min(tests, m)), zero where either is no member.
    """
    unit = functional.normalize(x, dim=-1)
    both = (real[:, :, None] & real[:, None, :tests]).to(x.dtype)
    cosine = unit @ unit[:, :tests].transpose(1, 2) * both
    count = both.sum(-1, keepdim=True).clamp(min=1)
    return (cosine - cosine.sum(-1, keepdim=True) / count) * both


def _xavier(layer: nn.Linear) -> None:
    """The published initialisation: biases as large as weights, which makes outputs alike."""
    nn.init.xavier_uniform_(layer.weight)
    nn.init.xavier_normal_(layer.bias[None])


def gather(rows: Tensor, sets: Tensor) -> tuple[Tensor, Tensor]:
    """Looks up the members of local sets.

    Args:
        rows: (n, d).
        sets: (b, m) int64 rows, -1 where there is no member.

    Returns:
        (b, m, d) members, zero where there is none, and (b, m) bool, where there is one.
    """
    real = sets >= 0
    # Gradients of `rows[sets]` are added by several threads in the order in which they arrive, and
    # the same seed would not give the same weights.
    members = rows.index_select(0, sets.clamp(min=0).flatten()).reshape(*sets.shape, rows.shape[1])
    return members * real[..., None], real


def gpu_bytes(config: BAttentionConfig, n: int) -> int:
    """What `refine` takes there among n rows: all of them mapped, and some batches."""
    return 4 * n * config.width + 2 * _GPU * BATCH_BYTES


def sets_at_a_time(config: BAttentionConfig, members: int, device: str) -> int:
    """How many local sets are refined at a time: as many as their share of memory allows."""
    times = 1 if device == "cpu" else _GPU
    return max(1, min(_MOST_SETS, BATCH_BYTES // config.bytes_of_set(members)) * times)


@torch.no_grad()
def refine(
    network: BAttentionNetwork,
    rows: Float32,
    sets: IntArray,
    *,
    seeds: Float32 | None = None,
    out: Float32 | None = None,
    batch: int | None = None,
    tick: Callable[[float], None] = lambda done: None,
) -> Float32:
    """Refines the first members of local sets, where the network is.

    Args:
        network: Trained.
        rows: (n, inputs) float32 of unit length.
        sets: (s, m) rows, the item itself first, -1 where there is no member.
        seeds: (s, inputs) float32, the items themselves where they are no rows; `sets` then names
            the other members only.
        out: (s, outputs) float32 to write to.
        batch: Sets at a time; what fits into `BATCH_BYTES` if None. Memory is that, n x width and
            s x outputs floats.
        tick: Called with the share done.

    Returns:
        (s, outputs) float32 of unit length.
    """
    network.eval()
    device = next(network.parameters()).device
    entered = torch.empty(len(rows), network.config.width, device=device)
    for start in range(0, len(rows), _ENTERED):
        part = torch.tensor(rows[start : start + _ENTERED], device=device)  # may be read-only
        entered[start : start + _ENTERED] = network.enter(part)
    if out is None:
        out = np.empty((len(sets), network.config.outputs), np.float32)
    members = sets.shape[1] + (seeds is not None)
    batch = batch or sets_at_a_time(network.config, members, device.type)
    for start in range(0, len(sets), batch):
        block = slice(start, start + batch)
        x, real = gather(entered, torch.tensor(sets[block], dtype=torch.int64, device=device))
        if seeds is not None:
            own = network.enter(torch.tensor(seeds[block], device=device))
            x = torch.cat([own[:, None], x], dim=1)
            real = functional.pad(real, (1, 0), value=True)
        out[block] = network.of_members(x, real).cpu().numpy()
        tick(min(1.0, (start + batch) / len(sets)))
    return out
