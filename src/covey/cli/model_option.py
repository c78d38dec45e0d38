"""`--model`: reads it before anything else, and refuses rows that it was not made for by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from covey.types import InputError

if TYPE_CHECKING:
    from covey.hub import Model
    from covey.io.embeddings import EmbeddingTable
    from covey.models.refiner import Refiner

DEFAULT = "default"
"""What the model that ships with the package is called."""


def trained_model(model: Path | None) -> Model:
    """A model of any kind; the shipped one where none is named.

    Raises:
        InputError: If it is no folder of a model.
        MissingExtraError: If its network needs torch, which is not installed.
    """
    from covey.hub import default_model, load_model
    from covey.models.refiner import Refiner

    if model is None or str(model) == DEFAULT:
        return default_model()
    found = load_model(model)
    if isinstance(found, Refiner):
        _check_torch(found)
    return found


def trained_refiner(model: Path | None) -> Refiner | None:
    """A model that finds items; None where none is named.

    Raises:
        InputError: If it is no folder of such a model.
        MissingExtraError: If its network needs torch, which is not installed.
    """
    from covey.hub import load_refiner

    if model is None:
        return None
    if str(model) == DEFAULT and not model.exists():
        raise InputError(
            f"{DEFAULT} names the universal scorer that ships with Covey, which weighs edges "
            f"between neighbours and refines no embeddings; name a folder that covey train "
            "b-attention wrote, or leave out --model"
        )
    found = load_refiner(model)
    _check_torch(found)
    return found


def check_fit(
    refiner: Refiner, model: Path | None, table: EmbeddingTable, metric: str = "cosine"
) -> None:
    """Refuses embeddings that a refiner was not made for.

    Raises:
        InputError: If they have other dimensions: names the file and the model.
        UsageError: If lengths are to matter.
    """
    refiner.check(table.x.shape[1], metric, name=str(model), rows=f"those of {table.path}")


def _check_torch(refiner: Refiner) -> None:
    """Before embeddings are read and searched in vain."""
    from covey.extras import require

    if refiner.uses_network:
        require("torch", "learn")
