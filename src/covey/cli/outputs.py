"""Where the answer goes: one table, or a folder with everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from covey.clustering import ClusterResult
from covey.io.edges import write_edges
from covey.io.embeddings import EmbeddingTable
from covey.io.groups import item_names, write_groups
from covey.io.links import check_replaceable, link_groups
from covey.io.report import write_report
from covey.io.result_folder import check_result_folder, result_folder
from covey.io.summary import write_summary
from covey.types import UsageError

TABLES = (".csv", ".tsv", ".parquet")
GROUPS, EDGES, SUMMARY, REPORT, LINKS = (
    "groups.csv",
    "edges.parquet",
    "summary.json",
    "report.html",
    "links",
)


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What the report shows beside the result.

    Attributes:
        title: Heading.
        images, texts: One entry per item, or None.
        command: The command line that made it.
    """

    title: str
    images: Sequence[Any] | NDArray[Any] | None = None
    texts: Sequence[Any] | NDArray[Any] | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files to write, known to be possible before the work begins.

    Attributes:
        out: The table of groups, or the folder of everything.
        is_folder: Which of the two.
        report, edges: Further files, or None.
        links: Base folder of the files that the item ids name, or None for no folders of links.
    """

    out: Path
    is_folder: bool
    report: Path | None = None
    edges: Path | None = None
    links: Path | None = None

    def names(self) -> list[str]:
        """Entries of the folder that will be written."""
        return [GROUPS, EDGES, SUMMARY, REPORT] + [LINKS] * (self.links is not None)

    def paths(self) -> list[str]:
        """Everything that will be written, as the user will find it."""
        found = [self.out]
        if self.is_folder:
            found = [self.out / name for name in self.names()]
        return [str(path) for path in [*found, self.report, self.edges] if path is not None]

    def write(
        self,
        result: ClusterResult,
        table: EmbeddingTable,
        summary: dict[str, Any],
        content: ReportContent,
    ) -> None:
        """Writes everything; each file and each new folder appears whole or not at all."""
        if self.is_folder:
            with result_folder(self.out) as folder:
                self._write_groups(folder / GROUPS, result, table)
                self._write_edges(folder / EDGES, result, table)
                self._write_report(folder / REPORT, result, table, content)
                if self.links is not None:
                    names = item_names(table.n, table.ids, table.rows).astype(str)
                    link_groups(folder / LINKS, result.clustering, names, base=self.links)
                write_summary(folder / SUMMARY, summary)
        else:
            self._write_groups(self.out, result, table)
        if self.edges is not None:
            self._write_edges(self.edges, result, table)
        if self.report is not None:
            self._write_report(self.report, result, table, content)

    def _write_groups(self, path: Path, result: ClusterResult, table: EmbeddingTable) -> None:
        write_groups(path, result.clustering, ids=table.ids, rows=table.rows)

    def _write_edges(self, path: Path, result: ClusterResult, table: EmbeddingTable) -> None:
        write_edges(path, result.edges, table.n, ids=table.ids, rows=table.rows)

    def _write_report(
        self, path: Path, result: ClusterResult, table: EmbeddingTable, content: ReportContent
    ) -> None:
        write_report(
            path,
            result,
            ids=item_names(table.n, table.ids, table.rows).astype(str),
            images=content.images,
            texts=content.texts,
            title=content.title,
            x=table.x,
            command=content.command,
            skipped=[f"row {row} {reason}" for row, reason in table.skipped],
        )


def plan_outputs(
    out: Path,
    *,
    report: Path | None = None,
    edges: Path | None = None,
    links: Path | None = None,
    force: bool = False,
    inputs: Iterable[Path | None] = (),
) -> Outputs:
    """Decides what is written where, and refuses what cannot be, before any work is done.

    `out` is a table if it ends in .csv, .tsv or .parquet, otherwise a folder. A file that exists
    is replaced in one step when the new one is complete; for folders see `check_result_folder`. A
    folder of links is replaced only if Covey made it.

    Raises:
        UsageError: If something cannot be written there, or is one of the inputs.
    """
    suffix = out.suffix.lower()
    is_folder = out.is_dir() or suffix not in TABLES
    if is_folder and suffix and not out.is_dir():
        raise UsageError(
            f"{out}: groups are written to .csv, .tsv, .parquet or a folder, not to {suffix}"
        )
    if links is not None and not is_folder:
        raise UsageError(f"{out}: --links needs a folder as -o, because it makes folders in it")
    if links is not None and not links.is_dir():
        raise UsageError(
            f"{links}: is no folder; --links names the folder that item ids start from"
        )
    plan = Outputs(out, is_folder, report, edges, links)
    if is_folder:
        check_result_folder(out, plan.names(), force=force)
        if links is not None:
            check_replaceable(out / LINKS)
    else:
        check_file(out, TABLES)
    if edges is not None:
        check_file(edges, (".parquet",))
    if report is not None:
        check_file(report, (".html", ".htm"))
    written = [Path(path) for path in plan.paths()]
    check_not_read(written, inputs)
    if len({path.resolve() for path in written}) < len(written):
        raise UsageError("two outputs have the same name; give each its own")
    return plan


def check_not_read(written: Iterable[Path], inputs: Iterable[Path | None]) -> None:
    """Refuses to write what the same run reads.

    Raises:
        UsageError: If a file is among both.
    """
    resolved = {path.resolve() for path in written}
    for path in inputs:
        if path is not None and path.resolve() in resolved:
            raise UsageError(f"{path}: is read by this run; name another file to write")


def check_file(path: Path, suffixes: Sequence[str]) -> None:
    """Refuses a file to write that has another suffix or no folder to be in.

    Raises:
        UsageError: If so.
    """
    if path.suffix.lower() not in suffixes:
        raise UsageError(f"{path}: the name must end in {' or '.join(suffixes)}")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file to write")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; make it first")
