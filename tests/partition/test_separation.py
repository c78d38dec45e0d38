import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.separation import join, may_join, new_separation

tag_sets = st.lists(st.sets(st.integers(0, 6)), min_size=2, max_size=8)


@settings(deadline=None)
@given(tag_sets, st.data())
def test_clusters_may_join_exactly_if_their_tags_are_disjoint(sets, data):
    start = np.cumsum([0] + [len(s) for s in sets])
    tag = np.array([t for s in sets for t in sorted(s)], np.int64)
    separation = new_separation(start, tag)
    alive = list(range(len(sets)))
    while len(alive) > 1:
        for a in alive:
            for b in alive:
                if a != b:
                    assert may_join(separation, a, b) == sets[a].isdisjoint(sets[b])
        a, b = data.draw(st.permutations(alive))[:2]
        if sets[a].isdisjoint(sets[b]):
            join(separation, a, b)
            sets[a] = sets[a] | sets[b]
        alive.remove(b)
