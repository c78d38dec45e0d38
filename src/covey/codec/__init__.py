"""Learned compression: one network, thousands of rates, files that decode anywhere.

`encode` and `decode` take files and arrays; they stand in `covey.pictures` and are looked up there
when they are first used, as they need PyTorch and constriction.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from covey.pictures import decode, encode

__all__ = ["decode", "encode"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from covey.extras import require

    for module in ("torch", "constriction"):
        require(module, "codec")
    return getattr(import_module("covey.pictures"), name)
