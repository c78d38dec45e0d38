"""`benchmarks/universal_ablation.py`: groups of columns, and training without the open level."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra learn")
from covey.models.appraisal import SIGNS
from covey.models.edge_features import EDGE_FEATURES
from covey.training.examples import EdgeExamples
from covey.training.universal import Schedule

ablation = pytest.importorskip("universal_ablation", reason="not in a source distribution")


@pytest.mark.parametrize(
    ("names", "groups"), [(EDGE_FEATURES, ablation.INPUTS), (SIGNS, ablation.SIGN_GROUPS)]
)
def test_every_column_is_left_out_once(names, groups):
    left_out = [
        set(range(len(names))) - set(rest) for rest in ablation.all_but(names, groups).values()
    ]
    assert all(left_out)
    assert sorted(column for group in left_out for column in group) == list(range(len(names)))


def test_a_name_without_a_group():
    with pytest.raises(SystemExit, match="'weight' is in no group"):
        ablation.all_but(["height", "weight"], {"size": ("height",)})


def test_the_closed_level_is_another_training():
    """Views of different levels: learned from the same draws, the weights differ."""
    rng = np.random.default_rng(0)
    width = len(EDGE_FEATURES)
    views = [
        EdgeExamples(
            ("a",) if number % 4 == 3 else (),
            rng.standard_normal((30, 8, width)).astype(np.float16),
            rng.random((30, 8)) < share,
        )
        for number, share in enumerate((0.1, 0.9, 0.3, 0.5))
    ]
    schedule = Schedule(steps=3, views=4, items=8)
    plain = ablation.Variant("", views).train("a", schedule)
    alone = ablation.Variant("", views[:3]).train("b", schedule)
    closed = ablation.Variant("", views, open_level=False).train("a", schedule)
    again = ablation.Variant("", views).train("a", schedule)
    final = [network.layers[-1][0] for network in (plain, alone, closed, again)]
    assert np.array_equal(final[0], final[1])
    assert not np.array_equal(final[0], final[2])
    assert np.array_equal(final[0], final[3])
