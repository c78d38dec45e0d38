"""Sizes of memory as people write them, and groups of options."""

import inspect
from pathlib import Path

import pytest
import typer

from covey.cli.options import Json, Layout, Rows, as_bytes, flat
from covey.io.embeddings import read_embeddings


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


def test_a_group_becomes_its_options_in_its_place() -> None:
    called = []

    @flat
    def command(emb: Path, *, rows: Rows, json: Json = False) -> None:
        """Help."""
        called.append((emb, rows, json))

    names = ["ids", "id_column", "column", "dim", "mask", "skip_bad", "metric"]
    signature = inspect.signature(command)
    assert list(signature.parameters) == ["emb", *names, "json"]
    assert signature.parameters["metric"].default == "cosine"
    assert command.__doc__ == "Help."
    given = dict.fromkeys(names) | {"dim": 3, "metric": "euclidean"}
    command(emb=Path("x.bin"), json=True, **given)
    assert called == [(Path("x.bin"), Rows(dim=3, skip_bad=None, metric="euclidean"), True)]


@pytest.mark.parametrize("group", [Layout, Rows])
def test_groups_are_named_as_in_the_function_that_they_are_for(group) -> None:
    assert set(vars(group())) <= set(inspect.signature(read_embeddings).parameters)
