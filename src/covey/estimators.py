"""The main job as a scikit-learn estimator: it stores parameters and calls `cluster`."""

from __future__ import annotations

import os
from typing import Any, Literal, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_random_state, validate_data

from covey.cluster_report import ClusterReport, Prefer
from covey.clustering import cluster
from covey.hub import Model, load_model
from covey.named_recipes import check_options
from covey.partition.canonical import renumber


class GraphClusterer(ClusterMixin, BaseEstimator):
    """Groups embeddings without labels, without a number of groups and without a threshold.

    Every row gets a label of 0 or more; a row that belongs to nobody is a cluster of its own. So
    is, with `metric="cosine"`, a row of zeros, which has no direction, and so is an only row:
    `cluster` refuses both, but scikit-learn wants every finite row to have a label. Sparse input
    is refused.

    Args:
        k: Neighbours per item; if None as many as the scorer does well with, see `cluster`.
        method: How neighbours are scored, as in `cluster`.
        partition: How edges become clusters, as in `cluster`.
        prefer: "precision", "balanced" or "recall".
        model: A trained model or the folder of one; that of the package if None.
        metric: "cosine" or "euclidean".
        random_state: Seed, `RandomState` or None, which stands for seed 0: two fits then agree.
        n_jobs: Threads, counted as scikit-learn counts; all cores for None.

    Attributes:
        labels_: (n,) int64 cluster of each row, numbered by first appearance.
        strength_: (n,) float32 in [0, 1], how firmly each row sits in its cluster; 0 for rows
            that were not compared with any other.
        report_: `ClusterReport` of the rows that have a direction: how far to trust it, and what
            other cuts would have given. None where fewer than two rows have one.
        n_clusters_: Number of clusters, singletons counted.
        n_features_in_: Values in a row.
        feature_names_in_: Names of the columns, where `fit` was given a table that has them.
    """

    def __init__(
        self,
        *,
        k: int | None = None,
        method: str = "auto",
        partition: str = "auto",
        prefer: Prefer = "balanced",
        model: Model | str | os.PathLike[str] | None = None,
        metric: Literal["cosine", "euclidean"] = "cosine",
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.k = k
        self.method = method
        self.partition = partition
        self.prefer = prefer
        self.model = model
        self.metric = metric
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Groups the rows of `X`.

        Args:
            X: (n, d) finite numbers, n >= 1; float32 and float16 are not copied.
            y: Ignored; it is here because scikit-learn passes it.

        Raises:
            ValueError: If `X` or a parameter cannot be used.
        """
        model = load_model(self.model) if isinstance(self.model, (str, os.PathLike)) else self.model
        x = validate_data(self, X, dtype=[np.float32, np.float64, np.float16])
        known = x.any(axis=1) if self.metric == "cosine" else np.ones(len(x), np.bool_)
        labels = np.arange(len(x), dtype=np.int64)
        self.strength_ = np.zeros(len(x), np.float32)
        self.report_: ClusterReport | None = None
        threads = None if self.n_jobs is None else effective_n_jobs(self.n_jobs)
        seed = seed_of(self.random_state)
        if np.count_nonzero(known) < 2:
            check_options(
                self.method, self.partition, self.prefer, self.metric, self.k, seed, threads
            )
        else:
            result = cluster(
                x if known.all() else x[known],
                k=self.k,
                method=self.method,
                partition=self.partition,
                prefer=self.prefer,
                model=model,
                metric=self.metric,
                seed=seed,
                threads=threads,
            )
            labels[known] = result.clustering.labels
            labels[~known] = result.clustering.n_clusters + np.arange(np.count_nonzero(~known))
            self.strength_[known] = result.clustering.strength
            self.report_ = result.report
        self.labels_ = renumber(labels)
        self.n_clusters_ = int(self.labels_.max()) + 1
        return self


def seed_of(random_state: int | np.random.RandomState | None) -> int:
    """A seed from what scikit-learn calls `random_state`; 0 for None."""
    if random_state is None:
        return 0
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
