"""Options that several commands share, and groups of them as one parameter."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from fractions import Fraction
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer

Embeddings = Annotated[
    Path,
    typer.Argument(
        metavar="EMB",
        help="Embeddings: .npy, .npz, .parquet, .safetensors, .csv, .tsv, .bin, .fvecs, .bvecs.",
    ),
]
Column = Annotated[
    str | None,
    typer.Option(help="Array, tensor or column with the vectors, where EMB has several."),
]
IdColumn = Annotated[str | None, typer.Option(help="Column or array with the item ids.")]
IdFile = Annotated[
    Path | None, typer.Option("--ids", metavar="FILE", help="Item ids, one per line, per row.")
]
Dim = Annotated[int | None, typer.Option(help="Values in a row; needed for .bin, else checked.")]
Mask = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="One number per row of EMB: 0 leaves the row out."),
]
SkipBad = Annotated[
    bool,
    typer.Option("--skip-bad", help="Leave out rows with NaN, infinity or only zeros, and say so."),
]
Metric = Annotated[
    Literal["cosine", "euclidean"],
    typer.Option(help="How alike two rows are. Cosine ignores their length."),
]
Neighbours = Annotated[
    int | None,
    typer.Option(
        "--k",
        min=1,
        help="Neighbours per item; if not given as many as the method does well with, 80 at most.",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace files in a folder that no earlier run wrote.")
]
Refiner = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Folder that covey train b-attention wrote: embeddings are refined first.",
    ),
]
Labels = Annotated[
    Path,
    typer.Option(
        metavar="FILE",
        help="Labels of EMB's items: .npy, .npz, .csv, .tsv, .parquet, .txt. Items whose label is "
        "missing are left out; those with a negative number belong to nobody.",
    ),
]
LabelColumn = Annotated[
    str | None, typer.Option(help="Column or array of --labels with the labels.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads; all cores if not given.")]
Work = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Where checkpoints are kept until the model is written, so that an interrupted run "
        "goes on; MODEL.work if not given.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout instead of words.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no words.")]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of a failure.", show_default=False)
]

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_MOST_RATE = 10_000  # frames a second
_BINARY_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def as_bytes(text: str | int) -> int:
    """`6GB`, `500 MB`, `2GiB` or a plain number as bytes.

    Raises:
        typer.BadParameter: If it is none of these.
    """
    parts = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", str(text), re.IGNORECASE)
    units = _BINARY_UNITS if parts and parts[3] else _UNITS
    if parts is None or parts[2].upper() not in units:
        raise typer.BadParameter(f"{text!r} is no size; write it like 6GB, 500MB or 2GiB")
    return int(float(parts[1]) * units[parts[2].upper()])


def as_rate(text: str | Fraction) -> Fraction:
    """`24`, `29.97` or `30000/1001` as a number above 0.

    Raises:
        typer.BadParameter: If it is none of these.
    """
    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if not 0 < found < _MOST_RATE:
        raise typer.BadParameter(f"{text!r} is no frame rate; write it like 24 or 30000/1001")
    return found


MemoryLimit = Annotated[
    int | None,
    typer.Option(
        parser=as_bytes,
        metavar="SIZE",
        help="Refuse to start if more memory would be needed, like 6GB.",
    ),
]


@dataclass(frozen=True)
class Layout:
    """Where in EMB vectors and ids stand, by the names of `read_embeddings`."""

    ids: IdFile = None
    id_column: IdColumn = None
    column: Column = None
    dim: Dim = None


@dataclass(frozen=True)
class Selected(Layout):
    """The same, and which rows are used."""

    mask: Mask = None
    skip_bad: SkipBad = False


@dataclass(frozen=True)
class Rows(Selected):
    """The same, and how they are compared."""

    metric: Metric = "cosine"


def flat(command: Callable[..., None]) -> Callable[..., None]:
    """Lets a command take a group of options as one parameter.

    typer reads options off a signature and knows no groups: the function that it is given has the
    fields of each group in the place of the group, all by keyword.
    """
    given = inspect.signature(command, eval_str=True).parameters
    groups: dict[str, Any] = {
        name: each.annotation for name, each in given.items() if is_dataclass(each.annotation)
    }
    parameters: list[inspect.Parameter] = []
    for name, each in given.items():
        if name not in groups:
            parameters.append(each.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        hints = get_type_hints(groups[name], include_extras=True)
        parameters += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
                annotation=hints[field.name],
            )
            for field in fields(groups[name])
        ]

    @wraps(command)
    def with_groups(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        command(**values)

    with_groups.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_groups.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_groups
