"""The inner loop of a multilevel search: nodes move to the neighbouring cluster that gains most.

Two families of objective are known here:

- the map equation, a cost in bits that needs the cut and the mass of each cluster;
- a linear quality, the sum over clusters of (inner weight - resolution * mass**2 / 2), which is
  modularity when mass is weighted degree and the constant Potts model when mass is a count.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from covey.partition.level import Float64, Int32, Level

FREE, REFINE, APART = 0, 1, 2
"""How nodes may move: see `move_nodes`."""


class Objective(NamedTuple):
    """What is optimised.

    Attributes:
        is_map: The map equation, otherwise the linear quality.
        counts_items: Mass is the number of items, otherwise the weighted degree.
        scale: 1 / (2 * total weight) for the map equation, the resolution for the linear quality.
        least_gain: A move must gain more than this; above rounding, below any real gain.
    """

    is_map: bool
    counts_items: bool
    scale: float
    least_gain: float


_LOG2_E = 1.0 / np.log(2.0)


@nb.njit(inline="always")
def _log2(p: float) -> float:
    return np.log2(p) if p > 0.0 else 0.0


@nb.njit(cache=True, nogil=True)
def move_nodes(
    level: Level,
    node_mass: Float64,
    label: Int32,
    objective: Objective,
    within: Int32,
    mode: int,
) -> float:
    """Moves nodes between clusters, in place, as long as that gains; returns the total gain.

    Every node is visited once, and again whenever a neighbour has left for another cluster.

    - `FREE`: the plain search.
    - `REFINE`: each node is visited once, joins only clusters inside its cluster of `within`, and
      moves only while it is alone, so that every piece stays connected. `label` must be 0..n-1.
    - `APART`: as `FREE`, on a graph without edges between the clusters of `within`, each of which
      counts as a network of its own: the map equation gives it its own index codebook. `label`
      must be 0..n-1.

    Args:
        level: The graph, n nodes.
        node_mass: (n,) float64, what the objective counts of a node.
        label: (n,) cluster of each node, values in 0..n-1.
        objective: What is optimised.
        within: (n,) clusters to stay inside, values in 0..n-1; not read in mode `FREE`.
        mode: One of the three above.
    """
    refine = mode == REFINE
    start, neighbour, weight = level.start, level.neighbour, level.weight
    tag_start, tag, holder_start, holder = (
        level.tag_start,
        level.tag,
        level.holder_start,
        level.holder,
    )
    is_map, scale, least_gain = objective.is_map, objective.scale, objective.least_gain
    n = node_mass.shape[0]

    degree = np.zeros(n)  # of each node
    mass = np.zeros(n)  # of each cluster, as the three below
    cut = np.zeros(n)
    members = np.zeros(n, np.int32)
    log_cut = np.zeros(n)
    log_flow = np.zeros(n)  # flow: cut and mass together
    inner = np.zeros(n if refine else 0)  # weight between a cluster and the rest of its `within`
    room = np.zeros(n if refine else 0)  # mass of each cluster of `within`
    for v in range(n):
        c = label[v]
        mass[c] += node_mass[v]
        members[c] += 1
        if refine:
            room[within[v]] += node_mass[v]
        for e in range(start[v], start[v + 1]):
            u = neighbour[e]
            degree[v] += weight[e]
            if label[u] != c:
                cut[c] += weight[e]
                if refine and within[u] == within[v]:
                    inner[c] += weight[e]
    total_cuts = np.zeros(n if mode == APART else 1)  # of each index codebook
    for c in range(n):
        total_cuts[within[c] if mode == APART else 0] += cut[c]
    vacant = np.empty(n, np.int32)
    n_vacant = 0
    for c in range(n - 1, -1, -1):
        log_cut[c] = _log2(cut[c] * scale)
        log_flow[c] = _log2((cut[c] + mass[c]) * scale)
        if members[c] == 0:
            vacant[n_vacant] = c
            n_vacant += 1

    queue = np.arange(n).astype(np.int32)
    waiting = np.ones(n, np.bool_)
    head, n_waiting = 0, n
    to = np.zeros(n)  # weight from the visited node to each cluster
    near = np.empty(n, np.int32)  # the clusters where that is not zero
    forbidden = np.zeros(n, np.bool_)
    total_gain = 0.0

    while n_waiting > 0:
        v = queue[head]
        head = head + 1 if head + 1 < n else 0
        n_waiting -= 1
        waiting[v] = False
        old = label[v]
        if refine and members[old] > 1:
            continue

        n_near = 0
        for e in range(start[v], start[v + 1]):
            u = neighbour[e]
            if refine and within[u] != within[v]:
                continue
            c = label[u]
            if to[c] == 0.0:
                near[n_near] = c
                n_near += 1
            to[c] += weight[e]
        for t in range(tag_start[v], tag_start[v + 1]):
            for h in range(holder_start[tag[t]], holder_start[tag[t] + 1]):
                forbidden[label[holder[h]]] = True

        book = within[v] if mode == APART else 0
        total_cut = total_cuts[book]
        log_total = _log2(total_cut * scale)
        own_mass, own_degree, to_old = node_mass[v], degree[v], to[old]
        left_cut = cut[old] - own_degree + 2.0 * to_old
        left_mass = mass[old] - own_mass
        if is_map:
            left_flow = left_cut + left_mass
            leaving = scale * (
                2.0 * (left_cut * _log2(left_cut * scale) - cut[old] * log_cut[old])
                - left_flow * _log2(left_flow * scale)
                + (cut[old] + mass[old]) * log_flow[old]
            )
        else:
            leaving = scale * own_mass * left_mass - to_old
        if refine and not is_map:
            rest = room[within[v]] - own_mass
            loose = inner[old] < scale * own_mass * rest
        else:
            loose = False

        best, best_gain = old, least_gain
        n_candidates = n_near
        if not refine and members[old] > 1 and n_vacant > 0:
            near[n_near] = vacant[n_vacant - 1]
            n_candidates += 1
        for i in range(0 if loose else n_candidates):
            c = near[i]
            if c == old or forbidden[c]:
                continue
            if is_map:
                flow = cut[c] + mass[c]
                more_total = 2.0 * (to_old - to[c])
                more_cut = own_degree - 2.0 * to[c]
                more_flow = more_cut + own_mass
                new_cut = cut[c] + more_cut
                # A bound without logarithms, as they take most of the time: x log2 x is convex, so
                # it lies above its tangents, and its curvature is log2(e) / x.
                least = min(cut[c], new_cut)
                if least > 0.0:
                    tangents = (
                        2.0 * more_cut * (log_cut[c] + _LOG2_E)
                        - more_flow * (log_flow[c] + _LOG2_E)
                        - more_total * (log_total + _LOG2_E)
                    )
                    curvature = more_cut * more_cut * _LOG2_E / least
                    if leaving + scale * (tangents + curvature) <= best_gain:
                        continue
                new_total, new_flow = total_cut + more_total, flow + more_flow
                gain = leaving + scale * (
                    total_cut * log_total
                    - new_total * _log2(new_total * scale)
                    + 2.0 * (new_cut * _log2(new_cut * scale) - cut[c] * log_cut[c])
                    - new_flow * _log2(new_flow * scale)
                    + flow * log_flow[c]
                )
            else:
                if refine and inner[c] < scale * mass[c] * (room[within[v]] - mass[c]):
                    continue
                gain = leaving + to[c] - scale * own_mass * mass[c]
            if gain > best_gain:
                best, best_gain = c, gain

        for t in range(tag_start[v], tag_start[v + 1]):
            for h in range(holder_start[tag[t]], holder_start[tag[t] + 1]):
                forbidden[label[holder[h]]] = False

        if best != old:
            total_gain += best_gain
            total_cuts[book] += 2.0 * (to_old - to[best])
            cut[old], mass[old] = left_cut, left_mass
            cut[best] += own_degree - 2.0 * to[best]
            mass[best] += own_mass
            if refine:
                inner[best] += inner[old] - 2.0 * to[best]
            for c in (old, best):
                log_cut[c] = _log2(cut[c] * scale)
                log_flow[c] = _log2((cut[c] + mass[c]) * scale)
            if members[best] == 0:
                n_vacant -= 1
            members[old] -= 1
            members[best] += 1
            if members[old] == 0:
                vacant[n_vacant] = old
                n_vacant += 1
            label[v] = best
            if not refine:
                for e in range(start[v], start[v + 1]):
                    u = neighbour[e]
                    if label[u] != best and not waiting[u]:
                        waiting[u] = True
                        tail = head + n_waiting
                        queue[tail if tail < n else tail - n] = u
                        n_waiting += 1

        for i in range(n_near):
            to[near[i]] = 0.0
    return total_gain
