"""The adaptive filter: how many of its first candidates an item should keep, read off the list.

    tokens    the embeddings of the candidates in their order, the item itself first
                                            mended: what is known of each, as in `OrderedLists`
    along     t = (Linear(BiLSTM(c)) + c) / sqrt(2), each of unit length
    pooled    z = mean of t, of unit length
    mixed     z' = (z + MLP(z)) / sqrt(2), two layers with PReLU and dropout
    length    r = Linear(z'), of k; the item keeps its first round(k r) candidates

(Ada-NETS, Wang et al., ICLR 2022, section 3.2, in the shape that our notes read off the published
code.) What is known of a candidate: its cosine, the score that it has its place by, how well the
list up to it agrees with the lists of those on it, and how near it is to the mean of those before.
A filter that reads embeddings learns by heart those that it is trained on, so that the graph of a
training would be cleaner than any other; one that reads these is about as good on other groups as
on its own, and does not depend on dimensions (dev/LOG.md).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.models.ada_nets_config import SCORES, AdaNETSConfig
from covey.models.ordered_lists import OrderedLists
from covey.types import Float32, Int64

_ROOT = 0.5**0.5
_DROPPED = 0.5


class NeighbourFilter(nn.Module):
    """Maps lists of candidates to the share of k that is worth keeping."""

    mean: Tensor
    scale: Tensor

    def __init__(self, config: AdaNETSConfig) -> None:
        super().__init__()
        self.config = config
        d = config.token
        if not config.faithful:
            self.register_buffer("mean", torch.zeros(SCORES))
            self.register_buffer("scale", torch.ones(SCORES))
            self.lift = nn.Linear(SCORES, d)
        self.lstm = nn.LSTM(d, config.filter_hidden, batch_first=True, bidirectional=True)
        self.back = nn.Linear(2 * config.filter_hidden, d)
        self.mix = nn.Sequential(
            nn.Linear(d, 2 * d),
            nn.PReLU(2 * d),
            nn.Dropout(_DROPPED),
            nn.Linear(2 * d, d),
            nn.PReLU(d),
            nn.Dropout(_DROPPED),
        )
        self.out = nn.Linear(d, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Relative lengths.

        Args:
            tokens: (b, m, token) candidates as `tokens_of` gives them.

        Returns:
            (b,) shares of k, not clipped.
        """
        along: Tensor = self.lstm(tokens)[0]
        t = functional.normalize((self.back(along) + tokens) * _ROOT, dim=-1)
        z = functional.normalize(t.sum(1), dim=-1)  # of unit length, so it need not be divided
        z = (z + self.mix(z)) * _ROOT
        share: Tensor = self.out(z)
        return share[:, 0]

    def tokens_of(self, rows: Float32, lists: OrderedLists, items: Int64 | slice) -> Tensor:
        """The lists of some items as the network reads them, on its device.

        Args:
            rows: (n, inputs) float32 of unit length.
            lists: Of these.
            items: (b,) which.

        Returns:
            (b, m, config.token).
        """
        device = self.out.weight.device
        if self.config.faithful:
            return torch.tensor(rows[lists.items[items]], device=device)
        scores = torch.from_numpy(scores_of(lists, items)).to(device)
        tokens: Tensor = self.lift((scores - self.mean) * self.scale)
        return tokens


def scores_of(lists: OrderedLists, items: Int64 | slice) -> Float32:
    """(b, m, SCORES) float32: what the filter reads of the candidates of some items."""
    found = (
        lists.similarities[items],
        lists.scores[items],
        lists.agreement[items],
        lists.fit[items],
    )
    return np.stack(found, axis=-1)


@torch.no_grad()
def filtered_lengths(
    network: NeighbourFilter,
    rows: Float32,
    lists: OrderedLists,
    *,
    batch: int = 512,
    tick: Callable[[float], None] = lambda done: None,
) -> Int64:
    """How many of its candidates each item keeps, as the filter says.

    Args:
        network: Trained.
        rows: (n, inputs) float32 of unit length.
        lists: Of these.
        batch: Lists at a time; each takes m times some ten times the widest layer.
        tick: Called with the share done.

    Returns:
        (n,) int64 in [1, m].
    """
    network.eval()
    n, m = lists.items.shape
    found = np.empty(n, np.float64)
    for start in range(0, n, batch):
        block = slice(start, start + batch)
        found[block] = network(network.tokens_of(rows, lists, block)).cpu().numpy()
        tick(min(1.0, (start + batch) / n))
    return lengths_of(found, network.config.k, m)


def lengths_of(shares: np.ndarray, k: int, most: int) -> Int64:
    """Shares of k as numbers of candidates in [1, most]."""
    return np.clip(np.round(shares * k), 1, most).astype(np.int64)
