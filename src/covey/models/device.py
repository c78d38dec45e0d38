"""Where torch computes."""

from __future__ import annotations

import torch


def fastest_device(needed: int = 0) -> str:
    """A GPU where torch finds one that has so many bytes free, otherwise the CPU."""
    there = torch.cuda.is_available() and torch.cuda.mem_get_info()[0] > needed
    return "cuda" if there else "cpu"
