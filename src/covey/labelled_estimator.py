"""What estimators that learn from labels of some identities, for others, have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, ClassVar, Literal, Self

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
from covey.models.refiner import Refiner
from covey.models.refining_memory import require_refining_memory
from covey.types import Float32, InputError, Int64
from covey.vectors import as_rows, group_equal_rows

if TYPE_CHECKING:
    from covey.models.kinds import NetworkConfig
    from covey.training.networks import Plan

Scores = Literal["auto", "cosine"]


class LabelledEstimator(BaseEstimator):
    """Learns from labels of some identities to group others of the same embedding.

    What an estimator is told beside `steps`, `prefer`, `random_state` and `n_jobs` is its own.

    Attributes:
        words: The values that parameters which are words may have, by parameter.
        numbers: The least and the largest value of parameters which are numbers.
        whole_numbers: Which of these must be whole.
    """

    words: ClassVar[Mapping[str, Sequence[str]]] = {}
    numbers: ClassVar[Mapping[str, tuple[float, float]]] = {}
    whole_numbers: ClassVar[frozenset[str]] = frozenset()
    scores: Scores = "auto"
    steps: int
    prefer: Prefer
    random_state: int | np.random.RandomState | None
    n_jobs: int | None

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
        codes = _codes(y, type(self).__name__)
        check_consistent_length(x, codes)
        known = codes != MISSING
        for name, allowed in self.words.items():
            if (value := getattr(self, name)) not in allowed:
                listed = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
                raise ValueError(f"{name} must be {listed}, got {value!r}")
        for name, (least, most) in self.numbers.items():
            value = getattr(self, name)
            whole = name in self.whole_numbers
            if not isinstance(value, Integral if whole else Real) or not (
                isfinite(value) and least <= float(value) <= most
            ):
                what = "whole number" if whole else "number"
                raise ValueError(f"{name} must be a {what} in [{least}, {most}], got {value!r}")
        if not isinstance(self.steps, Integral) or self.steps < 1:
            raise ValueError(f"steps must be a whole number above 0, got {self.steps!r}")
        require("torch", "learn")
        from covey.training.refiner import train_refiner

        network, plan = self._made_of(x.shape[1])
        self.model_: Refiner = train_refiner(
            x if known.all() else x[known],
            codes[known],
            network=network,
            plan=plan,
            scores=self.scores,
        )
        self.uses_network_: bool = self.model_.uses_network
        self.whitens_: bool = self.model_.whitening is not None
        self.validation_: dict[str, float] = dict(self.model_.about["validation"])
        return self

    @abstractmethod
    def _made_of(self, inputs: int) -> tuple[NetworkConfig, Plan]:
        """Network and plan for embeddings of so many dimensions, once parameters are checked."""

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

    def _threads(self) -> int | None:
        return None if self.n_jobs is None else effective_n_jobs(self.n_jobs)


class RefiningEstimator(TransformerMixin, LabelledEstimator):
    """The same where the network maps embeddings to better ones."""

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


def _codes(y: ArrayLike | None, estimator: str) -> Int64:
    """Identities as whole numbers, see `label_codes`.

    Raises:
        InputError: If there are none, or one is neither a whole number nor a name.
    """
    if y is None:
        raise InputError(
            f"{estimator} requires y to be passed, but the target y is None: give the identity of "
            "each row, or group without labels by covey.GraphClusterer"
        )
    codes = label_codes(as_labels(y), "y")[0]
    if not (codes >= 0).any():
        raise InputError(
            f"y: names no identity, all {len(codes):,} rows are missing (None, NaN, empty) or "
            "below 0; give identities, or group without labels by covey.GraphClusterer"
        )
    return codes
