"""Cells that a spreadsheet program would run."""

from __future__ import annotations

import pyarrow as pa
import pytest

from covey.io.spreadsheet_text import guarded, may_run


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r", "\n", "  =1", "－1"])
def test_formulas(text: str) -> None:
    column = pa.chunked_array([[text]])
    assert may_run(column) == 1
    assert guarded(column).to_pylist() == [f"'{text}"]


def test_other_text_stays_and_all_can_be_undone() -> None:
    texts = ["a=1", "O'Neil", "", " a", "1-2", None]
    column = pa.chunked_array([texts[:2], texts[2:]], pa.string())
    assert may_run(column) == 0
    assert guarded(column).to_pylist() == texts
    odd = pa.chunked_array([["'a", "''", "'=1"]])
    assert [each.removeprefix("'") for each in guarded(odd).to_pylist()] == odd.to_pylist()
    assert may_run(odd) == 0
    assert may_run(pa.chunked_array([], pa.string())) == 0
