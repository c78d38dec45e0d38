"""What is known of an image codec, and of a file by one, for `--json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from covey.codec.container import unpack
from covey.codec.rate_index import RATES
from covey.weight_names import CODEC_KIND

if TYPE_CHECKING:
    from covey.codec.image.model import ImageCodec

_MOST_PIXELS = 2**60  # nothing is decoded


def codec_facts(codec: ImageCodec) -> dict[str, Any]:
    """What a codec is and comes of, by the names of `model_facts` as far as these fit.

    Returns:
        `kind`, `weights` (how many), `network` (its sizes), `mark`, `trained_on`, `steps` (with
        those of the codecs that it was begun from), `figures` (`t`, `bits` a pixel and `psnr` at
        each rate that was looked at), `seed`, `covey`, `needs_pytorch`, and all of `about`. What
        is not known is None.
    """
    about = codec.about
    steps = [about[name] for name in ("steps", "steps before") if name in about]
    return {
        "kind": CODEC_KIND,
        "weights": sum(each.size for each in codec.weights.values()),
        "network": asdict(codec.config),
        "mark": codec.mark.hex(),
        "trained_on": about.get("photographs"),
        "steps": sum(steps) if steps else None,
        "figures": about.get("validation") or None,
        "seed": about.get("seed"),
        "covey": about.get("covey"),
        "needs_pytorch": True,
        "about": about,
    }


def picture_facts(data: bytes, name: str) -> dict[str, Any]:
    """What a .cvi file holds, and whether it is as it was written; nothing is decoded.

    Args:
        data: All bytes.
        name: For messages.

    Returns:
        `codec` (its mark), `width` and `height` (as stored), `orientation`, `grey`, `rate` (the
        number, the least one where there is a region), `quality`, `bytes`, `bpp`, `tiles`,
        `sections` (bytes by name, None for one that is damaged or missing), `damaged_tiles`,
        `cut_tiles` (of which something is missing) and `sound`.

    Raises:
        InputError: If it is no such file, or its header is damaged.
    """
    container = unpack(data, name, _MOST_PIXELS)
    header = container.header
    cut = sum(not tile.whole for tile in container.tiles)
    damaged = sum(tile.whole and not tile.sound for tile in container.tiles)
    sections: dict[str, int | None] = {key: len(each) for key, each in container.sections.items()}
    return {
        "codec": header.mark.hex(),
        "width": header.width,
        "height": header.height,
        "orientation": header.orientation,
        "grey": header.grey,
        "rate": header.rate,
        "quality": round(100 * header.rate / (RATES - 1), 2),
        "bytes": len(data),
        "bpp": round(8 * len(data) / (header.width * header.height), 4),
        "tiles": header.tiles,
        "sections": sections | dict.fromkeys(container.lost),
        "damaged_tiles": damaged,
        "cut_tiles": cut,
        "sound": not (cut or damaged or container.lost),
    }
