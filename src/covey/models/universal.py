"""The universal scorer: a small transformer over similarities that reads any embedding space.

For each item and its 32 nearest neighbours it sees the 33 x 33 similarities among them (single tests), the cosines of the centred
rows of that matrix (multiple tests, as in "Robust Graph Structure Learning via Multiple
Statistical Tests", Wang et al., NeurIPS 2022) and the features of `local_context`, never the
embeddings themselves. A token is one member: its row of each matrix and its edge features.
Members attend to each other, the more so the more alike they are by either test; the answer is,
for each neighbour, the probability that it shares the item's group. What the collection is like as
a whole is added to every token. Both directions of an edge are averaged afterwards.

Trained by `covey.training.universal` with torch; here it runs on numpy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from scipy.special import expit

from covey.graph import nearest
from covey.models.local_context import (
    COLLECTION_FEATURES,
    EDGE_FEATURES,
    LIST_LENGTH,
    LocalContext,
    describe,
)
from covey.threads import bounded_threads
from covey.types import Float32, KnnGraph

_BLOCK = 128  # items run through the network at a time: their activations fit the cache
_CLIP = np.float32(3)  # of similarities
_CLIP_FEATURES = np.float32(5)  # standard deviations
_CLIP_COLLECTION = np.float32(4)
HEADS = 4
_ABOUT = 32  # hidden units on what describes the collection
_AFFINE = ("weight", "bias")


@dataclass(frozen=True, slots=True)
class UniversalScorer:
    """Weights by name, as `training.universal.Network` names them.

    Attributes:
        weights: float32 arrays.
        layers: Number of transformer layers.
        about: Where the weights come from: data, seed, version.
    """

    weights: dict[str, Float32]
    layers: int
    about: dict[str, Any]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """What each weight has to look like, given the width that "item" has."""
        width = len(self.weights.get("item", ()))
        f, g = len(EDGE_FEATURES), len(COLLECTION_FEATURES)
        linear = {
            "enter": (width, 2 * (LIST_LENGTH + 1) + f),
            "about.0": (_ABOUT, g),
            "about.2": (width, _ABOUT),
            "leave.hidden": (width, width),
            "leave.out": (1, width),
        }
        vectors = {
            "item": (width,),
            "features.mean": (f,),
            "features.scale": (f,),
            "collection.mean": (g,),
            "collection.scale": (g,),
            "leave.norm.weight": (width,),
            "leave.norm.bias": (width,),
        }
        for layer in (f"layers.{number}" for number in range(self.layers)):
            linear |= {
                f"{layer}.look": (3 * width, width),
                f"{layer}.tell": (width, width),
                f"{layer}.expand": (2 * width, width),
                f"{layer}.shrink": (width, 2 * width),
            }
            norms = (f"{layer}.{norm}.{part}" for norm in ("norm1", "norm2") for part in _AFFINE)
            vectors |= dict.fromkeys(norms, (width,))
            vectors |= {f"{layer}.{test}": (HEADS,) for test in ("single", "multiple")}
        for name, shape in linear.items():
            vectors |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
        return vectors

    def probabilities(
        self, rows: Float32, knn: KnnGraph, *, tick: Callable[[float], None] = lambda done: None
    ) -> Float32:
        """The probability that each neighbour shares the item's group, seen from the item.

        Args:
            rows: (n, d) float32 of unit length, n >= 2, that `knn` was built from.
            knn: Neighbours by cosine, without the item itself; the first 32 are used.
            tick: Called with the share done.

        Returns:
            (n, min(k, 32)) float32. About 5 million multiplications an item.
        """
        context = describe(rows, nearest(knn, LIST_LENGTH))
        out = np.empty(context.knn.indices.shape, np.float32)
        starts = range(0, len(rows), _BLOCK)
        threads = numba.get_num_threads()

        def run(start: int) -> None:
            items = np.arange(start, min(start + _BLOCK, len(rows)))
            out[items] = expit(self.logits(rows, context, items))

        with bounded_threads(1), ThreadPoolExecutor(threads) as pool:
            for done, _ in enumerate(pool.map(run, starts), 1):
                tick(done / len(starts))
        return out

    def logits(self, rows: Float32, context: LocalContext, items: np.ndarray[Any, Any]) -> Float32:
        """(b, k) float32 log odds of the edges of b items, one direction."""
        return network(
            self.weights,
            self.layers,
            context.local_tests(rows, items),
            context.edge_features(items),
            context.collection,
        )


def network(
    w: dict[str, Float32], layers: int, tests: Float32, features: Float32, collection: Float32
) -> Float32:
    """The forward pass.

    Args:
        w: Weights by name; matrices as torch stores them, (outputs, inputs).
        layers: Number of transformer layers.
        tests: (b, k + 1, k + 1) similarities among the members.
        features: (b, k, f) edge features.
        collection: (g,) features of the collection.

    Returns:
        (b, k) float32 log odds.
    """
    b, size, _ = tests.shape
    tests = np.clip(tests, -_CLIP, _CLIP)
    scaled = (features - w["features.mean"]) / w["features.scale"]
    np.clip(scaled, -_CLIP_FEATURES, _CLIP_FEATURES, out=scaled)
    f = scaled.shape[2]
    alike = profile_cosines(tests)
    tokens = np.zeros((b, size, 2 * (LIST_LENGTH + 1) + f), np.float32)
    tokens[:, :, :size] = tests
    tokens[:, :, LIST_LENGTH + 1 : LIST_LENGTH + 1 + size] = alike
    tokens[:, 1:, -f:] = scaled
    x = _linear(tokens, w, "enter")
    about = (collection - w["collection.mean"]) / w["collection.scale"]
    about = np.clip(about, -_CLIP_COLLECTION, _CLIP_COLLECTION)
    x += _linear(np.maximum(_linear(about, w, "about.0"), 0), w, "about.2")
    x[:, 0] += w["item"]
    for layer in range(layers):
        name = f"layers.{layer}"
        x += _attention(_normalised(x, w, f"{name}.norm1"), tests, alike, w, name)
        hidden = _linear(_normalised(x, w, f"{name}.norm2"), w, f"{name}.expand")
        x += _linear(np.maximum(hidden, 0, out=hidden), w, f"{name}.shrink")
    hidden = _linear(_normalised(x[:, 1:], w, "leave.norm"), w, "leave.hidden")
    return _linear(np.maximum(hidden, 0, out=hidden), w, "leave.out")[..., 0]


def profile_cosines(tests: Float32) -> Float32:
    """(b, s, s) cosines of the centred rows of (b, s, s) tests: multiple tests for every pair.

    Each member counts as near to itself as the nearest neighbour of the item is to the item.
    """
    profiles = tests.copy()
    diagonal = np.arange(tests.shape[1])
    profiles[:, diagonal, diagonal] = tests[:, 0, 1, None]
    profiles -= profiles.mean(axis=2, keepdims=True)
    length = np.sqrt(np.einsum("bij,bij->bi", profiles, profiles))
    profiles /= np.maximum(length, np.float32(1e-6))[..., None]
    return profiles @ profiles.swapaxes(1, 2)


def _attention(
    x: Float32, tests: Float32, alike: Float32, w: dict[str, Float32], name: str
) -> Float32:
    """Members look at each other; each head adds its multiples of both kinds of test."""
    b, size, width = x.shape
    depth = width // HEADS
    joint = _linear(x, w, f"{name}.look").reshape(b, size, 3, HEADS, depth)
    query, key, value = joint.transpose(2, 0, 3, 1, 4)
    score = query @ key.swapaxes(2, 3)
    score *= np.float32(1 / np.sqrt(depth))
    score += w[f"{name}.single"][:, None, None] * tests[:, None]
    score += w[f"{name}.multiple"][:, None, None] * alike[:, None]
    score -= score.max(axis=3, keepdims=True)
    np.exp(score, out=score)
    score /= score.sum(axis=3, keepdims=True)
    seen = (score @ value).swapaxes(1, 2).reshape(b, size, width)
    return _linear(seen, w, f"{name}.tell")


def _linear(x: Float32, w: dict[str, Float32], name: str) -> Float32:
    flat = x.reshape(-1, x.shape[-1]) @ w[f"{name}.weight"].T
    flat += w[f"{name}.bias"]
    return flat.reshape(*x.shape[:-1], -1)


def _normalised(x: Float32, w: dict[str, Float32], name: str) -> Float32:
    """Layer normalisation."""
    x = x - x.mean(axis=-1, keepdims=True)
    x /= np.sqrt(np.einsum("...i,...i->...", x, x) / np.float32(x.shape[-1]) + 1e-5)[..., None]
    x *= w[f"{name}.weight"]
    x += w[f"{name}.bias"]
    return x
