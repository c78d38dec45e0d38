"""Sizes of memory as people write them."""

import pytest
import typer

from covey.cli.options import as_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("6GB", 6 * 10**9),
        ("6 gb", 6 * 10**9),
        ("1.5G", 1_500_000_000),
        ("500MB", 500 * 10**6),
        ("2GiB", 2 * 2**30),
        ("1KiB", 1024),
        ("4096", 4096),
        ("10B", 10),
        ("1tb", 10**12),
    ],
)
def test_sizes(text, size) -> None:
    assert as_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "6 apples", "1e9", "5iB"])
def test_no_sizes(text) -> None:
    with pytest.raises(typer.BadParameter, match="no size"):
        as_bytes(text)
