"""Every format read back; what is converted, kept mapped, left out and named."""

import json
import struct
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.numpy import save_file

from covey.io.checks import bad_rows, blocks
from covey.io.embeddings import read_embeddings

N, D = 12, 8


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((N, D)).astype(np.float32)


def save_vectors(path, x, ids=None, fixed=True, id_name="item_id"):
    if fixed:
        column = pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), x.shape[1])
    else:
        column = pa.array(list(x), pa.list_(pa.from_numpy_dtype(x.dtype)))
    columns = {"vector": column}
    if ids is not None:
        columns[id_name] = ids
    pq.write_table(pa.table(columns), path, row_group_size=5)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8"])
def test_npy_stays_mapped(tmp_path, x, dtype):
    np.save(tmp_path / "x.npy", x.astype(dtype))
    table = read_embeddings(tmp_path / "x.npy")
    assert isinstance(table.x, np.memmap)
    assert table.x.dtype == dtype
    assert (table.x == x.astype(dtype)).all()
    assert table.ids is None
    assert table.rows is None
    assert table.skipped == []
    assert table.notes == []
    assert table.n == N


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda x: x.astype(">f4"), "byte order"),
        (np.asfortranarray, "column order"),
        (lambda x: (x * 10).astype(np.int16), "int16"),
        (lambda x: np.abs(x * 10).astype(np.uint8), "uint8"),
        (lambda x: (x * 10).astype(">i8"), "int64"),
        (lambda x: np.asfortranarray(x.astype(">f8")), "byte order"),
    ],
)
def test_npy_is_converted_with_a_note(tmp_path, x, change, word):
    stored = change(x)
    np.save(tmp_path / "x.npy", stored)
    table = read_embeddings(tmp_path / "x.npy", metric="euclidean")
    assert word in " ".join(table.notes)
    assert table.x.dtype.isnative
    assert table.x.dtype.kind == "f"
    assert table.x.flags.c_contiguous
    assert (table.x == stored).all()


def test_npz_takes_the_only_matrix_or_the_named_array(tmp_path, x):
    names = np.array([f"n{i}" for i in range(N)])
    np.savez(tmp_path / "one.npz", x=x, labels=np.arange(N), names=names)
    table = read_embeddings(tmp_path / "one.npz", id_column="names")
    assert (table.x == x).all()
    assert table.ids.tolist() == names.tolist()
    np.savez_compressed(tmp_path / "two.npz", x=x, y=x + 1)
    assert (read_embeddings(tmp_path / "two.npz", column="y").x == x + 1).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
@pytest.mark.parametrize("fixed", [True, False])
def test_parquet(tmp_path, x, dtype, fixed):
    stored = (x * 100).astype(dtype)
    save_vectors(tmp_path / "x.parquet", stored, [f"n{i}" for i in range(N)], fixed)
    table = read_embeddings(tmp_path / "x.parquet")
    assert (table.x == stored).all()
    assert table.ids[3] == "n3"
    assert "item_id" in table.notes[0]


def test_parquet_picks_columns_by_name(tmp_path, x):
    both = {name: pa.array(list(x * f), pa.list_(pa.float32())) for name, f in (("a", 1), ("b", 2))}
    pq.write_table(pa.table(both | {"key": pa.array(range(10, 10 + N))}), tmp_path / "x.parquet")
    table = read_embeddings(tmp_path / "x.parquet", column="b", id_column="key")
    assert (table.x == 2 * x).all()
    assert table.ids[0] == "10"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8])
def test_safetensors_is_mapped(tmp_path, x, dtype):
    stored = (x * 30).astype(dtype)
    save_file({"x": stored, "bias": np.zeros(3, np.float32)}, tmp_path / "x.safetensors")
    table = read_embeddings(tmp_path / "x.safetensors", metric="euclidean")
    assert (table.x == stored).all()
    assert isinstance(table.x, np.memmap) == (dtype != np.int8)


def test_safetensors_finds_its_tensor_among_others(tmp_path, x):
    """Each where the library puts it, beside types that numpy has no word for."""
    small = {"half": x.astype(np.float16), "whole": np.arange(2 * N).reshape(N, 2)}
    text = serialize_with(small | {"x": x}, {"F8_E4M3": 5, "F4": 8, "BOOL": 3})
    (tmp_path / "x.safetensors").write_bytes(text)
    with safe_open(tmp_path / "x.safetensors", "numpy") as file:
        for name in ("half", "whole", "x"):
            table = read_embeddings(tmp_path / "x.safetensors", column=name, metric="euclidean")
            assert (table.x == file.get_tensor(name)).all()


def serialize_with(arrays, others):
    """A safetensors file of `arrays`, each preceded by a vector of another type: {type: values}."""
    header, data = {}, b""
    kinds = {"float16": "F16", "float32": "F32", "int64": "I64"}
    for (name, array), (kind, n) in zip(arrays.items(), others.items(), strict=True):
        filler = bytes(n // 2 if kind == "F4" else n)
        parts = [(kind.lower(), kind, [n], filler)]
        parts.append((name, kinds[array.dtype.name], list(array.shape), array.tobytes()))
        for key, dtype, shape, raw in parts:
            offsets = [len(data), len(data) + len(raw)]
            header[key] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
            data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def test_safetensors_widens_bfloat16(tmp_path, x):
    halves = (x.view(np.uint32) >> 16).astype("<u2")
    header = {"x": {"dtype": "BF16", "shape": [N, D], "data_offsets": [0, 2 * N * D]}}
    text = json.dumps(header).encode()
    data = struct.pack("<Q", len(text)) + text + halves.tobytes()
    (tmp_path / "x.safetensors").write_bytes(data)
    table = read_embeddings(tmp_path / "x.safetensors")
    assert table.x.dtype == np.float32
    np.testing.assert_allclose(table.x, x, rtol=2**-7)
    assert "bfloat16" in table.notes[0]


def test_headerless_bin(tmp_path, x):
    x.tofile(tmp_path / "x.bin")
    table = read_embeddings(tmp_path / "x.bin", dim=D)
    assert isinstance(table.x, np.memmap)
    assert (table.x == x).all()


def test_fvecs_and_bvecs(tmp_path, x):
    heads = np.full((N, 1), D, "<i4")
    np.hstack([heads.view("<f4"), x]).tofile(tmp_path / "x.fvecs")
    assert (read_embeddings(tmp_path / "x.fvecs").x == x).all()
    small = np.abs(x * 50).astype(np.uint8)
    np.hstack([heads.view(np.uint8), small]).tofile(tmp_path / "x.bvecs")
    assert (read_embeddings(tmp_path / "x.bvecs").x == small).all()


def as_text(x, delimiter, ids=None, header=None):
    lines = [delimiter.join(map(repr, row)) for row in x.tolist()]
    if ids is not None:
        lines = [f"{name}{delimiter}{line}" for name, line in zip(ids, lines, strict=True)]
    return "\n".join(([delimiter.join(header)] if header else []) + lines) + "\n"


@pytest.mark.parametrize(("suffix", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t")])
@pytest.mark.parametrize("ids", [None, "words"])
@pytest.mark.parametrize("header", [None, "names", "numbers"])
def test_delimited_text(tmp_path, x, suffix, delimiter, ids, header):
    names = {"names": list("abcdefgh"), "numbers": list("01234567"), None: None}[header]
    keys = [f"k{i}" for i in range(N)] if ids else None
    if names and ids:
        names = ["", *names]
    path = tmp_path / f"x.{suffix}"
    path.write_text(as_text(x, delimiter, keys, names))
    table = read_embeddings(path)
    assert (table.x == x).all()
    assert (table.ids is None) == (ids is None)
    assert table.ids is None or table.ids.tolist() == keys


def test_delimited_text_with_bom_blank_lines_and_quotes(tmp_path):
    text = '\ufeffname,a,b\r\n"x, y",1,2\r\n\r\n"z ""q""",3,4\r\n'
    (tmp_path / "x.csv").write_text(text, encoding="utf-8", newline="")
    table = read_embeddings(tmp_path / "x.csv")
    assert table.ids.tolist() == ["x, y", 'z "q"']
    assert table.x.tolist() == [[1, 2], [3, 4]]


def test_delimited_text_takes_a_counting_first_column_for_ids(tmp_path, x):
    (tmp_path / "x.csv").write_text(as_text(x, ",", range(N)))
    table = read_embeddings(tmp_path / "x.csv")
    assert table.ids.tolist() == [str(i) for i in range(N)]
    assert (table.x == x).all()
    assert "counts the rows" in table.notes[0]


def test_delimited_text_of_few_whole_numbers_has_no_header(tmp_path):
    (tmp_path / "x.csv").write_text("0,1,2\n3,4,5\n1,1,1\n")
    assert read_embeddings(tmp_path / "x.csv").x[0].tolist() == [0, 1, 2]
    (tmp_path / "y.csv").write_text(",0,1\np,4,5\nq,1,1\n")
    assert read_embeddings(tmp_path / "y.csv").ids.tolist() == ["p", "q"]


def test_delimited_text_with_numeric_ids_in_a_named_column(tmp_path):
    (tmp_path / "x.csv").write_text("a,ID,b\n1,007,2\n3,008,4\n")
    table = read_embeddings(tmp_path / "x.csv")
    assert table.ids.tolist() == ["007", "008"]
    assert table.x.tolist() == [[1, 2], [3, 4]]
    (tmp_path / "y.csv").write_text("1,17,2\n3,18,4\n")
    assert read_embeddings(tmp_path / "y.csv", id_column="1").ids.tolist() == ["17", "18"]


def test_delimited_text_across_blocks(tmp_path, monkeypatch):
    from covey.io import delimited

    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 256)
    x = np.random.default_rng(1).standard_normal((300, 3)).astype(np.float32)
    (tmp_path / "x.csv").write_text(as_text(x, ",", [f"k{i}" for i in range(300)]))
    table = read_embeddings(tmp_path / "x.csv")
    assert (table.x == x).all()
    assert table.ids[299] == "k299"


def test_ids_from_a_file(tmp_path, x):
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "ids.txt").write_bytes("\r\n".join(f"é{i}" for i in range(N)).encode() + b"\r\n")
    assert read_embeddings(tmp_path / "x.npy", ids=tmp_path / "ids.txt").ids[2] == "é2"


def test_skip_bad_leaves_out_and_names(tmp_path, x):
    x[1, 2], x[4], x[7, 0] = np.nan, 0, -np.inf
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "ids.txt").write_text("\n".join(map(str, range(100, 100 + N))))
    table = read_embeddings(tmp_path / "x.npy", skip_bad=True, ids=tmp_path / "ids.txt")
    kept = [0, 2, 3, 5, 6, 8, 9, 10, 11]
    assert table.rows.tolist() == kept
    assert (table.x == x[kept]).all()
    assert table.ids.tolist() == [str(100 + row) for row in kept]
    assert table.skipped == [
        (1, "holds NaN at value 2"),
        (4, "is all zeros"),
        (7, "holds -inf at value 0"),
    ]
    assert table.skipped_summary.startswith("3 rows were left out: row 1 holds NaN at value 2;")
    assert [row for row, _ in bad_rows(x, "euclidean")] == [1, 7]


def test_skip_bad_with_ragged_text_and_lists(tmp_path):
    (tmp_path / "x.csv").write_text("id,a,b\np,1,2\n\nq,3\nr,,4\ns,no,4\nt,5,6\nu,1e99,2\n")
    table = read_embeddings(tmp_path / "x.csv", skip_bad=True)
    assert table.ids.tolist() == ["p", "t"]
    assert table.rows.tolist() == [0, 4]
    assert [row for row, _ in table.skipped] == [1, 2, 3, 5]
    assert table.skipped[0][1] == "(line 4) has 2 values where 3 are expected"
    assert "'no'" in table.skipped[2][1]

    rows = [[1.0, 2.0], [3.0], None, [4.0, None], [5.0, 6.0]]
    pq.write_table(pa.table({"v": rows, "id": list("abcde")}), tmp_path / "x.parquet")
    table = read_embeddings(tmp_path / "x.parquet", skip_bad=True)
    assert table.ids.tolist() == ["a", "e"]
    assert table.x.tolist() == [[1, 2], [5, 6]]
    assert [row for row, _ in table.skipped] == [1, 2, 3]


def test_null_rows_of_fixed_size_lists_are_found(tmp_path):
    kind = pa.list_(pa.int32(), 2)
    column = pa.array([[1, 2], None, [3, None], [5, 6]], kind)
    pq.write_table(pa.table({"v": column}), tmp_path / "x.parquet")
    table = read_embeddings(tmp_path / "x.parquet", skip_bad=True)
    assert table.x.tolist() == [[1, 2], [5, 6]]
    assert [row for row, _ in table.skipped] == [1, 2]


@pytest.mark.parametrize("form", ["array", "list", "npy", "npz", "txt", "csv", "words"])
def test_masks(tmp_path, x, form):
    x[0] = np.nan  # behind the mask: nobody minds
    np.save(tmp_path / "x.npy", x)
    used = np.array([0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 2], np.float64)
    mask = tmp_path / f"m.{form}"
    match form:
        case "array":
            mask = used.astype(bool)
        case "list":
            mask = used.tolist()
        case "npy":
            np.save(mask, used)
        case "npz":
            np.savez(mask, used)
        case "txt":
            mask.write_text("\n".join(map(str, used)))
        case "csv":
            mask.write_text("use\n" + "\n".join(map(str, used)) + "\n")
        case "words":
            mask = tmp_path / "m.txt"
            mask.write_text("\n".join(map(str, used > 0)))
    table = read_embeddings(tmp_path / "x.npy", mask=mask)
    assert table.rows.tolist() == [1, 4, 5, 11]
    assert (table.x == x[table.rows]).all()
    assert table.skipped == []


def test_a_duplicate_behind_the_mask_is_allowed(tmp_path):
    (tmp_path / "x.csv").write_text("id,a\np,1\np,2\nq,3\n")
    assert read_embeddings(tmp_path / "x.csv", mask=[1, 0, 1]).ids.tolist() == ["p", "q"]


def test_progress_goes_from_zero_to_one(tmp_path, x):
    np.save(tmp_path / "x.npy", x)
    seen = []
    read_embeddings(tmp_path / "x.npy", progress=lambda *step: seen.append(step))
    assert seen[:2] == [("reading", 0.0), ("reading", 1.0)]
    assert seen[-1] == ("checking", 1.0)


def test_blocks_of_a_map_are_the_rows(tmp_path, x):
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for held in (mapped, mapped[2:9], x, x[:, 1:3]):
        parts = list(blocks(held, 3 * held.strides[0]))
        assert (np.concatenate([part for _, part in parts]) == held).all()
        assert [start for start, _ in parts] == np.cumsum([0] + [len(p) for _, p in parts])[
            :-1
        ].tolist()


odd = st.sampled_from([0.0, 1.0, -2.5, np.nan, np.inf, -np.inf, 1e-30, 1e25, 1e39, 5e-324])


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=odd))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bad_rows_against_loops(x):
    expected = []
    for i, row in enumerate(x):
        with np.errstate(all="ignore"):
            squared = np.float32(0)
            for value in row.astype(np.float32):
                squared += value * value
        if not np.isfinite(squared) or squared == 0:
            expected.append(i)
    assert [row for row, _ in bad_rows(x)] == expected


PEAK = """
import resource, sys
import numpy as np
from covey.io.embeddings import read_embeddings
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
table = read_embeddings(sys.argv[1])
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert isinstance(table.x, np.memmap) and table.n == 400_000
print((after - before) * 1024)
"""


def test_reading_a_large_npy_takes_no_memory(tmp_path):
    path = tmp_path / "x.npy"
    x = np.lib.format.open_memmap(path, "w+", np.float32, (400_000, 256))
    x[:] = 1
    x.flush()
    grown = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], check=True, capture_output=True, text=True
    )
    assert int(grown.stdout) < 60e6  # the file has 410 MB
    path.unlink()
