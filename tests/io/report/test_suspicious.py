from __future__ import annotations

from covey.io.report.groups import group
from covey.io.report.neighbourhood import count_neighbours
from covey.io.report.suspicious import find_suspicious


def test_counts_what_it_does_not_show(digits) -> None:
    result = digits[0]
    groups = group(result)
    near = count_neighbours(result.knn, groups)
    few = find_suspicious(result, groups, near, show=1)
    more = find_suspicious(result, groups, near, show=6)
    for a, b in zip(few, more, strict=True):
        assert len(a.shown) <= len(b.shown) <= b.total
        assert a.total == b.total or a.key == "large"  # without what is shown as mixed


def test_large_clusters_are_not_shown_twice(digits) -> None:
    result = digits[0]
    groups = group(result)
    kinds = find_suspicious(result, groups, count_neighbours(result.knn, groups))
    shown = {kind.key: {finding.clusters for finding in kind.shown} for kind in kinds}
    assert not shown["mixed"] & shown["large"]
    assert list(shown) == ["mixed", "merges", "large", "outliers", "strays"]
