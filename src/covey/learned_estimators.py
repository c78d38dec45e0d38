"""Estimators that learn from labels of some identities, for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, ClassVar, get_args

import numpy as np

from covey.cluster_report import Prefer
from covey.estimators import seed_of
from covey.labelled_estimator import LabelledEstimator, RefiningEstimator, Scores
from covey.models.ada_nets_config import Length, Space
from covey.models.b_attention_config import Flavour, Tests
from covey.models.linkage_gcn_config import LinkLoss, Sampling

if TYPE_CHECKING:
    from covey.models.kinds import NetworkConfig
    from covey.training.networks import Plan

_SCORES = get_args(Scores)


class BAttention(RefiningEstimator):
    """Learns from labels of some identities to group others of the same embedding.

    `fit` trains a network that compares items by many statistical tests over their neighbours
    (B-Attention, Wang et al., NeurIPS 2022), and finds on held-out groups how far to trust it and
    where to cut. `predict` groups new items, which may all be of new identities; the labels that it
    gives are clusters and have nothing to do with those of `fit`. Needs PyTorch.

    Args:
        tests: What weighs the members of a local set; "none" is a plain GCN.
        flavour: "gcn" or "transformer".
        scores: What may weigh edges: "cosine", or "auto", by which a scorer learned from the
            identities that are held out competes.
        steps: Of the optimiser, at most.
        prefer: "precision", "balanced" or "recall", as in `cluster`.
        random_state: Seed, `RandomState` or None, which stands for seed 0.
        n_jobs: Threads of `predict` and `transform`; all cores for None.

    Attributes:
        model_: The `Refiner`; `covey.write_model` saves it, and `cluster` takes it.
        uses_network_: Whether the network is used. It is not where held-out groups were not clearly
            better by it: then `transform` whitens, or gives rows of unit length as they are, and
            `predict` has learned where to cut and what to expect. By which share it is used,
            `model_.own` says: that of the embedding itself in every cosine, 1 for not at all.
        whitens_: Whether rows are whitened first.
        validation_: What held-out groups came to: "average precision" of edges and "BCubed F" at
            the best cut, and both "of the cosine", that is, of the embeddings as they are.
        n_features_in_: Values in a row.
        feature_names_in_: Names of the columns, where `fit` was given a table that has them.
    """

    words: ClassVar[Mapping[str, Sequence[str]]] = {
        "tests": get_args(Tests),
        "flavour": get_args(Flavour),
        "scores": _SCORES,
    }

    def __init__(
        self,
        *,
        tests: Tests = "both",
        flavour: Flavour = "gcn",
        scores: Scores = "auto",
        steps: int = 400,
        prefer: Prefer = "balanced",
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.tests = tests
        self.flavour = flavour
        self.scores = scores
        self.steps = steps
        self.prefer = prefer
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _made_of(self, inputs: int) -> tuple[NetworkConfig, Plan]:
        from covey.training.variants import b_attention

        return b_attention(
            inputs,
            tests=self.tests,
            flavour=self.flavour,
            steps=self.steps,
            seed=seed_of(self.random_state),
        )


class AdaNETS(RefiningEstimator):
    """Learns from labels of some identities to group others of the same embedding.

    `fit` trains a filter that says how many of its nearest each item should listen to, and a graph
    network on what it leaves (Ada-NETS, Wang et al., ICLR 2022), and finds on held-out groups how
    far to trust it and where to cut. `predict` groups new items, which may all be of new
    identities. Needs PyTorch.

    Args:
        space: What structure space, in which items are near that share reciprocal neighbours, is
            for: the filter reads it ("read"), neighbours are put in its order as published
            ("structure"), or it is left out ("knn").
        length: How many of the first neighbours are kept: as the filter says ("adaptive"), the same
            for all ("fixed": the best on the labels), "all", or without labels to the largest
            "gap" or where lists are most "stable".
        k: Candidates of an item, itself counted.
        eta: Share of the cosine in structure space.
        beta: The filter aims at the best F-beta of an item's list; below 1 precision counts more.
        scores: What may weigh edges: "cosine", or "auto", by which a scorer learned from the
            identities that are held out competes.
        steps: Of the optimiser, at most.
        prefer: "precision", "balanced" or "recall", as in `cluster`.
        random_state: Seed, `RandomState` or None, which stands for seed 0.
        n_jobs: Threads of `predict` and `transform`; all cores for None.

    Attributes:
        model_: The `Refiner`; `covey.write_model` saves it, and `cluster` takes it.
        uses_network_: Whether the network is used. It is not where held-out groups were not clearly
            better by it: then `transform` whitens, or gives rows of unit length as they are, and
            `predict` has learned where to cut and what to expect. By which share it is used,
            `model_.own` says: that of the embedding itself in every cosine, 1 for not at all.
        whitens_: Whether rows are whitened first.
        validation_: What held-out groups came to: "average precision" of edges and "BCubed F" at
            the best cut, and both "of the cosine", that is, of the embeddings as they are.
        n_features_in_: Values in a row.
        feature_names_in_: Names of the columns, where `fit` was given a table that has them.
    """

    words: ClassVar[Mapping[str, Sequence[str]]] = {
        "space": get_args(Space),
        "length": get_args(Length),
        "scores": _SCORES,
    }
    numbers: ClassVar[Mapping[str, tuple[float, float]]] = {
        "k": (2, inf),
        "eta": (0, 1),
        "beta": (0.01, inf),
    }
    whole_numbers: ClassVar[frozenset[str]] = frozenset({"k"})

    def __init__(
        self,
        *,
        space: Space = "read",
        length: Length = "adaptive",
        k: int = 40,
        eta: float = 0.3,
        beta: float = 0.5,
        scores: Scores = "auto",
        steps: int = 400,
        prefer: Prefer = "balanced",
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.space = space
        self.length = length
        self.k = k
        self.eta = eta
        self.beta = beta
        self.scores = scores
        self.steps = steps
        self.prefer = prefer
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _made_of(self, inputs: int) -> tuple[NetworkConfig, Plan]:
        from covey.training.variants import ada_nets

        return ada_nets(
            inputs,
            space=self.space,
            length=self.length,
            k=int(self.k),
            eta=self.eta,
            beta=self.beta,
            steps=self.steps,
            seed=seed_of(self.random_state),
        )


class LinkageGCN(LabelledEstimator):
    """Learns from labels of some identities to group others of the same embedding.

    `fit` trains a graph network that says of each edge of the neighbour graph how likely both ends
    belong together (Wang et al., CVPR 2019), on neighbours drawn so that the rarer kind of link is
    not rare (RIWS, Yang et al., 2021), and finds on held-out groups how far to trust it and where
    to cut. `predict` groups new items, which may all be of new identities. Needs PyTorch.

    Args:
        sampling: How neighbours are drawn to learn from: "riws", its rival "resample", or "none".
        pool: Neighbours that RIWS draws from, times those that it draws.
        loss: "ce" for cross-entropy, or a rival that weighs links: "ohem", "ohem-3-1",
            "class-balanced", "focal" or "density".
        scores: What may weigh edges where the network does not: "cosine", or "auto", by which a
            scorer learned from the identities that are held out competes.
        steps: Of the optimiser, at most.
        prefer: "precision", "balanced" or "recall", as in `cluster`.
        random_state: Seed, `RandomState` or None, which stands for seed 0.
        n_jobs: Threads of `predict` and `transform`; all cores for None.

    Attributes:
        model_: The `Refiner`; `covey.write_model` saves it, and `cluster` takes it.
        uses_network_: Whether the network is used. It is not where held-out groups were not clearly
            better by it: then `predict` has learned where to cut and what to expect.
        whitens_: Whether rows are whitened first.
        validation_: What held-out groups came to: "average precision" of edges and "BCubed F" at
            the best cut, and both "of the cosine", that is, of the embeddings as they are.
        n_features_in_: Values in a row.
        feature_names_in_: Names of the columns, where `fit` was given a table that has them.
    """

    words: ClassVar[Mapping[str, Sequence[str]]] = {
        "sampling": get_args(Sampling),
        "loss": get_args(LinkLoss),
        "scores": _SCORES,
    }
    numbers: ClassVar[Mapping[str, tuple[float, float]]] = {"pool": (1, inf)}

    def __init__(
        self,
        *,
        sampling: Sampling = "riws",
        pool: float = 2.0,
        loss: LinkLoss = "ce",
        scores: Scores = "auto",
        steps: int = 400,
        prefer: Prefer = "balanced",
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.sampling = sampling
        self.pool = pool
        self.loss = loss
        self.scores = scores
        self.steps = steps
        self.prefer = prefer
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _made_of(self, inputs: int) -> tuple[NetworkConfig, Plan]:
        from covey.training.variants import linkage

        return linkage(
            inputs,
            sampling=self.sampling,
            pool=self.pool,
            loss=self.loss,
            steps=self.steps,
            seed=seed_of(self.random_state),
        )
