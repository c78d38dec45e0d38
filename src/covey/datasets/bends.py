"""Random bends of a collection, one after another.

Each bend happens as often as the table says, in this order; between the bounds its numbers are
drawn uniformly, or so on a log scale where the table says log.

    spectrum    25 %: exponent -0.4 to 0.3; centred half the time
    styles      35 %: 2 to 8 styles of rank 1 to 5, strength 0.1 to 0.7; half the time also views
                within groups, 0.1 to 0.7
    noise       50 %: strength 0.1 to 0.8 (log), in 15 % of these 0.8 to 2.5 (log); spectrum 0 to
                0.8, spread 0 to 0.6
    hubs        12 %: share 0.002 to 0.03, strength 0.3 to 0.8
    cone        50 %: strength 0.1 to 0.8
    projection  40 %: 16 to 1,024 columns (log), all where there are fewer
    duplicates  12 %: share 0.01 to 0.3, jitter 0.05 to 0.4
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.datasets.distortions import with_noise, with_spectrum, with_styles
from covey.datasets.synthetic import Collection
from covey.datasets.synthetic_draws import draw_seed, log_uniform
from covey.datasets.views import random_projection_view, with_cone, with_duplicates, with_hubs
from covey.types import Int64

_SPECTRUM_CHANCE, _SPECTRUM_EXPONENT = 0.25, (-0.4, 0.3)
_STYLES_CHANCE, _STYLES, _STYLES_RANK, _STYLES_STRENGTH = 0.35, (2, 8), (1, 5), (0.1, 0.7)
_WITHIN_CHANCE, _WITHIN_STRENGTH = 0.5, (0.1, 0.7)
_NOISE_CHANCE, _NOISE_STRENGTH = 0.5, (0.1, 0.8)
_HEAVY_NOISE_CHANCE, _HEAVY_NOISE_STRENGTH = 0.15, (0.8, 2.5)
_NOISE_SPECTRUM, _NOISE_SPREAD = (0, 0.8), (0, 0.6)
_HUBS_CHANCE, _HUBS_SHARE, _HUBS_STRENGTH = 0.12, (0.002, 0.03), (0.3, 0.8)
_CONE_CHANCE, _CONE_STRENGTH = 0.5, (0.1, 0.8)
_PROJECTION_CHANCE, _PROJECTION_COLUMNS = 0.4, (16, 1024)
_DUPLICATES_CHANCE, _DUPLICATES_SHARE, _DUPLICATES_JITTER = 0.12, (0.01, 0.3), (0.05, 0.4)


def bend(x: NDArray[Any], labels: Int64, rng: np.random.Generator) -> Collection:
    """Bends a collection at random, by the table of this module.

    Args:
        x: (n, d) floats.
        labels: (n,) group of each item, not negative.
        rng: Source of all numbers.

    Returns:
        x with as many columns or fewer, its rows of any length, and labels. The first n are the
        items given, copies follow; rows can be equal and, where the input is degenerate, zero.
    """
    if rng.random() < _SPECTRUM_CHANCE:
        centre, exponent = rng.random() < 0.5, rng.uniform(*_SPECTRUM_EXPONENT)
        x = with_spectrum(x, exponent, centre=centre, seed=draw_seed(rng))
    if rng.random() < _STYLES_CHANCE:
        x = with_styles(
            x,
            labels,
            n_styles=int(rng.integers(*_STYLES, endpoint=True)),
            rank=int(rng.integers(*_STYLES_RANK, endpoint=True)),
            strength=rng.uniform(*_STYLES_STRENGTH),
            within=rng.uniform(*_WITHIN_STRENGTH) if rng.random() < _WITHIN_CHANCE else 0.0,
            seed=draw_seed(rng),
        )
    if rng.random() < _NOISE_CHANCE:
        heavy = rng.random() < _HEAVY_NOISE_CHANCE
        x = with_noise(
            x,
            log_uniform(rng, *(_HEAVY_NOISE_STRENGTH if heavy else _NOISE_STRENGTH)),
            spectrum=rng.uniform(*_NOISE_SPECTRUM),
            spread=rng.uniform(*_NOISE_SPREAD),
            seed=draw_seed(rng),
        )
    if rng.random() < _HUBS_CHANCE:
        share, strength = rng.uniform(*_HUBS_SHARE), rng.uniform(*_HUBS_STRENGTH)
        x = with_hubs(x, labels, share=share, strength=strength, seed=draw_seed(rng))
    if rng.random() < _CONE_CHANCE:
        x = with_cone(x, rng.uniform(*_CONE_STRENGTH), seed=draw_seed(rng))
    if rng.random() < _PROJECTION_CHANCE:
        columns = min(int(log_uniform(rng, *_PROJECTION_COLUMNS)), x.shape[1])
        x = random_projection_view(x, columns, seed=draw_seed(rng))
    if rng.random() < _DUPLICATES_CHANCE:
        share, jitter = rng.uniform(*_DUPLICATES_SHARE), rng.uniform(*_DUPLICATES_JITTER)
        x, labels = with_duplicates(x, labels, share=share, jitter=jitter, seed=draw_seed(rng))
    return x, labels
