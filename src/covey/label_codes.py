"""Labels as anybody writes them, in files and programs, as codes: one meaning for both.

A label that is missing says nothing about its item: it may belong with any other, so nothing can be
learned from it. A negative number says that the item belongs with no other, which is worth learning
from: it is a stranger to all, of the kind that a collection is full of.
"""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from covey.types import InputError, Int64

MISSING, NOBODY = -1, -2
"""Codes of an item whose label is missing, and of one that belongs to nobody."""

_MISSING_WORDS = pa.array(["", "nan", "NaN", "NA", "<NA>", "N/A", "null", "NULL", "None"])


def label_codes(values: pa.Array, name: object) -> tuple[Int64, NDArray[Any]]:
    """Integers for labels of any plain type.

    Text is taken for integers where all of it can be, also as floats are written. Missing are null,
    NaN, and in text what is empty, "NA" and the like.

    Args:
        values: n integers, booleans, text, or floats that are whole numbers.
        name: Where they stand, for messages.

    Returns:
        (n,) int64 codes, an index into the names, `MISSING` or, for a negative number, `NOBODY`;
        and (c,) the names as written, sorted: integers, or an object array of str.

    Raises:
        InputError: If there are none, or values of another type; names the row.
    """
    if len(values) == 0:
        raise InputError(f"{name}: has no labels; write it again")
    values = _plain(values, name)
    nobody = np.zeros(len(values), np.bool_)
    if pa.types.is_signed_integer(values.type):
        below = pc.less(values, 0)
        nobody = pc.fill_null(below, False).to_numpy(zero_copy_only=False)
        values = pc.if_else(below, pa.scalar(None, values.type), values)
    coded = values.dictionary_encode()
    order = pc.array_sort_indices(coded.dictionary).to_numpy()
    place = np.empty(len(order) + 1, np.int64)
    place[order] = np.arange(len(order))
    place[-1] = MISSING
    codes = place[pc.fill_null(coded.indices, -1).to_numpy().astype(np.int64)]
    codes[nobody] = NOBODY
    names = coded.dictionary.take(pa.array(order)).to_numpy(zero_copy_only=False)
    return codes, names


def as_labels(y: ArrayLike, name: object = "y") -> pa.Array:
    """Labels of a program, as `label_codes` takes them: None, NaN and NA become null.

    Args:
        y: (n,) or (n, 1) numbers, text, or objects that are one or the other or missing.
        name: For messages.

    Raises:
        InputError: If they have another shape or type, or numbers and text are mixed: names the
            row.
    """
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise InputError(
            f"{name}: has shape {labels.shape}; labels must be one per row, shape (n,)"
        )
    kind = labels.dtype.kind
    if kind not in "iufUbO":
        raise InputError(f"{name}: holds {labels.dtype.name}; labels must be integers or strings")
    if kind == "f":
        labels = labels.astype(np.float64)
    if kind != "O":
        labels = labels.astype(labels.dtype.newbyteorder("="), copy=False)
    try:
        return pa.array(labels, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError):
        raise InputError(f"{name}: {_odd_one(labels)}") from None


def _odd_one(labels: NDArray[Any]) -> str:
    """What is wrong with objects that are not of one kind: names the first of another one."""
    kinds = np.frompyfunc(_kind, 1, 1)(labels)
    known = np.flatnonzero(kinds != "")
    other = known[kinds[known] != kinds[known[0]]]
    if not len(other):
        return "holds integers that 64 bits cannot; give labels as text"
    first, odd = known[0], other[0]
    return (
        f"row {odd} holds {labels[odd]!r} where row {first} holds {labels[first]!r}; give all "
        "labels as integers, or all as text"
    )


def _kind(label: object) -> str:
    """What an object is as a label; empty where it is missing."""
    if label is None or type(label).__name__ == "NAType":
        return ""
    if isinstance(label, Number) and not isinstance(label, bool):
        return "number" if label == label else ""
    return type(label).__name__


def _plain(values: pa.Array, name: object) -> pa.Array:
    """Integers or text, with null for what is missing."""
    kind = values.type
    if pa.types.is_null(kind):
        return values.cast(pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _typed(values.cast(pa.string()))
    if pa.types.is_boolean(kind) or pa.types.is_floating(kind):
        return _whole(values, name)
    if not pa.types.is_integer(kind):
        raise InputError(f"{name}: holds {kind}; labels must be integers or strings")
    return values


def _typed(values: pa.Array) -> pa.Array:
    """Text as integers where all of it can be, "3.0" too; missing words as nulls."""
    missing = pc.is_in(pc.utf8_trim_whitespace(values), value_set=_MISSING_WORDS)
    values = pc.if_else(missing, pa.scalar(None, pa.string()), values)
    whole = pc.replace_substring_regex(pc.utf8_trim_whitespace(values), r"^(-?\d+)\.0+$", r"\1")
    try:
        return whole.cast(pa.int64())
    except pa.ArrowInvalid:
        return values


def _whole(values: pa.Array, name: object) -> pa.Array:
    """Booleans and floats as integers, NaN as null.

    Raises:
        InputError: If one is no whole number: names the row and the value.
    """
    if pa.types.is_floating(values.type):
        values = values.cast(pa.float64())
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    try:
        return values.cast(pa.int64())
    except pa.ArrowInvalid:
        numbers = values.to_numpy(zero_copy_only=False)
        odd = ~np.isnan(numbers) & ~((numbers == np.rint(numbers)) & (np.abs(numbers) < 2**53))
        row = int(np.argmax(odd))
        raise InputError(
            f"{name}: row {row} holds {numbers[row]:g}; labels must be whole numbers or strings"
        ) from None
