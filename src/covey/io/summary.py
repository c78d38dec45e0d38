"""A run's summary as one JSON object."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from covey.io.atomic import atomic_file


def as_json(value: Any) -> Any:
    """`value` in terms that JSON has: dataclasses and mappings as objects, arrays as lists.

    NaN and infinity, for which JSON has no word, become null.

    Raises:
        TypeError: If there is no such form.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, np.generic):
        return as_json(value.item())
    if isinstance(value, np.ndarray):
        return as_json(value.tolist())
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def write_summary(path: str | Path, summary: Any) -> None:
    """Writes `summary`, a mapping or a dataclass, as indented UTF-8 JSON, atomically.

    Raises:
        TypeError: If something in it has no JSON form.
    """
    text = json.dumps(as_json(summary), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
