"""`covey compare`: every method on a user's own data, one table with what each costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal, stage_name
from covey.types import InputError, MemoryLimitError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from covey.comparison import Compared
    from covey.io.embeddings import EmbeddingTable

_LEARN, _SCORE = ("0", "train"), ("1", "test")
_KNOWN, _OTHER = ("known.npy", "known_labels.npy"), ("other.npy", "other_labels.npy")


@options.flat
def compare(
    emb: options.Embeddings,
    *,
    labels: options.Labels,
    split: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="For each item 0 or train where methods may learn from it, 1 or test where it is "
            "scored; others are left out. Formats as of --labels.",
        ),
    ],
    label_column: options.LabelColumn = None,
    split_column: Annotated[
        str | None, typer.Option(help="Column or array of --split with the parts.")
    ] = None,
    given: options.Selected,
    methods: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Only these, with commas: untrained, default, universal, b-attention, ada-nets, "
            "linkage.",
        ),
    ] = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train and score every method on your own data.

    Each learns from one part of the labelled items and groups the other, at a cut that it chooses
    without labels of these, in a process of its own: so its memory is its own. Nothing is written;
    covey train makes the model that did best.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.cli.child import in_child
    from covey.cli.interrupt import ends_as_if_interrupted
    from covey.comparison import METHODS
    from covey.extras import require
    from covey.io.embeddings import read_embeddings

    wanted = tuple(dict.fromkeys(map(str.strip, methods.split(",")))) if methods else METHODS
    for name in wanted:
        if name not in METHODS:
            raise UsageError(f"--methods: {name!r} is none of {', '.join(METHODS)}")
    if set(wanted) - {"untrained", "default"}:
        require("torch", "learn")
    found: list[tuple[Compared, float]] = []
    failed: dict[str, str] = {}
    with (
        terminal.progress() as tell,
        ends_as_if_interrupted(),
        TemporaryDirectory(prefix="covey-compare-") as folder,
    ):
        layout = {name: getattr(given, name) for name in ("ids", "id_column", "column", "dim")}
        table = read_embeddings(
            emb, **layout, mask=given.mask, skip_bad=given.skip_bad, progress=tell
        )
        codes, learns = parts(table, labels, label_column, split, split_column, given.mask)
        learning = set(wanted) - {"untrained", "default"}
        notes, counts = check_parts(codes, learns, split, learning=bool(learning))
        skipped = table.skipped_facts
        keep(Path(folder), table, codes, learns)
        del table  # not held while others need memory
        for name in wanted:
            try:
                done = in_child(
                    run_one, folder, emb.name, name, seed, threads, tell=_of(name, tell)
                )
            except (InputError, MemoryLimitError) as error:
                if len(wanted) == 1:
                    raise
                failed[name] = str(error)
                terminal.remark(f"covey: {name}: {error}")
            else:
                found.append(done)
                terminal.remark(f"covey: {sentence(*done)}")
    if not found:
        raise InputError(f"{emb}: no method could be run; the first said: {failed[wanted[0]]}")
    facts = {
        "version": __version__,
        **counts,
        "methods": [{**asdict(each), "peak_memory_mb": peak} for each, peak in found],
        "failed": failed,
        "notes": notes,
        "skipped": skipped,
        "seconds": round(terminal.seconds, 3),
    }
    told = [f"Note: {note}." for note in notes]
    told += [f"{name} could not be run: {why}" for name, why in failed.items()]
    terminal.answer([*table_lines(found, counts), *([""] if told else []), *told], facts)


def parts(
    table: EmbeddingTable,
    labels: Path,
    label_column: str | None,
    split: Path,
    split_column: str | None,
    mask: Path | None,
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """(n,) codes of the labels, and (n,) 1 to learn from, 0 to score, -1 for what is left out.

    Raises:
        InputError: If files and rows do not correspond, or the split holds other words.
    """
    import numpy as np

    from covey.io.files import listed
    from covey.io.labelled_items import item_codes
    from covey.label_codes import MISSING

    codes, _ = item_codes(table, labels, column=label_column, mask=mask)
    which, names = item_codes(table, split, column=split_column, mask=mask, option="--split-column")
    part = np.full(len(names) + 2, -1, np.int8)  # a negative number leaves an item out, too
    wrong = [str(name) for name in names if str(name).lower() not in (*_LEARN, *_SCORE)]
    if wrong:
        place = int(np.flatnonzero(which == list(map(str, names)).index(wrong[0]))[0])
        raise InputError(
            f"{split}: holds {listed(map(repr, wrong))}, first for item {place} of {table.path}; "
            "write 0 or train for items to learn from, 1 or test for those to score, and leave "
            "others empty; of several columns name the one with --split-column"
        )
    for code, name in enumerate(map(str, names)):
        part[code] = name.lower() in _LEARN
    return codes, np.where(codes == MISSING, np.int8(-1), part[which])


def check_parts(
    codes: NDArray[np.int64], learns: NDArray[np.int8], split: Path, *, learning: bool
) -> tuple[list[str], dict[str, int]]:
    """What is odd about the parts, and how large they are.

    Raises:
        InputError: If nothing is left to score, or to learn from where methods want to.
    """
    import numpy as np

    known, other = (np.unique(codes[(learns == part) & (codes >= 0)]) for part in (1, 0))
    if not len(other):
        raise InputError(f"{split}: no item to score has a label; write 1 or test for some")
    if learning and not len(known):
        raise InputError(
            f"{split}: no item to learn from has a label; write 0 or train for some, or give "
            "--methods untrained,default"
        )
    notes = []
    if len(both := np.intersect1d(known, other)):
        notes.append(
            f"{len(both):,} of {len(other):,} groups that are scored are learned from, too: that "
            "flatters what learns, where later collections hold other groups"
        )
    return notes, {
        "n_learned": int(np.count_nonzero(learns == 1)),
        "n_learned_groups": len(known),
        "n_scored": int(np.count_nonzero((learns == 0) & (codes >= 0))),
        "n_scored_groups": len(other),
    }


def keep(
    folder: Path, table: EmbeddingTable, codes: NDArray[np.int64], learns: NDArray[np.int8]
) -> None:
    """Writes both parts where processes map them."""
    import numpy as np

    for part, names in ((1, _KNOWN), (0, _OTHER)):
        used = np.flatnonzero(learns == part)
        np.save(folder / names[0], table.x[used])
        np.save(folder / names[1], codes[used])


def run_one(
    folder: str,
    name: str,
    method: str,
    seed: int,
    threads: int | None,
    *,
    tell: Callable[[str, float], None],
) -> Compared:
    """One method on the items of a folder, in a process of its own."""
    import numpy as np

    from covey.comparison import LEARNED, run_method
    from covey.datasets.view_draws import LabelledSet
    from covey.resources import available_threads
    from covey.threads import bounded_threads

    threads = threads or available_threads()
    if method in LEARNED:
        import torch

        torch.set_num_threads(threads)
    known, other = (
        LabelledSet(
            name,
            Path(name).stem,
            np.load(Path(folder) / file, mmap_mode="r"),
            np.load(Path(folder) / labels),
        )
        for file, labels in (_KNOWN, _OTHER)
    )
    with bounded_threads(threads):
        return run_method(method, known, other, seed=seed, threads=threads, tell=tell)


def sentence(found: Compared, peak: float) -> str:
    """One method in words."""
    f = found.scores["bcubed"]["f"]
    return f"{found.method}: BCubed F {f:.3f} in {found.training_seconds + found.seconds:.0f} s"


def table_lines(found: list[tuple[Compared, float]], counts: dict[str, int]) -> list[str]:
    """All methods as a table in plain text, in the order in which they ran."""
    lines = [
        f"Learned from {counts['n_learned']:,} items in {counts['n_learned_groups']:,} groups; "
        f"scored on {counts['n_scored']:,} items in {counts['n_scored_groups']:,} groups.",
        "",
        f"{'':<13}{'pairwise':>8}  {'BCubed':>6} {'P':>6} {'R':>6}  {'expected P':>10} {'R':>6}"
        f"  {'clusters':>8}  {'train s':>7} {'group s':>7} {'MB':>6}",
        f"{'':<13}{'F':>8}  {'F':>6}",
    ]
    best = max(each.scores["bcubed"]["f"] for each, _ in found)
    for each, peak in found:
        pairs, items = each.scores["pairwise"], each.scores["bcubed"]
        mark = "*" if items["f"] == best else ""
        lines.append(
            f"{each.method:<13}{pairs['f']:>8.3f}  {items['f']:>6.3f} {items['precision']:>6.3f} "
            f"{items['recall']:>6.3f}  {each.expected_precision:>10.3f} "
            f"{each.expected_recall:>6.3f}  {each.scores['clusters']:>8,}  "
            f"{each.training_seconds:>7.1f} {each.seconds:>7.1f} {peak:>6.0f} {mark}"
        )
    lines += ["", "* highest BCubed F. What came of learning:"]
    return lines + [f"  {each.method}: {each.how}" for each, _ in found]


def _of(method: str, tell: Callable[[str, float], None]) -> Callable[[str, float], None]:
    return lambda stage, done: tell(f"{method}: {stage_name(stage)}", done)
