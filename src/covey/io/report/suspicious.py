"""What to look at first: all kinds of findings, each ranked, the worst kind first."""

from __future__ import annotations

from covey.clustering import ClusterResult
from covey.io.report.findings import Findings
from covey.io.report.groups import Groups
from covey.io.report.merges import find_merges, find_strays
from covey.io.report.mixed import find_large, find_mixed
from covey.io.report.neighbourhood import Neighbourhood
from covey.io.report.outliers import find_outliers


def find_suspicious(
    result: ClusterResult, groups: Groups, near: Neighbourhood, *, show: int = 6
) -> list[Findings]:
    """Ranks what is most likely wrong in each of five ways.

    Every finding gives its reason in words and the items that show it; those not shown are
    counted. O(m log m) time and O(m) memory for m edges.
    """
    mixed = find_mixed(result.edges, groups, near, show=show)
    already = {finding.clusters[0] for finding in mixed.shown}
    return [
        mixed,
        find_merges(groups, near, show=show),
        find_large(groups, already, show=show),
        find_outliers(result.edges, groups, near, show=2 * show),
        find_strays(groups, near, show=show),
    ]
