"""A folder with a codec: weights, description and card. It appears whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from covey.codec.image.model import ImageCodec
from covey.codec_weights import codec_config
from covey.io.model_folder import write_weights

_CARD = """\
# An image codec for Covey

For `covey compress` and `covey decompress`: one network, 9000 rates. Pixels become latents by
principal axes of squares and {encoder} blocks of {width} channels and come back by {decoder};
{latents} latents a square of 16 x 16 pixels, coded in four steps. `model.safetensors` holds the
transforms in half precision and, as whole numbers, everything that decides a probability.
A file names the codec that it was made by: this one is `{mark}`. Keep it as long as such files.

    {command}

## What it is made of

{facts}

## How it does

Squares of photographs that it did not learn from, expected bits a pixel, no files:

| rate | bits a pixel | PSNR, dB |
| ---: | ---: | ---: |
{rows}

## Licence

The weights may be used under the [MIT licence](https://opensource.org/license/mit) of Covey as far
as the terms of the photographs allow.
"""


def codec_card(codec: ImageCodec, command: str) -> str:
    """Markdown on what a codec is, what it was made of, by which command, and how it does."""
    about = codec.about
    told = [f"- {name}: {value}" for name, value in about.items() if name != "validation"]
    rows = [
        f"| {point['t'] * 1000:.0f} | {point['bits']:.3f} | {point['psnr']:.2f} |"
        for point in about.get("validation", [])
    ]
    values: dict[str, Any] = codec_config(codec)["body"]
    return _CARD.format(
        **values,
        mark=codec.mark.hex(),
        command=command,
        facts="\n".join(told),
        rows="\n".join(rows),
    )


def write_codec(
    folder: str | Path, codec: ImageCodec, command: str, *, force: bool = False
) -> None:
    """Writes a codec so that `covey.codec_weights.load_codec` reads it.

    Args:
        folder: Need not exist.
        codec: The codec.
        command: What made it, for the card.
        force: Replace the model that the folder holds, in one step.

    Raises:
        UsageError: See `check_model_folder`.
        CoveyError: If the disk is full or fails; the folder is then as it was.
    """
    weights = {name: np.ascontiguousarray(each) for name, each in codec.weights.items()}
    card = codec_card(codec, command)
    write_weights(Path(folder), weights, codec_config(codec), card, force=force)
