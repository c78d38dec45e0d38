"""Amounts of memory in the words that people use for them."""

from __future__ import annotations


def format_bytes(size: float) -> str:
    """`512 B`, `1 MB`, `23.4 GB`: three digits, in steps of 1,000 as on the box of a disk.

    Args:
        size: Bytes, at least 0.
    """
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.0f} PB"
