"""Where torch computes, and on how many threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def fastest_device(needed: int = 0) -> str:
    """A GPU where torch finds one that has so many bytes free, otherwise the CPU."""
    there = torch.cuda.is_available() and torch.cuda.mem_get_info()[0] > needed
    return "cuda" if there else "cpu"


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Lets torch use at most so many threads while the block runs; as many as it may if None."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(threads or before, before))
    try:
        yield
    finally:
        torch.set_num_threads(before)
