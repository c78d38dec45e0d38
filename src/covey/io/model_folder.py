"""A folder with a model: weights, description and card. It appears whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors.numpy import save

from covey.hub import Model
from covey.io.atomic import atomic_folder
from covey.io.files import listed
from covey.io.model_card import default_card
from covey.io.summary import as_json
from covey.types import UsageError
from covey.weight_names import CARD, CONFIG, WEIGHTS

_ENTRIES = {WEIGHTS, CONFIG, CARD}


def write_model(
    folder: str | Path, model: Model, card_text: str | None = None, *, force: bool = False
) -> None:
    """Writes a model so that `covey.hub.load_model` reads it.

    Args:
        folder: Need not exist.
        model: Weights and what is known about them.
        card_text: Markdown for README.md, see `model_card`; one from what is known if None.
        force: Replace the model that the folder holds, in one step.

    Raises:
        UsageError: See `check_model_folder`.
        CoveyError: If the disk is full or fails; the folder is then as it was.
    """
    text = default_card(model) if card_text is None else card_text
    write_weights(Path(folder), model.weights(), model.config(), text, force=force)


def write_weights(
    folder: Path,
    weights: Mapping[str, NDArray[Any]],
    config: Mapping[str, Any],
    card_text: str,
    *,
    force: bool,
) -> None:
    """Writes the three files that any model is.

    Args:
        folder: Need not exist.
        weights: Arrays by name.
        config: What config.json holds.
        card_text: Markdown for README.md.
        force: Replace the model that the folder holds, in one step.

    Raises:
        UsageError, CoveyError: As `write_model` does.
    """
    check_model_folder(folder, force=force)
    text = json.dumps(as_json(config), indent=1, ensure_ascii=False, allow_nan=False)
    with atomic_folder(folder, overwrite=folder.is_dir()) as temporary:
        (temporary / WEIGHTS).write_bytes(save(dict(weights)))
        (temporary / CONFIG).write_text(text + "\n", encoding="utf-8")
        (temporary / CARD).write_text(card_text, encoding="utf-8")


def work_folder(folder: Path) -> Path:
    """Where a training keeps what it needs to go on, beside the folder that its model goes to."""
    named = folder if folder.name.strip(".") else folder.resolve()
    return named.with_name(f"{named.name}.work")


def check_model_folder(folder: Path, *, force: bool = False) -> None:
    """Refuses a folder in which anything but a model would be lost.

    Raises:
        UsageError: If it is a file, cannot be made, holds anything but a model, or holds a model
            and `force` is not set.
    """
    if folder.is_dir():
        entries = {entry.name for entry in folder.iterdir()}
        if foreign := sorted(entries - _ENTRIES):
            raise UsageError(
                f"{folder}: holds {listed(foreign)}, so it is no model; choose another folder"
            )
        if entries and not force:
            raise UsageError(
                f"{folder}: holds a model; choose another folder, or replace it with --force"
            )
    elif folder.exists():
        raise UsageError(f"{folder}: is a file; name a folder for the model")
    parent = Path(os.path.realpath(folder)).parent
    if not parent.is_dir():
        raise UsageError(f"{folder}: there is no folder {folder.parent}; make it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(f"{folder}: permission denied in {parent}; choose another folder")
