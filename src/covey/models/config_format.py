"""Reads the config of a network from what its folder holds, field by field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Config = TypeVar("Config")


def read_config(config: type[Config], found: Mapping[str, Any]) -> Config:
    """Puts a config together.

    Args:
        config: A dataclass whose fields are whole or other numbers, truth values, words of a
            `Literal`, tuples of whole numbers, or None beside one of these.
        found: Values by name, as JSON has them.

    Raises:
        KeyError: If one is missing that has no default.
        ValueError: If one is unknown, or not of the field's type; whole numbers are above 0.
    """
    known = {field.name: field for field in fields(config)}  # type: ignore[arg-type]
    for name, field in known.items():
        if name not in found and field.default is MISSING:
            raise KeyError(name)
    if foreign := sorted(set(found) - set(known)):
        raise ValueError(f"the network has {foreign[0]!r}, which this version of Covey does not")
    hints = get_type_hints(config)
    return config(**{name: _value(name, value, hints[name]) for name, value in found.items()})


def _value(name: str, value: Any, hint: Any) -> Any:
    if get_origin(hint) is UnionType:
        if value is None:
            return None
        hint = next(each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is Literal and value not in get_args(hint):
        allowed = ", ".join(get_args(hint))
        raise ValueError(f"{name} of the network must be one of {allowed}, got {value!r}")
    if hint is bool and type(value) is not bool:
        raise ValueError(f"{name} of the network must be true or false, got {value!r}")
    if hint is int and not _is_count(value):
        raise ValueError(f"{name} of the network must be a whole number above 0, got {value!r}")
    if hint is float and (type(value) not in (int, float) or not math.isfinite(value)):
        raise ValueError(f"{name} of the network must be a finite number, got {value!r}")
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or not value or not all(map(_is_count, value)):
            raise ValueError(f"{name} of the network must be whole numbers above 0, got {value!r}")
        return tuple(value)
    return value


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1
