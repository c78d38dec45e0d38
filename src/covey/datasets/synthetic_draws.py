"""Synthetic collections of random kind and difficulty, to train on.

Between the bounds numbers are drawn uniformly, or so on a log scale where the table says log.
One of five kinds, cameras twice as often as the others; sizes are zipf, lognormal or equal,
equally often.

    all                     items 1,200 to 9,000 (log), columns 16 to 512 (log)
    von Mises-Fisher        groups 5 to n / 1.5 (log), cosine within 1.2 to 9 (log) over the
                            square root of the columns but at most 0.9, log spread of the
                            concentration 0 to 0.6, items of nobody 0, 10 or 40 %
    hierarchical            4 to 60 parents (log) of 2 to 25 children (log), of 2 where there are
                            more leaves than items; scales 1, 0.3 to 1, 0.25 to 2.5 (log)
    manifolds               groups 5 to n / 8 (log), 1 to 4 dimensions, extent 0.3 to 1.5, noise
                            0.03 to 1.5 (log)
    chains                  groups 20 to n / 4 (log), cosine of neighbours 0.5 to 0.98, largest
                            group 8 to 200 (log)
    cameras                 groups 10 to n / 1.5 (log), 2 to 8 cameras, camera 0.1 to 0.8, view 0
                            to 0.9, noise 0.25 to 2.2 (log), spectrum 0 to 0.8

A random pair of rows has a cosine of about 1 over the square root of the columns: what lies
together no closer than that is hard to find.

Numbers of groups that the other numbers do not allow are moved to the nearest that they do.
"""

from __future__ import annotations

import numpy as np

from covey.datasets.cameras import seen_by_cameras
from covey.datasets.sizes import Tail
from covey.datasets.synthetic import (
    Collection,
    concentration_for,
    hierarchical_gaussians,
    low_dimensional_manifolds,
    near_duplicate_chains,
    von_mises_fisher_mixture,
)

_TAILS: tuple[Tail, ...] = ("zipf", "lognormal", "equal")
_ITEMS, _COLUMNS = (1200, 9000), (16, 512)
_MIXTURE_FEWEST, _MIXTURE_CLEARNESS, _MIXTURE_SPREAD = 5, (1.2, 9), (0, 0.6)
_MIXTURE_CLOSEST = 0.9
_MIXTURE_NOBODYS = (0.0, 0.1, 0.4)
_HIERARCHY_PARENTS, _HIERARCHY_CHILDREN = (4, 60), (2, 25)
_HIERARCHY_CHILD_SCALE, _HIERARCHY_ITEM_SCALE = (0.3, 1.0), (0.25, 2.5)
_MANIFOLD_FEWEST, _MANIFOLD_DIMENSIONS = 5, (1, 4)
_MANIFOLD_EXTENT, _MANIFOLD_NOISE = (0.3, 1.5), (0.03, 1.5)
_CHAIN_FEWEST, _CHAIN_LARGEST, _CHAIN_SIMILARITY = 20, (8, 200), (0.5, 0.98)
_CAMERAS_FEWEST, _CAMERAS = 10, (2, 8)
_CAMERAS_CAMERA, _CAMERAS_VIEW = (0.1, 0.8), (0, 0.9)
_CAMERAS_NOISE, _CAMERAS_SPECTRUM = (0.25, 2.2), (0, 0.8)
_SMALL, _FEW_ITEMS_EACH, _SOME_ITEMS_EACH = 1.5, 4, 8  # items in a group where there are most


def draw_synthetic(rng: np.random.Generator) -> Collection:
    """Draws a synthetic collection by the table of this module.

    Args:
        rng: Source of all numbers; the same state gives the same bytes.

    Returns:
        x (n, d) float32 of unit rows and labels (n,) int64.
    """
    n, d = int(log_uniform(rng, *_ITEMS)), int(log_uniform(rng, *_COLUMNS))
    tail = _TAILS[rng.integers(len(_TAILS))]
    kind = _KINDS[rng.integers(len(_KINDS))]
    return kind(rng, n, d, tail)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two positive ones, its logarithm drawn uniformly."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for a function that takes one."""
    return int(rng.integers(1 << 30))


def _draw_mixture(rng: np.random.Generator, n: int, d: int, tail: Tail) -> Collection:
    noise = float(rng.choice(_MIXTURE_NOBODYS))
    clearness = log_uniform(rng, *_MIXTURE_CLEARNESS)
    return von_mises_fisher_mixture(
        n,
        d,
        n_groups=min(int(log_uniform(rng, _MIXTURE_FEWEST, n / _SMALL)), n - round(noise * n)),
        tail=tail,
        min_size=1,
        concentration=concentration_for(min(clearness / np.sqrt(d), _MIXTURE_CLOSEST), d),
        concentration_spread=rng.uniform(*_MIXTURE_SPREAD),
        noise=noise,
        seed=draw_seed(rng),
    )


def _draw_hierarchy(rng: np.random.Generator, n: int, d: int, tail: Tail) -> Collection:
    parents = int(log_uniform(rng, *_HIERARCHY_PARENTS))
    children = int(log_uniform(rng, *_HIERARCHY_CHILDREN))
    return hierarchical_gaussians(
        n,
        d,
        branching=(parents, children if parents * children <= n else 2),
        scales=(
            1.0,
            rng.uniform(*_HIERARCHY_CHILD_SCALE),
            log_uniform(rng, *_HIERARCHY_ITEM_SCALE),
        ),
        tail=tail,
        seed=draw_seed(rng),
    )


def _draw_manifolds(rng: np.random.Generator, n: int, d: int, tail: Tail) -> Collection:
    return low_dimensional_manifolds(
        n,
        d,
        n_groups=int(log_uniform(rng, _MANIFOLD_FEWEST, n / _SOME_ITEMS_EACH)),
        intrinsic=int(rng.integers(*_MANIFOLD_DIMENSIONS, endpoint=True)),
        extent=rng.uniform(*_MANIFOLD_EXTENT),
        noise=log_uniform(rng, *_MANIFOLD_NOISE),
        tail=tail,
        seed=draw_seed(rng),
    )


def _draw_chains(rng: np.random.Generator, n: int, d: int, tail: Tail) -> Collection:
    largest = int(log_uniform(rng, *_CHAIN_LARGEST))
    return near_duplicate_chains(
        n,
        d,
        n_groups=max(int(log_uniform(rng, _CHAIN_FEWEST, n / _FEW_ITEMS_EACH)), -(-n // largest)),
        neighbour_similarity=rng.uniform(*_CHAIN_SIMILARITY),
        tail=tail,
        max_size=largest,
        seed=draw_seed(rng),
    )


def _draw_cameras(rng: np.random.Generator, n: int, d: int, tail: Tail) -> Collection:
    return seen_by_cameras(
        n,
        d,
        n_groups=int(log_uniform(rng, _CAMERAS_FEWEST, n / _SMALL)),
        n_cameras=int(rng.integers(*_CAMERAS, endpoint=True)),
        camera=rng.uniform(*_CAMERAS_CAMERA),
        view=rng.uniform(*_CAMERAS_VIEW),
        noise=log_uniform(rng, *_CAMERAS_NOISE),
        spectrum=rng.uniform(*_CAMERAS_SPECTRUM),
        tail=tail,
        min_size=1,
        seed=draw_seed(rng),
    )


_KINDS = (
    _draw_mixture,
    _draw_hierarchy,
    _draw_manifolds,
    _draw_chains,
    _draw_cameras,
    _draw_cameras,
)
