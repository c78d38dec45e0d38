"""Libraries that only some uses need, and that `pip install covey` leaves out."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from covey.types import MissingExtraError


def require(module: str, extra: str) -> ModuleType:
    """Imports an optional library.

    Args:
        module: Its name in an import statement.
        extra: The extra of `pyproject.toml` that brings it.

    Raises:
        MissingExtraError: If it is not installed; the message has the command that installs it.
        ImportError: If it is installed but does not load.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):
            raise MissingExtraError(
                f'{module} is not installed; run: pip install "covey[{extra}]"'
            ) from error
        raise
