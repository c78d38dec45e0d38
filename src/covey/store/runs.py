"""Runs of a project: each in a folder of its own that is never changed.

run.json             what was asked for, the rule, the report, what became of the groups
groups.parquet       item, cluster of the run, group of the project, strength
edges.parquet        all edges with their probabilities, those below the cut, too
neighbours.npy, similarities.npy
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from covey.grouping_rule import GroupingRule, rule_from
from covey.io.atomic import atomic_file, atomic_folder
from covey.io.edges import read_edges, write_edges
from covey.io.summary import write_summary
from covey.store.project import Project, read_facts
from covey.types import Edges, Float32, InputError, Int64, KnnGraph

_FACTS, _GROUPS, _EDGES = "run.json", "groups.parquet", "edges.parquet"
_NEIGHBOURS, _SIMILARITIES = "neighbours.npy", "similarities.npy"
_KINDS = {"n": int, "batches": list, "rule": dict, "report": dict, "asked": dict, "decided_on": int}
_MAY_LACK = ("report", "asked", "decided_on")
_WAY_OUT = "restore a copy, or make a run anew with covey run --full"


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept; arrays are read when they are asked for.

    Attributes:
        number: Of the run.
        folder: Where it is.
        facts: What `run.json` holds.
    """

    number: int
    folder: Path
    facts: dict[str, Any]

    @property
    def n(self) -> int:
        """Items that there were."""
        return int(self.facts["n"])

    @property
    def batches(self) -> list[int]:
        """Numbers of the batches that these came in."""
        return [int(each) for each in self.facts["batches"]]

    def rule(self) -> GroupingRule:
        """How groups came from neighbours."""
        try:
            return rule_from(self.facts["rule"])
        except InputError as error:
            raise InputError(f"{self.folder / _FACTS}: {error}; {_WAY_OUT}") from None

    def groups(self) -> Int64:
        """(n,) int64 group of each item in the project, `NO_GROUP` for none."""
        return self._column("group", pa.int64())

    def clusters(self) -> Int64:
        """(n,) int64 cluster of each item in this run."""
        return self._column("cluster", pa.int64())

    def strength(self) -> Float32:
        """(n,) float32, how firmly each item is in its cluster."""
        return self._column("strength", pa.float32())

    def edges(self) -> Edges:
        """All edges, calibrated."""
        try:
            return read_edges(self.folder / _EDGES, self.n)
        except InputError as error:
            raise InputError(
                f"{self.folder}: its edges cannot be read ({error}); {_WAY_OUT}"
            ) from error

    def knn(self) -> KnnGraph:
        """Neighbours, as memory maps."""
        try:
            pair = [
                np.load(self.folder / name, mmap_mode="r", allow_pickle=False)
                for name in (_NEIGHBOURS, _SIMILARITIES)
            ]
            found = KnnGraph(*pair)
        except (OSError, EOFError, ValueError) as error:
            raise self._no_neighbours(str(error)) from error
        near = found.indices
        if found.n != self.n or near.dtype.kind != "i" or found.similarities.dtype != np.float32:
            raise self._no_neighbours(f"they are no lists of {self.n} items")
        if near.size and not -1 <= near.min() <= near.max() < self.n:
            raise self._no_neighbours(f"they name others than {self.n} items")
        return found

    def _no_neighbours(self, why: str) -> InputError:
        return InputError(f"{self.folder}: its neighbours cannot be read ({why}); {_WAY_OUT}")

    def _column(self, name: str, kind: pa.DataType) -> NDArray[Any]:
        path = self.folder / _GROUPS
        try:
            found = pq.read_table(path, columns=[name])[name].cast(kind, safe=True)
        except (pa.ArrowException, OSError, KeyError) as error:
            raise InputError(f"{path}: cannot be read ({error}); restore a copy") from error
        known = len(found) - found.null_count
        if known != self.n:
            raise InputError(f"{path}: has {known} rows, not {self.n}; restore a copy")
        return found.to_numpy()


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a run found.

    Attributes:
        clusters: (n,) int64 cluster of each item.
        groups: (n,) int64 group of each item in the project.
        strength: (n,) float32.
        edges: All edges, calibrated.
        knn: Neighbours.
        rule: How groups came from them.
    """

    clusters: Int64
    groups: Int64
    strength: Float32
    edges: Edges
    knn: KnnGraph
    rule: GroupingRule


def write_run(
    project: Project, found: Grouped, batches: Sequence[int], facts: Mapping[str, Any]
) -> int:
    """Writes a run; it counts only once an event names it.

    Args:
        project: Where.
        found: What it found.
        batches: Numbers of the batches that its items came in.
        facts: What else `run.json` holds: what was asked for, report, counts.

    Returns:
        The number of the run.
    """
    number = project.next_run()
    with atomic_folder(project.run(number)) as folder:
        write_edges(folder / _EDGES, found.edges, len(found.groups))
        np.save(folder / _NEIGHBOURS, found.knn.indices)
        np.save(folder / _SIMILARITIES, found.knn.similarities)
        _write_groups(folder, number, found, batches, facts)
    return number


def rewrite_groups(
    project: Project,
    number: int,
    found: Grouped,
    batches: Sequence[int],
    facts: Mapping[str, Any],
) -> None:
    """Writes groups and facts of a run again, as long as no event names it."""
    _write_groups(project.run(number), number, found, batches, facts)


def _write_groups(
    folder: Path, number: int, found: Grouped, batches: Sequence[int], facts: Mapping[str, Any]
) -> None:
    n = len(found.groups)
    columns = {
        "item": pa.array(np.arange(n)),
        "cluster": pa.array(found.clusters),
        "group": pa.array(found.groups),
        "strength": pa.array(found.strength),
    }
    with atomic_file(folder / _GROUPS) as temporary:
        pq.write_table(pa.table(columns), temporary)
    about = {"n": n, "batches": list(batches), "rule": found.rule.facts()}
    write_summary(folder / _FACTS, {"number": number, **facts, **about})


def read_run(project: Project, number: int) -> Run:
    """A run that was written.

    Raises:
        InputError: If it is missing or damaged.
    """
    folder = project.run(number)
    facts = read_facts(folder / _FACTS)
    for name, kind in _KINDS.items():
        if not (isinstance(facts.get(name), kind) or (name in _MAY_LACK and name not in facts)):
            raise InputError(f"{folder / _FACTS}: lacks a proper {name!r}; restore a copy")
    return Run(number, folder, facts)
