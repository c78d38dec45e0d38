"""Estimators that learn from labels of some identities, for others."""

from __future__ import annotations

from numbers import Integral
from typing import Literal, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from covey.cluster_report import Prefer
from covey.clustering import ClusterResult, cluster
from covey.estimators import seed_of
from covey.extras import require
from covey.label_codes import MISSING, as_labels, label_codes
from covey.models.b_attention_config import BAttentionConfig, Flavour
from covey.models.refiner import Refiner
from covey.models.refining_memory import require_refining_memory
from covey.types import Float32, InputError, Int64
from covey.vectors import as_rows, group_equal_rows

Tests = Literal["both", "multiple", "single", "none"]
Scores = Literal["auto", "cosine"]


class BAttention(TransformerMixin, BaseEstimator):
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

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learns what belongs together.

        Args:
            X: (n, d) finite numbers.
            y: (n,) identities, integers or names, as `--labels` of the command line: rows whose
                identity is missing (None, NaN, empty text) are left out; a number below 0 stands
                for an item of nobody, which belongs with nothing else, and that is learned.

        Raises:
            ValueError: If `X`, `y` or a parameter cannot be used, or fewer than nine identities
                have two different items.
            MissingExtraError: If torch is not installed.
        """
        x = validate_data(self, X, dtype=[np.float32, np.float64, np.float16])
        codes = _codes(y)
        check_consistent_length(x, codes)
        known = codes != MISSING
        if self.tests not in ("both", "multiple", "single", "none"):
            raise ValueError(f"tests must be both, multiple, single or none, got {self.tests!r}")
        if self.flavour not in ("gcn", "transformer"):
            raise ValueError(f"flavour must be gcn or transformer, got {self.flavour!r}")
        if self.scores not in ("auto", "cosine"):
            raise ValueError(f"scores must be auto or cosine, got {self.scores!r}")
        if not isinstance(self.steps, Integral) or self.steps < 1:
            raise ValueError(f"steps must be a whole number above 0, got {self.steps!r}")
        require("torch", "learn")
        from covey.training.b_attention import BAttentionPlan
        from covey.training.loop import Schedule
        from covey.training.refiner import train_refiner

        network = BAttentionConfig(
            x.shape[1],
            single=self.tests in ("both", "single"),
            multiple=self.tests in ("both", "multiple"),
            flavour=self.flavour,
        )
        schedule = Schedule(steps=self.steps, seed=seed_of(self.random_state))
        self.model_: Refiner = train_refiner(
            x if known.all() else x[known],
            codes[known],
            network=network,
            plan=BAttentionPlan(schedule=schedule),
            scores=self.scores,
        )
        self.uses_network_: bool = self.model_.uses_network
        self.whitens_: bool = self.model_.whitening is not None
        self.validation_: dict[str, float] = dict(self.model_.about["validation"])
        return self

    def predict(self, X: ArrayLike) -> Int64:
        """Groups the rows of `X` among themselves: (n,) labels from 0, as of `cluster`."""
        return self.cluster(X).clustering.labels

    def cluster(self, X: ArrayLike) -> ClusterResult:
        """The same with report, edges and neighbours."""
        check_is_fitted(self)
        x = validate_data(self, X, reset=False, dtype=[np.float32, np.float64, np.float16])
        return cluster(
            x,
            model=self.model_,
            prefer=self.prefer,
            seed=seed_of(self.random_state),
            threads=self._threads(),
        )

    def transform(self, X: ArrayLike) -> Float32:
        """Refines the rows of `X` among themselves: (n, e) float32 of unit length.

        Equal rows count as one, as in `predict`.

        Raises:
            MemoryLimitError: If that needs more memory than there is.
        """
        check_is_fitted(self)
        x = validate_data(self, X, reset=False, dtype=[np.float32, np.float64, np.float16])
        first, item, _ = group_equal_rows(as_rows(x))
        require_refining_memory(self.model_, len(first))
        rows = self.model_.prepare(as_rows(x[first]))
        return self.model_.refine(rows, threads=self._threads())[item]

    def _threads(self) -> int | None:
        return None if self.n_jobs is None else effective_n_jobs(self.n_jobs)


def _codes(y: ArrayLike | None) -> Int64:
    """Identities as whole numbers, see `label_codes`.

    Raises:
        InputError: If there are none, or one is neither a whole number nor a name.
    """
    if y is None:
        raise InputError(
            "BAttention requires y to be passed, but the target y is None: give the identity of "
            "each row, or group without labels by covey.GraphClusterer"
        )
    codes = label_codes(as_labels(y), "y")[0]
    if not (codes >= 0).any():
        raise InputError(
            f"y: names no identity, all {len(codes):,} rows are missing (None, NaN, empty) or "
            "below 0; give identities, or group without labels by covey.GraphClusterer"
        )
    return codes
