"""Binary files of one matrix: .npy, .npz, safetensors, headerless .bin, .fvecs and .bvecs.

Everything that lies plainly in the file is mapped, not read: what `read_*` returns then costs no
memory until its rows are used.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from covey.io.files import pick, shown
from covey.types import InputError, Int64, UsageError

_SAFETENSORS_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
"""Types of tensors that a matrix may have, as numpy stores them; bfloat16 by its bits."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """What a file held, before its rows are checked.

    Attributes:
        x: (m, d) numbers of any integer or float dtype, perhaps a memory map.
        n_rows: Rows in the file; more than m where ragged rows were left out.
        rows: (m,) int64 file row of each row of `x`, or None where m = n_rows.
        ids: (m,) object array of str, or None.
        ragged: (row, reason) of the rows that are not in `x`.
        notes: What was converted or guessed, for the user.
        lines: Gives the 1-based line numbers of rows in a text file; None for binary files.
    """

    x: NDArray[Any]
    n_rows: int
    rows: Int64 | None = None
    ids: NDArray[np.object_] | None = None
    ragged: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: Callable[[list[int]], dict[int, int]] | None = None


def check_matrix(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], name: str = "") -> None:
    """Refuses what is no matrix of numbers.

    Raises:
        InputError: If `shape` is not (n, d) with d > 0, or `dtype` is neither integer nor float16,
            float32 or float64.
    """
    array = f"array {name!r}" if name else "its array"
    if len(shape) != 2:
        raise InputError(
            f"{path}: {array} has {len(shape)} dimensions, shape {shape}, where (items, values) is "
            "needed; reshape it to two"
        )
    kinds = {"b": "booleans", "O": "Python objects", "c": "complex numbers", "S": "bytes"}
    kinds |= {"U": "strings", "V": "records", "M": "dates", "m": "time spans"}
    if dtype.kind in kinds or (dtype.kind == "f" and dtype.itemsize not in (2, 4, 8)):
        what = kinds.get(dtype.kind, "numbers of an unusual width")
        raise InputError(
            f"{path}: {array} holds {what} (dtype {dtype.name}); save it as float32: "
            "numpy.save(path, x.astype('float32'))"
        )
    if shape[1] == 0:
        raise InputError(f"{path}: {array} has rows of no values, shape {shape}; write it again")


def read_npy(path: Path, size: int) -> RawTable:
    """Maps a .npy file. O(1) memory.

    Raises:
        InputError: If the header is damaged, promises more than the file holds, or describes no
            matrix of numbers.
    """
    with open(path, "rb") as stream:
        shape, fortran, dtype = _npy_header(path, stream)
        offset = stream.tell()
    check_matrix(path, shape, dtype)
    promised = math.prod(shape) * dtype.itemsize
    if size - offset < promised:
        raise InputError(
            f"{path}: is cut short: its header promises {shape[0]} x {shape[1]} {dtype.name} "
            f"({promised} bytes), {size - offset} bytes are there; copy or write it again"
        )
    return RawTable(_mapped(path, dtype, offset, shape, "F" if fortran else "C"), shape[0])


def read_npz(path: Path, column: str | None, id_column: str | None) -> RawTable:
    """Reads one array of a .npz archive: `column`, or the only two-dimensional one.

    Raises:
        InputError: If the archive is damaged or the choice of array is not plain.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            headers = {}
            for member in archive.namelist():
                with archive.open(member) as stream:
                    headers[member.removesuffix(".npy")] = _npy_header(path, stream)
        matrices = [name for name, (shape, _, _) in headers.items() if len(shape) == 2]
        fitting = matrices or list(headers)
        name = pick(path, column, list(headers), fitting, "array")
        check_matrix(path, headers[name][0], headers[name][2], name)
        with np.load(path, allow_pickle=False) as arrays:
            x = arrays[name]
            ids = None
            if id_column is not None:
                pick(path, id_column, list(headers), [], "array")
                ids = _id_array(path, id_column, arrays, headers, len(x))
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, OSError) as error:
        raise InputError(
            f"{path}: the archive is damaged ({_first_line(error)}); copy or write it again"
        ) from error
    return RawTable(x, len(x), ids=ids)


def read_safetensors(path: Path, size: int, column: str | None) -> RawTable:
    """Maps one tensor of a safetensors file; bfloat16 is widened to float32 in memory.

    The library reads and checks the header. The tensor is mapped here, because the library would
    copy it: tensors lie one after the other up to the end of the file, so that the sizes of this
    and the later ones say where it begins. O(1) memory.

    Raises:
        InputError: If the file is damaged or the choice of tensor is not plain.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = file.offset_keys()
            slices = [file.get_slice(name) for name in names]
            kinds = [entry.get_dtype() for entry in slices]
            shapes = [tuple(entry.get_shape()) for entry in slices]
    except SafetensorError as error:
        raise InputError(
            f"{path}: is cut short or no safetensors file ({_first_line(error)}); copy or write it "
            "again"
        ) from error
    matrices = [name for name, shape in zip(names, shapes, strict=True) if len(shape) == 2]
    name = pick(path, column, sorted(names), sorted(matrices or names), "tensor")
    at = names.index(name)
    kind, shape = kinds[at], shapes[at]
    if kind not in _SAFETENSORS_DTYPES:
        raise InputError(f"{path}: tensor {name!r} has dtype {kind}; save it as float32 (F32)")
    dtype = np.dtype(_SAFETENSORS_DTYPES[kind])
    check_matrix(path, shape, dtype, name)
    rest = zip(shapes[at:], kinds[at:], strict=True)
    begin = size - sum(math.prod(shape) * _bits(kind) // 8 for shape, kind in rest)
    x = _mapped(path, dtype, begin, shape)
    if kind != "BF16":
        return RawTable(x, shape[0])
    wide = x.astype(np.uint32)
    wide <<= np.uint32(16)
    return RawTable(wide.view(np.float32), shape[0], notes=["bfloat16 was read as float32"])


def _bits(kind: str) -> int:
    """Width of a value: the first number in the name of its type, as in F8_E4M3; BOOL has none."""
    digits = re.search(r"\d+", kind)
    return int(digits[0]) if digits else 8


def read_bin(path: Path, size: int, dim: int | None) -> RawTable:
    """Maps a headerless file of little-endian float32 rows, as learn-to-cluster writes it.

    Raises:
        UsageError: If `dim` is not given.
        InputError: If the file is not a whole number of rows.
    """
    if dim is None:
        raise UsageError(f"{path}: a .bin file has no header; say how long a row is with --dim")
    n, left = divmod(size, 4 * dim)
    if left:
        raise InputError(
            f"{path}: {size} bytes are not whole rows of {dim} float32 values: {left} bytes are "
            f"left after row {n - 1}; check --dim, or copy the file again"
        )
    return RawTable(_mapped(path, np.dtype("<f4"), 0, (n, dim)), n)


def read_vecs(path: Path, size: int) -> RawTable:
    """Maps .fvecs (int32 length, then that many float32, per row) or .bvecs (uint8 values).

    Raises:
        InputError: If the rows differ in length or the last one is cut short.
    """
    width = 1 if path.suffix.lower() == ".bvecs" else 4
    with open(path, "rb") as stream:
        head = stream.read(4)
    d = struct.unpack("<i", head)[0] if len(head) == 4 else 0
    if d <= 0 or d > 1_000_000:
        raise InputError(
            f"{path}: row 0 says that it has {d} values; this is no {path.suffix} file, or damaged"
        )
    pitch = 4 + width * d
    n, left = divmod(size, pitch)
    if n:
        records = np.memmap(path, np.uint8, "r", shape=(n, pitch))
        lengths = np.ascontiguousarray(records[:, :4]).view("<i4")[:, 0]
        odd = np.flatnonzero(lengths != d)
        if len(odd):
            raise InputError(
                f"{path}: row {odd[0]} says that it has {lengths[odd[0]]} values where row 0 has "
                f"{d}; all rows must be of one length: write the file again"
            )
    if left:
        raise InputError(
            f"{path}: is cut short: row {n} has {left} of {pitch} bytes; copy or write it again"
        )
    if width == 1:
        return RawTable(records[:, 4:], n)
    return RawTable(np.memmap(path, "<f4", "r", shape=(n, 1 + d))[:, 1:], n)


def _npy_header(path: Path, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        if np.lib.format.read_magic(stream) == (1, 0):
            return np.lib.format.read_array_header_1_0(stream)
        return np.lib.format.read_array_header_2_0(stream)
    except (ValueError, EOFError) as error:
        raise InputError(
            f"{path}: is no .npy file or its header is damaged ({_first_line(error)}); write it "
            "again with numpy.save"
        ) from error


def _mapped(
    path: Path, dtype: np.dtype[Any], offset: int, shape: tuple[int, ...], order: Any = "C"
) -> NDArray[Any]:
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, "r", offset=offset, shape=shape, order=order)


def _id_array(
    path: Path, name: str, arrays: Any, headers: dict[str, Any], n: int
) -> NDArray[np.object_]:
    shape, _, dtype = headers[name]
    if shape != (n,) or dtype.kind not in "iuU":
        raise InputError(
            f"{path}: array {name!r} has shape {shape} and dtype {dtype}; ids must be {n} strings "
            "or integers"
        )
    return np.asarray(arrays[name]).astype(str).astype(object)


def _first_line(error: Exception) -> str:
    return shown(str(error).strip().split("\n")[0], 80).strip("'\"")
