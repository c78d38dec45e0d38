import numpy as np
import pytest

from covey.partition.leiden import partition_quality
from covey.partition.level import build_level
from covey.partition.local_moving import FREE, REFINE, Objective, move_nodes
from covey.partition.map_equation import codelength
from covey.types import Edges


def random_edges(seed, n, m):
    rng = np.random.default_rng(seed)
    pairs = np.unique(np.sort(rng.integers(0, n, (m, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return Edges(pairs[:, 0], pairs[:, 1], rng.random(len(pairs)).astype(np.float32))


def map_objective(level):
    return Objective(True, False, 1 / level.mass.sum(), 1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_the_gain_is_what_the_codelength_lost(seed):
    edges = random_edges(seed, 80, 400)
    level, node = build_level(edges, 80, None, seed)
    label = np.random.default_rng(seed).integers(0, 80, 80).astype(np.int32)
    before = codelength(edges, 80, label[node])
    gain = move_nodes(level, level.mass, label, map_objective(level), label, FREE)
    assert gain > 0.1
    assert before - codelength(edges, 80, label[node]) == pytest.approx(gain, abs=1e-9)


@pytest.mark.parametrize("objective", ["modularity", "cpm"])
def test_the_gain_is_what_the_quality_won(objective):
    edges = random_edges(0, 80, 400)
    level, node = build_level(edges, 80, None, 0)
    twice = level.mass.sum()
    cpm = objective == "cpm"
    search = Objective(False, cpm, 0.1 if cpm else 1 / twice, 1e-9)
    unit = 1 if cpm else twice / 2
    label = np.arange(80, dtype=np.int32)
    options = {"objective": objective, "resolution": 0.1 if cpm else 1.0}
    before = partition_quality(edges, 80, label[node], **options)
    mass = level.items if cpm else level.mass
    gain = move_nodes(level, mass, label, search, label, FREE)
    after = partition_quality(edges, 80, label[node], **options)
    assert (after - before) * unit == pytest.approx(gain, abs=1e-4)


def test_refined_pieces_stay_inside_their_cluster():
    level, _ = build_level(random_edges(1, 120, 500), 120, None, 0)
    within = (np.arange(120) % 7).astype(np.int32)
    piece = np.arange(120, dtype=np.int32)
    move_nodes(level, level.mass, piece, map_objective(level), within, REFINE)
    assert 7 <= len(np.unique(piece)) < 120
    for p in np.unique(piece):
        assert len(np.unique(within[piece == p])) == 1
