"""Multiple tests in the place of one: results that like and dislike what the query does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covey.retrieval.collection import Collection, sorted_lists
from covey.similarity.profiles import local_profiles
from covey.types import Float32, Int64, KnnGraph, UsageError


@dataclass(frozen=True, slots=True)
class Profiles:
    """Orders the first results by the cosine of centred similarity profiles.

    The query and its first results are a local set; its members are compared by their similarities
    to all of them, see `similarity.profiles`. Results after those keep their places. (The untrained
    form of Wang et al., NeurIPS 2022.)

    Attributes:
        pool: (n [+ q], d) float32 unit rows, `Collection.pool`.
        collection: Queries and gallery.
        results: Size of the local set without the query; 120 as in the paper.
    """

    pool: Float32
    collection: Collection
    results: int = 120

    @classmethod
    def prepare(cls, collection: Collection, *, results: int = 120) -> Profiles:
        """Nothing has to be known beforehand.

        Raises:
            UsageError: If `results` is not positive.
        """
        if results < 1:
            raise UsageError(f"results must be at least 1, got {results}")
        return cls(collection.pool, collection, results)

    def rerank(self, which: Int64, first: KnnGraph) -> KnnGraph:
        """The same lists in another order. O(b results^2 d) time.

        The score is the cosine of profiles plus 1 in the local set, and the plain cosine minus 1
        behind it, so that it always descends.
        """
        near = first.indices[:, : self.results]
        sets = np.hstack([self.collection.places(which)[:, None], near])
        scores = first.similarities - np.float32(1)
        scores[:, : self.results] = 1 + local_profiles(self.pool, sets, centred=True)[:, 1:]
        return sorted_lists(first.indices, scores)
