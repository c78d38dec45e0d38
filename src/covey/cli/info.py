"""`covey info`: the machine, the installation, and what files and folders hold."""

from __future__ import annotations

import platform
from importlib import metadata, util
from pathlib import Path
from typing import Annotated, Any

import typer

from covey import __version__
from covey.byte_sizes import format_bytes
from covey.cli import options
from covey.cli.terminal import Terminal
from covey.types import UsageError

_LIBRARIES = ("numpy", "scipy", "numba", "faiss-cpu", "scikit-learn", "pyarrow", "typer", "rich")
_EXTRAS = {
    "learn": ("torch", "to train models and to refine embeddings by one"),
    "codec": ("constriction", "with torch, to code pictures"),
    "video": ("av", "to read and write films"),
}
"""Library and purpose of each extra."""


@options.flat
def info(
    emb: Annotated[
        Path | None,
        typer.Argument(
            metavar="[EMB|MODEL|PROJECT|CVI|CVV]",
            help="A file of embeddings to look at, a folder that covey train or covey init wrote, "
            "or a .cvi or .cvv file by covey compress; the model that ships with the package is "
            "'default'.",
        ),
    ] = None,
    *,
    layout: options.Layout,
    k: options.Neighbours = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Show versions, threads, memory and the model that ships with the package.

    With EMB, also what that file holds and about how much memory it takes to group it. With MODEL
    instead of that, what the model does, what it was trained on, and how well it does; with PROJECT
    its items, groups, reviews and runs; with a .cvi or .cvv file its size, quality and codec, and
    whether it is sound.
    """
    terminal = Terminal(json=json, quiet=quiet)
    from covey.cli.info_subjects import subject_of
    from covey.hub import default_model
    from covey.io.model_facts import model_facts

    about = None if emb is None else subject_of(emb)
    if about is not None:
        _check_options(about.what, emb, vars(layout) | {"k": k})
        found = about.tell()
        terminal.answer(found.sentences, machine_facts(found.model) | found.more)
        return
    facts = machine_facts(model_facts(default_model()))
    sentences = machine_sentences(facts)
    if emb is not None:
        from covey.io.embeddings import read_embeddings

        with terminal.progress() as tell:
            table = read_embeddings(emb, **vars(layout), skip_bad=True, progress=tell)
            of_rows = embedding_facts(table.x, k)
        of_rows |= {
            "path": str(emb),
            "has_ids": table.ids is not None,
            "bad_rows": table.skipped_facts,
            "notes": table.notes,
        }
        facts["embeddings"] = of_rows
        sentences += embedding_sentences(of_rows, table.skipped_summary)
    terminal.answer(sentences, facts)


def _check_options(what: str, path: Path | None, given: dict[str, Any]) -> None:
    """Refuses options that only embeddings have."""
    for name, value in given.items():
        if value is not None:
            option = name.replace("_", "-")
            raise UsageError(f"{path}: is {what}, --{option} is for embeddings; leave it out")


def machine_facts(model: dict[str, Any] | None) -> dict[str, Any]:
    """What is installed, what there is to work with, and the facts of a model, if one is known."""
    from covey.resources import available_threads, memory_bytes

    total, available = memory_bytes()
    return {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "threads": available_threads(),
        "memory_bytes": total,
        "memory_available_bytes": available,
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "extras": {
            name: util.find_spec(library) is not None for name, (library, _) in _EXTRAS.items()
        },
        "model": model,
    }


def machine_sentences(facts: dict[str, Any]) -> list[str]:
    """The same, a line each."""
    lines = [
        f"covey {facts['version']}, Python {facts['python']}, {facts['platform']}",
        f"threads: {facts['threads']}",
    ]
    if facts["memory_bytes"]:
        lines.append(
            f"memory: {format_bytes(facts['memory_bytes'])}, "
            f"{format_bytes(facts['memory_available_bytes'])} available"
        )
    lines.append("libraries: " + ", ".join(f"{n} {v}" for n, v in facts["libraries"].items()))
    for name, there in facts["extras"].items():
        library, purpose = _EXTRAS[name]
        state = "installed" if there else "not installed"
        lines.append(f"extra {name} ({library}, {purpose}): {state}")
    model = facts["model"]
    lines.append(f"model: universal, {model['weights']:,} weights, ships with the package")
    lines += [f"  {name}: {_in_words(value)}" for name, value in model["about"].items()]
    return lines


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_words(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_in_words(inner) for inner in value)
    return "none" if value is None else str(value)


def embedding_facts(x: Any, k: int | None) -> dict[str, Any]:
    """Shape, lengths and duplicates of (n, d) embeddings, and what grouping them takes."""
    import numpy as np

    from covey.cli.machine import expected_bytes
    from covey.vectors import as_rows, group_equal_rows

    lengths = np.concatenate(
        [
            np.linalg.norm(np.asarray(x[at : at + 65_536], np.float64), axis=1)
            for at in range(0, len(x), 65_536)
        ]
    )
    first, _, _ = group_equal_rows(np.ascontiguousarray(as_rows(x, metric="cosine")))
    low, middle, high = np.quantile(lengths, [0, 0.5, 1])
    return {
        "n_items": len(x),
        "dim": x.shape[1],
        "dtype": x.dtype.name,
        "norms": {"min": float(low), "median": float(middle), "max": float(high)},
        "n_duplicates": len(x) - len(first),
        "memory_needed_bytes": expected_bytes(x, k),
    }


def embedding_sentences(found: dict[str, Any], bad: str) -> list[str]:
    """The same, a line each."""
    norms = found["norms"]
    return [
        "",
        f"{found['path']}: {found['n_items']:,} x {found['dim']} {found['dtype']}"
        f"{', with ids' if found['has_ids'] else ''}",
        f"row lengths: {norms['min']:.4g} to {norms['max']:.4g}, median {norms['median']:.4g}",
        f"rows with an equal direction and an earlier twin: {found['n_duplicates']:,}",
        f"unusable rows: {len(found['bad_rows'])}"
        + (f" ({bad}); leave them out with --skip-bad" if found["bad_rows"] else ""),
        f"grouping takes about {format_bytes(found['memory_needed_bytes'])}",
        *(f"note: {note}" for note in found["notes"]),
    ]
