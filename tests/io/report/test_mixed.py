from __future__ import annotations

import numpy as np

from covey.io.report.groups import Groups, group
from covey.io.report.mixed import LOW_COHESION, LOW_FIRMNESS, find_large, find_mixed
from covey.io.report.neighbourhood import Neighbourhood, count_neighbours


def found_in(result, show: int = 6):
    groups = group(result)
    return find_mixed(result.edges, groups, count_neighbours(result.knn, groups), show=show)


def test_two_blocks_on_one_bridge_look_mixed(result_from, ring) -> None:
    links = [*ring(range(0, 14), 0.95), *ring(range(14, 24), 0.95), (3, 17, 0.9)]
    links += ring(range(24, 34), 0.95)
    found = found_in(result_from([0] * 24 + [1] * 10, links))
    assert found.shown[0].clusters == (0,)
    assert "parts of 14 and 10 items that 1 link of its" in found.shown[0].reason
    assert set(found.shown[0].rows[0].items) <= set(range(14))
    assert set(found.shown[0].rows[1].items) <= set(range(14, 24))


def test_doubtful_links_look_mixed(result_from, ring) -> None:
    links = ring(range(0, 7), 0.6) + ring(range(7, 14), 0.97)
    found = found_in(result_from([0] * 7 + [1] * 7, links))
    assert [finding.clusters for finding in found.shown] == [(0,)]
    assert found.shown[0].reason.startswith("Its links are only 60% sure on average.")


def firmness_by_loops(groups: Groups, near: Neighbourhood) -> dict[int, float]:
    firm = {}
    for label in range(groups.n_clusters):
        members = [i for i in range(groups.n) if groups.labels[i] == label]
        each = [float(groups.strength[i]) * float(near.share[i]) for i in members]
        firm[label] = sum(each) / len(each)
    return firm


def test_loose_clusters_against_plain_loops(digits) -> None:
    result = digits[0]
    groups = group(result)
    near = count_neighbours(result.knn, groups)
    found = find_mixed(result.edges, groups, near, show=groups.n_clusters)
    firm = firmness_by_loops(groups, near)
    flagged = [finding.clusters[0] for finding in found.shown]
    low = {
        label
        for label in firm
        if groups.sizes[label] > 1
        and (firm[label] < LOW_FIRMNESS or groups.cohesion[label] < LOW_COHESION)
    }
    assert low <= set(flagged)
    assert low
    assert found.total == len(flagged)


def test_the_least_firm_comes_first(result_from, ring) -> None:
    """Weak links make a cluster loose, and so do sure ones to few of the possible neighbours."""
    links = []
    for label, weight in enumerate([0.6, 0.97, 0.55, 0.75, 0.5]):
        links += ring(range(7 * label, 7 * label + 7), weight)
    links += [(i, i + 1, 0.97) for i in range(35, 42)] + [(35, 42, 0.97)]
    result = result_from([i // 7 for i in range(35)] + [5] * 8, links)
    groups = group(result)
    near = count_neighbours(result.knn, groups)
    firm = firmness_by_loops(groups, near)
    order = [
        finding.clusters[0] for finding in find_mixed(result.edges, groups, near, show=6).shown
    ]
    assert order == sorted(set(firm) - {1}, key=firm.__getitem__) == [5, 4, 2, 0, 3]
    assert [finding.clusters for finding in found_in(result, show=2).shown] == [(5,), (4,)]
    assert found_in(result, show=2).total == 5


def test_large_is_far_above_the_usual(result_from) -> None:
    sizes = [3] * 30 + [4] * 10 + [90]
    labels = np.repeat(np.arange(len(sizes)), sizes).tolist()
    groups = group(result_from(labels, [(0, 1, 0.9)]))
    found = find_large(groups, set(), show=6)
    assert found.total == 1
    assert found.shown[0].clusters == (40,)
    assert "30 times the usual cluster of 3" in found.shown[0].reason
    assert find_large(groups, {40}, show=6).total == 0
