from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.pair_table import delete, find, insert, new_table

CAPACITY = 12
number = st.integers(0, 5) | st.sampled_from([2**31 - 1, 2**30])


@settings(deadline=None)
@given(st.lists(st.tuples(number, number, st.integers(0, 2**31 - 1)), max_size=60))
def test_behaves_like_a_dictionary(steps):
    table, expected = new_table(CAPACITY), {}
    for a, b, value in steps:
        if (a, b) in expected:
            delete(table, a, b)
            del expected[a, b]
        elif len(expected) < CAPACITY:
            insert(table, a, b, value)
            expected[a, b] = value
        for x, y, _ in steps:
            assert find(table, x, y) == expected.get((x, y), -1)


def test_an_empty_table_answers():
    assert find(new_table(0), 0, 0) == -1
