"""`covey export`: the groups of a project as a file, or as folders of links."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.project import ProjectFolder
from covey.cli.terminal import Terminal
from covey.types import UsageError

if TYPE_CHECKING:
    from covey.store.export_links import Linked
    from covey.store.exports import Export

Format = Literal["csv", "parquet", "json", "fiftyone", "coco", "links"]

_BY_SUFFIX: dict[str, Format] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "fiftyone",
    "": "links",
}


@options.flat
def export(
    project: ProjectFolder,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            help="File .csv, .parquet, .json, .jsonl, or a folder for links to pictures.",
        ),
    ],
    kind: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="If not given by the name of OUT: .jsonl is for FiftyOne, .json covey's own, no "
            "suffix means links. COCO is to be asked for.",
            show_default=False,
        ),
    ] = None,
    link: Annotated[
        Literal["symlink", "hardlink", "copy"],
        typer.Option(help="What stands in folders of links."),
    ] = "symlink",
    *,
    spreadsheet: Annotated[
        bool,
        typer.Option(
            "--spreadsheet",
            help="Of .csv: an apostrophe before ids, too, that a spreadsheet would run as "
            "formulas. Names always have it.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace OUT; a folder only if Covey made it.")
    ] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write the groups of a project for other programs, as reviews have left them.

    OUT appears whole or not at all.
    """
    terminal = Terminal(json=json, quiet=quiet)
    from covey.cli.interrupt import ends_as_if_interrupted
    from covey.store.export_links import link_export
    from covey.store.exports import export_of, write_export
    from covey.store.review import Review

    chosen = _format_of(out, kind)
    if spreadsheet and chosen != "csv":
        raise UsageError(f"--spreadsheet is for .csv, and {out} is written as {chosen}")
    if link != "symlink" and chosen != "links":
        raise UsageError(f"--link is for folders of links, and {out} is written as {chosen}")
    linked = None
    with Review(project) as review:
        _check_out(out, project, chosen, force)
        found = export_of(review)
        last = review.last_run()
        pending = review.items.n - (0 if last is None else last.n)
    with ends_as_if_interrupted(), terminal.progress() as tell:
        if chosen == "links":
            linked = link_export(
                out, found, kind=link, overwrite=force, tick=lambda done: tell("linking", done)
            )
        else:
            tell("writing", 0.0)
            write_export(out, found, chosen, spreadsheet=spreadsheet)
            tell("writing", 1.0)
    facts = {
        "version": __version__,
        "project": str(project),
        "format": chosen,
        "revision": found.revision,
        "items": len(found.group),
        "groups": len(found.groups),
        "in_no_group": int((found.group < 0).sum()),
        "pending": pending,
        "links": None if linked is None else _link_facts(linked),
        "outputs": [str(out)],
        "notes": _notes(project, found, linked, chosen, pending, spreadsheet),
        "seconds": round(terminal.seconds, 3),
    }
    terminal.answer(_sentences(facts, out), facts)


def _format_of(out: Path, kind: Format | None) -> Format:
    from covey.store.exports import FORMATS

    suffix = out.suffix.lower()
    if kind is None:
        if suffix not in _BY_SUFFIX:
            raise UsageError(
                f"{out}: groups are written to .csv, .parquet, .json, .jsonl, or a folder of "
                f"links (a name without a suffix), not to {suffix}; or say --format"
            )
        return "links" if out.is_dir() else _BY_SUFFIX[suffix]
    if kind in FORMATS and suffix != FORMATS[kind]:
        raise UsageError(f"{out}: the name of a {kind} file must end in {FORMATS[kind]}")
    return kind


def _check_out(out: Path, project: Path, kind: Format, force: bool) -> None:
    """Refuses what must not be written, before any work is done."""
    import os

    from covey.cli.outputs import check_file
    from covey.io.links import check_replaceable

    real, home = Path(os.path.realpath(out)), Path(os.path.realpath(project))
    if real == home or home in real.parents:
        raise UsageError(f"{out}: is in the folder of the project; write to another one")
    if real in home.parents:
        raise UsageError(f"{out}: holds the project; write to another folder")
    if os.path.lexists(out) and not force:
        raise UsageError(f"{out}: exists already; choose another name, or --force")
    if kind == "links":
        check_replaceable(out)
        if not out.absolute().parent.is_dir():
            raise UsageError(f"{out}: there is no folder {out.parent}; make it first")
    else:
        check_file(out, (out.suffix.lower(),))


def _link_facts(linked: Linked) -> dict[str, Any]:
    return {
        "kind": linked.report.kind,
        "folders": linked.report.n_folders,
        "files": linked.report.n_files,
        "without_picture": linked.without,
        "missing": linked.missing,
    }


def _notes(
    project: Path,
    found: Export,
    linked: Linked | None,
    kind: Format,
    pending: int,
    spreadsheet: bool,
) -> list[str]:
    from covey.io.files import listed
    from covey.io.report.words import count
    from covey.io.spreadsheet_text import may_run

    notes = []
    if pending:
        notes.append(
            f"{count(pending, 'item')} came since the last run and may be in no group yet; covey "
            f"run {project} groups them"
        )
    odd = may_run(found.ids) if kind == "csv" else 0
    if odd and spreadsheet:
        notes.append(f"{count(odd, 'id')} got an apostrophe, and so are no ids of the project")
    elif odd:
        notes.append(
            f"{count(odd, 'id')} would run as formulas in a spreadsheet; --spreadsheet puts an "
            "apostrophe before such ids, which changes them"
        )
    if linked is not None and linked.without:
        notes.append(f"{count(linked.without, 'item')} without a picture left out")
    if linked is not None and linked.missing:
        notes.append(
            f"{count(len(linked.missing), 'picture')} not there and left out: "
            f"{listed(linked.missing)}"
        )
    return notes


def _sentences(facts: dict[str, Any], out: Path) -> list[str]:
    from covey.io.report.words import count

    lines = [
        f"{count(facts['items'], 'item')} in {count(facts['groups'], 'group')}; "
        f"{facts['in_no_group']:,} in none."
    ]
    lines += [f"Note: {note}." for note in facts["notes"]]
    if links := facts["links"]:
        words = {"symlink": "symbolic link", "hardlink": "hard link", "copy": "copied picture"}
        lines.append(
            f"Wrote {count(links['files'], words[links['kind']])} in "
            f"{count(links['folders'], 'folder')} to {out}"
        )
    else:
        lines.append(f"Wrote {out}")
    return lines
