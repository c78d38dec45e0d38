"""The kinds of networks that learn from labels of some groups, for others."""

from __future__ import annotations

from dataclasses import dataclass

from covey.models.ada_nets_config import AdaNETSConfig
from covey.models.b_attention_config import BAttentionConfig
from covey.models.linkage_gcn_config import LinkageGCNConfig

NetworkConfig = BAttentionConfig | AdaNETSConfig | LinkageGCNConfig
"""What a network is made of; torch is not needed to read it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said of a kind.

    Attributes:
        name: In the folder of a model, in reports, and of the command that trains one.
        title: In sentences.
        article: Before the title.
        estimator: In Python.
        config: Type of the network's config.
        does: What the network does, and where that is from.
    """

    name: str
    title: str
    article: str
    estimator: str
    config: type[NetworkConfig]
    does: str


KINDS = (
    Kind(
        "b-attention",
        "B-Attention",
        "A",
        "BAttention",
        BAttentionConfig,
        "It maps each embedding of a collection to a better one, from the item and its nearest: an "
        "attention whose weights come from many statistical tests (B-Attention, Wang et al., "
        "NeurIPS 2022).",
    ),
    Kind(
        "ada-nets",
        "Ada-NETS",
        "An",
        "AdaNETS",
        AdaNETSConfig,
        "It maps each embedding of a collection to a better one: means over a graph in which "
        "an item has as many of its nearest as suit it, told from how lists of neighbours agree "
        "(Ada-NETS, Wang et al., ICLR 2022).",
    ),
    Kind(
        "linkage",
        "linkage GCN",
        "A",
        "LinkageGCN",
        LinkageGCNConfig,
        "It weighs each edge of the neighbour graph by a graph convolution over its "
        "neighbourhood: the probability that both ends belong together (Linkage-based Face "
        "Clustering, Wang et al., CVPR 2019; on imbalanced graphs, Yang et al., 2021).",
    ),
)
"""All of them."""

NAMES = tuple(kind.name for kind in KINDS)
"""Of all kinds, as commands say them."""


def kind_of(config: NetworkConfig) -> Kind:
    """What is said of a network's kind."""
    return next(kind for kind in KINDS if isinstance(config, kind.config))


def kind_named(name: object) -> Kind | None:
    """The kind of that name; None if there is none."""
    return next((kind for kind in KINDS if kind.name == name), None)
