"""A folder with a video codec: weights, description and card. It appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

from covey.codec.video.model import VideoCodec
from covey.codec_weights import default_codec
from covey.io.model_folder import write_weights
from covey.video_weights import video_config, video_tensors

_CARD = """\
# A video codec for Covey

For `covey compress` and `covey decompress` of clips. It adds to the image codec `{image}`: frames
foreseen by joint motion ({branch}; {latents} latents a square of 16 x 16 pixels, a local filter of
{taps} x {taps}), and foresight of what is left and of still latents. A file names the codec that it
was made by: this one is `{mark}`. Keep it as long as such files.

    {command}

## What it is made of

{facts}

## How it does

Scenes that it did not learn from, of the same photographs and films, three frames of 128 x 128
pixels, means over four rates: motion and residual {bits} bits a pixel at {psnr:.2f} dB; still
latents {still:.3f} bits a pixel.

## Licence

The weights may be used under the [MIT licence](https://opensource.org/license/mit) of Covey as far
as the terms of the photographs and clips allow.
"""


def video_card(codec: VideoCodec, command: str) -> str:
    """Markdown on what a codec is, what it was made of, by which command, and how it does."""
    about = codec.about
    seen = about["validation"]
    return _CARD.format(
        image=codec.image.mark.hex(),
        branch=codec.config.branch,
        latents=codec.config.latents,
        taps=codec.config.taps,
        mark=codec.mark.hex(),
        command=command,
        facts="\n".join(f"- {name}: {each}" for name, each in about.items() if each is not seen),
        bits=f"{seen['motion']:.3f} + {seen['residual']:.3f}",
        psnr=seen["psnr"],
        still=seen["still"],
    )


def write_video_codec(
    folder: str | Path, codec: VideoCodec, command: str, *, force: bool = False
) -> None:
    """Writes a codec so that `covey.video_weights.load_video_codec` reads it.

    Args:
        folder: Need not exist.
        codec: The codec.
        command: What made it, for the card.
        force: Replace the model that the folder holds, in one step.

    Raises:
        UsageError: If the folder holds anything else, or a model and `force` is not set.
        CoveyError: If the disk is full or fails; the folder is then as it was.
    """
    own = codec.image.mark != default_codec().mark
    write_weights(
        Path(folder),
        video_tensors(codec, own_image=own),
        video_config(codec, own_image=own),
        video_card(codec, command),
        force=force,
    )
