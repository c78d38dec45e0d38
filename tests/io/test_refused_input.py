"""Every kind of unusable file, as a real file: one line that says what, where and the way out."""

import json
import os
import struct
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from covey.io.embeddings import read_embeddings
from covey.types import InputError, UsageError

N, D = 10, 4
GOOD = np.random.default_rng(0).standard_normal((N, D)).astype(np.float32)


def refused(path, *words, error=InputError, **options):
    with pytest.raises(error) as caught:
        read_embeddings(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


def changed(row, value):
    x = GOOD.copy()
    x[row] = value
    return x


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (changed((3, 1), np.nan), ["row 3 holds NaN at value 1", "--skip-bad"]),
        (changed((3, 1), np.inf), ["row 3 holds inf at value 1", "--skip-bad"]),
        (changed([2, 5, 6], 0), ["row 2 is all zeros (3 such rows)", "--skip-bad"]),
        (changed((4, 0), 1e20), ["row 4 has length 1e+20", "--skip-bad"]),
        (changed(4, 1e-30), ["row 4 has length 2e-30", "--skip-bad"]),
        (np.full((3, 2), 1e39), ["row 0 holds 1e+39, too large for float32, at value 0"]),
        (GOOD > 0, ["booleans", "float32"]),
        (GOOD.astype(complex), ["complex numbers", "float32"]),
        (GOOD.astype(str), ["strings", "float32"]),
        (GOOD.astype("S"), ["bytes", "float32"]),
        (GOOD.astype(np.longdouble), ["unusual width", "float32"]),
        (np.zeros(3, [("a", "f4")]).reshape(3, 1), ["records"]),
        (np.zeros((3, 1), "M8[s]"), ["dates"]),
        (GOOD[0], ["1 dimensions", "(4,)"]),
        (GOOD[None], ["3 dimensions", "(1, 10, 4)"]),
        (GOOD[:1], ["has 1 rows", "at least 2"]),
        (GOOD[:0], ["has 0 rows", "at least 2"]),
        (GOOD[:, :0], ["rows of no values"]),
    ],
    ids=lambda value: None if isinstance(value, np.ndarray) else value[0],
)
def test_arrays(tmp_path, x, words):
    np.save(tmp_path / "x.npy", x)
    refused(tmp_path / "x.npy", str(tmp_path / "x.npy"), *words)
    np.savez(tmp_path / "x.npz", x)
    refused(tmp_path / "x.npz", *words)


def test_object_arrays_are_not_unpickled(tmp_path):
    np.save(tmp_path / "x.npy", GOOD.astype(object), allow_pickle=True)
    refused(tmp_path / "x.npy", "Python objects")


def test_too_few_after_skipping_and_masking(tmp_path):
    np.save(tmp_path / "x.npy", changed(slice(1, None), np.nan))
    refused(tmp_path / "x.npy", "has 1 rows of 10 after", skip_bad=True)
    np.save(tmp_path / "x.npy", GOOD)
    refused(tmp_path / "x.npy", "has 0 rows of 10 after", mask=np.zeros(N))


def cut(path, bytes_left):
    data = path.read_bytes()
    path.write_bytes(data[:bytes_left])


def test_cut_npy(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, GOOD)
    cut(path, -7)
    refused(path, "cut short", "10 x 4 float32 (160 bytes), 153 bytes")
    cut(path, 50)
    refused(path, "header is damaged")
    path.write_text("0.1 0.2\n0.3 0.4\n")
    refused(path, "no .npy file", "numpy.save")


def test_damaged_npz(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, GOOD)
    whole = path.read_bytes()
    cut(path, len(whole) // 2)
    refused(path, "archive is damaged")
    spoilt = bytearray(whole)
    spoilt[whole.index(GOOD.tobytes()) + 10] ^= 0xFF
    path.write_bytes(spoilt)
    refused(path, "archive is damaged")


def test_several_arrays(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, a=GOOD, b=GOOD, c=np.arange(N))
    refused(path, "a, b", "--column")
    refused(path, "no array 'z'", "a, b, c", column="z")
    refused(path, "no array 'z'", id_column="z", column="a")
    refused(path, "shape (10, 4)", "10 strings or integers", id_column="b", column="a")
    np.savez(path, c=np.arange(N), d=np.arange(N))
    refused(path, "c, d", "--column")
    np.savez(path)
    refused(path, "no array fits")


def test_safetensors(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({"a": GOOD, "b": GOOD}, path)
    refused(path, "a, b", "--column")
    save_file({"a": GOOD}, path)
    cut(path, -3)
    refused(path, "cut short", "not fully covered")
    cut(path, 20)
    refused(path, "cut short or no safetensors")
    cut(path, 3)
    refused(path, "cut short or no safetensors")
    path.write_bytes(struct.pack("<Q", 9) + b"{notjson}")
    refused(path, "no safetensors", "JSON")
    path.write_bytes(struct.pack("<Q", 9) + b'["a","b"]')
    refused(path, "no safetensors")
    save_file({"a": GOOD}, path)
    refused(path, "no tensor 'z'", "it has a", column="z")
    save_file({"a": GOOD > 0}, path)
    refused(path, "booleans")
    text = json.dumps({"x": {"dtype": "F8_E4M3", "shape": [2, 2], "data_offsets": [0, 4]}})
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + bytes(4))
    refused(path, "F8_E4M3", "F32")


def test_bin(tmp_path):
    path = tmp_path / "x.bin"
    GOOD.tofile(path)
    refused(path, "--dim", error=UsageError)
    refused(path, "160 bytes are not whole rows of 3", "4 bytes are left after row 12", dim=3)
    refused(path, "--dim must be at least 1", error=UsageError, dim=0)


def test_vecs(tmp_path):
    path = tmp_path / "x.fvecs"
    heads = np.full((N, 1), D, "<i4")
    np.hstack([heads.view("<f4"), GOOD]).tofile(path)
    cut(path, -5)
    refused(path, "cut short", "row 9 has 15 of 20 bytes")
    heads[6] = 3
    np.hstack([heads.view("<f4"), GOOD]).tofile(path)
    refused(path, "row 6 says that it has 3 values where row 0 has 4")
    path.write_bytes(b"no vectors at all")
    refused(path, "row 0 says", "no .fvecs file")
    path.write_bytes(b"ab")
    refused(path, "row 0 says")
    path.write_bytes(struct.pack("<if", 4, 1.0))
    refused(path, "row 0 has 8 of 20 bytes")


def test_parquet(tmp_path):
    path = tmp_path / "x.parquet"
    lists = pa.array([[1.0, 2.0], [3.0, 4.0], [5.0]])
    pq.write_table(pa.table({"v": lists}), path)
    refused(path, "row 2 has 1 values where 2 are expected", "--skip-bad")
    whole = path.read_bytes()
    cut(path, len(whole) // 2)
    refused(path, "no Parquet file or damaged")
    pq.write_table(pa.table({"v": pa.array([[1.0, 2.0], None])}), path)
    refused(path, "row 1 is missing (null)")
    pq.write_table(pa.table({"a": lists, "b": lists}), path)
    refused(path, "a, b", "--column")
    pq.write_table(pa.table({"a": [1.0, 2.0], "b": ["x", "y"]}), path)
    refused(path, "no column of lists fits", "a, b")
    refused(path, "holds string", column="b")
    refused(path, "no column of lists 'c'", column="c")
    pq.write_table(pa.table({"a": [["x"], ["y"]]}), path)
    refused(path, "lists of string")
    pq.write_table(pa.table({"a": [[True], [False]]}), path)
    refused(path, "lists of bool")
    pq.write_table(pa.table({"v": lists[:2], "id": ["p", None]}), path)
    refused(path, "row 1 has no id")
    refused(path, "no column 'k' for ids", id_column="k")
    pq.write_table(pa.table({"v": lists[:2], "id": ["p", "p"]}), path)
    refused(path, "'p'", "row 0", "row 1")
    pq.write_table(pa.table({"v": lists[:0]}), path)
    refused(path, "no rows")
    pq.write_table(pa.table({"v": pa.array([[], []], pa.list_(pa.float32()))}), path)
    refused(path, "no values")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n3\n", ["row 1 (line 3) has 1 values where 2 are expected", "--skip-bad"]),
        ("1,2\n3,4,5\n6,7\n", ["row 1 (line 2) has 3 values where 2"]),
        ("1,2,3\n4,5\n6,7\n8,9\n", ["row 0 (line 1) has 3 values where 2"]),
        ("id,a,b\nx,1,2\n\n\ny,1,zwei\n", ["row 1 (line 5) holds 'zwei' at value 1"]),
        ("id,a,b\nx,1,2\ny,nan,3\n", ["row 1 (line 3) holds NaN at value 0"]),
        ("id,a,b\nx,1,2\ny,,3\n", ["row 1 (line 3) holds NaN at value 0"]),
        ("id,a,b\nx,0,0\ny,1,3\n", ["row 0 (line 2) is all zeros"]),
        ("id,a\nx,1\ny,2\nx,3\n", ["the id 'x' stands at row 0 and again at row 2"]),
        ("1,2\nab,3\n4,5\n", ["'ab' at value 0", "--id-column"]),
        ("id,a,b\n", ["no rows"]),
        ("1,2\n", ["has 1 rows"]),
        ("\n\n", ["no lines"]),
        ("1,2,3\n2,1,4\n3,x,3\n", ["row 2 (line 3) holds 'x' at value 1"]),
        ("id\nx\ny\n", ["only a column of ids"]),
        ("0,5;0,7\n1,5;2,0\n", ["row 0 (line 2) holds '2,0'"]),
    ],
)
def test_text(tmp_path, text, words):
    path = tmp_path / "x.csv"
    path.write_text(text)
    refused(path, str(path), *words)


def test_text_that_is_none(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,2\n\xff\xfe,3\n")
    refused(path, "UTF-8")
    path.write_bytes(b"1,2\n" * 100_000 + b"\xff\xfe,3\n")
    refused(path, "UTF-8")
    path.write_bytes(os.urandom(1000))
    refused(path)
    path.write_text("a,b\n1,2\n3,4\n")
    refused(path, "no column 'c' for ids", "a, b", id_column="c")


def test_ids(tmp_path):
    np.save(tmp_path / "x.npy", GOOD)
    ids = tmp_path / "ids.txt"

    def with_ids(text, *words):
        ids.write_bytes(text)
        refused(tmp_path / "x.npy", str(ids), *words, ids=ids)

    with_ids(b"a\nb\n", "has 2 lines", "10 rows")
    with_ids(b"a\nb\n\n" + b"\n".join(b"%d" % i for i in range(7)), "line 3 (row 2) is empty")
    with_ids(b"a\nb\n" + b"c\n" * 8, "the id 'c' stands at row 2 and again at row 3")
    with_ids(b"a\n\xff\n", "line 2 is not UTF-8")
    with_ids(b"", "is empty")
    refused(tmp_path / "x.npy", "no such file", ids=tmp_path / "none.txt")


def test_masks(tmp_path):
    np.save(tmp_path / "x.npy", GOOD)

    def with_mask(mask, *words):
        refused(tmp_path / "x.npy", *words, mask=mask)

    with_mask(np.ones(3), "the mask: has 3 entries", "10 rows")
    with_mask(np.ones((5, 2)), "shape (5, 2)")
    with_mask(np.full(N, np.nan), "row 0 is NaN")
    with_mask(["a"] * N, "a number per row")
    path = tmp_path / "m.txt"
    path.write_text("1\n0\nyes\n")
    with_mask(path, str(path), "row 2 is 'yes'")
    path.write_text("1\n0\n")
    with_mask(path, "has 2 entries")
    path = tmp_path / "m.npy"
    path.write_text("no")
    with_mask(path, "damaged")
    path = tmp_path / "m.npz"
    np.savez(path, a=GOOD[0], b=GOOD[0])
    with_mask(path, "only array")
    path = tmp_path / "m.json"
    path.write_text("[1]")
    with_mask(path, ".json")
    with_mask(tmp_path / "none.npy", "no such file")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet", ".csv", ".safetensors", ".fvecs"])
def test_the_file_itself(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    refused(path, "no such file")
    refused(path / "y.npy", "no such file")
    path.touch()
    refused(path, "is empty (0 bytes)")
    path.unlink()
    path.mkdir()
    refused(path, "is a folder")
    path.rmdir()
    os.mkfifo(path)
    refused(path, "not a regular file")


@pytest.mark.parametrize("name", ["x.pkl", "x.txt", "x"])
def test_unknown_suffix(tmp_path, name):
    (tmp_path / name).write_text("1 2\n")
    refused(tmp_path / name, ".safetensors", "numpy.save")


def test_permission():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder, "x.npy")
        np.save(path, GOOD)
        path.chmod(0)
        me = os.geteuid()
        try:
            if me == 0:
                os.seteuid(65534)  # the super-user may read anything
            refused(path, "permission denied", "chmod")
        finally:
            os.seteuid(me)


def test_options_that_contradict(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, GOOD)
    refused(path, "has 4 values in a row, not 5", dim=5)
    refused(path, "not from both", error=UsageError, ids="a", id_column="b")
    refused(path, "--column has no meaning", error=UsageError, column="x")
    refused(path, "--ids FILE", error=UsageError, id_column="x")
