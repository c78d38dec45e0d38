import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.max_queue import lower_top, new_queue, raise_key, remove

step = st.tuples(
    st.sampled_from(["raise", "remove", "lower"]), st.integers(0, 7), st.integers(0, 4)
)


@settings(deadline=None)
@given(st.lists(step, max_size=40))
def test_the_top_is_the_largest_key_and_then_the_smallest_entry(steps):
    queue, expected = new_queue(8), {}
    for what, entry, key in steps:
        if what == "raise":
            raise_key(queue, entry, float(key))
            expected[entry] = max(key, expected.get(entry, key))
        elif what == "remove":
            remove(queue, entry)
            expected.pop(entry, None)
        elif expected:
            top = int(queue.entry[0])
            lower_top(queue, expected[top] - float(key))
            expected[top] -= key
        assert queue.length[0] == len(expected)
        if expected:
            assert queue.entry[0] == min(expected, key=lambda e: (-expected[e], e))
        assert set(np.flatnonzero(queue.place >= 0)) == set(expected)
