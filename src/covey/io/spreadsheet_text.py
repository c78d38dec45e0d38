"""Text in tables that a spreadsheet program does not take for a formula.

Excel, LibreOffice and others run a cell of a CSV file that begins with =, +, - or @, quoted or not,
and one that begins with a tab or a line's end may come to begin so. An apostrophe before it makes
it text. To be undone without a doubt, one is also put before what begins with an apostrophe: who
reads such a column takes one apostrophe from the front of each cell that has one.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_FORMULA = r"^(?:\s*[=+\-@＝＋－＠]|[\t\r\n])"
_GUARDED = r"^(?:'|\s*[=+\-@＝＋－＠]|[\t\r\n])"


def may_run(column: pa.ChunkedArray) -> int:
    """How many cells a spreadsheet program would take for formulas."""
    return int(pc.sum(pc.match_substring_regex(column, _FORMULA)).as_py() or 0)


def guarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same text with an apostrophe before what may run, see above; nulls stay."""
    changed = pc.binary_join_element_wise("'", column, "")
    return pc.if_else(pc.match_substring_regex(column, _GUARDED), changed, column)
