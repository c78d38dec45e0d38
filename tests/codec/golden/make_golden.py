"""Makes the golden files anew, where the format or the weights that ship have changed on purpose.

    python tests/codec/golden/make_golden.py

Coded are parts of a photograph that comes with scikit-learn, by a tiny codec of random weights that
lies here and by the one that ships. What decoders must find is in golden.json.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_sample_image

from covey.codec.container import unpack
from covey.codec.image.decoding import decode_picture, read_latents
from covey.codec.image.encoding import encode_picture
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Picture
from covey.codec.image.sections import rate_of
from covey.codec_weights import default_codec, load_codec

HERE = Path(__file__).parent
TINY = HERE / "tiny"


def hashes(codec: ImageCodec, data: bytes) -> dict[str, str]:
    """SHA-256 of a file and of its latents, as little-endian float32, channel by channel."""
    container = unpack(data)
    latents = read_latents(codec, container, rate_of(container)).latents
    told = np.ascontiguousarray(latents, "<f4").tobytes()
    return {name: hashlib.sha256(x).hexdigest() for name, x in (("file", data), ("latents", told))}


def pictures() -> dict[str, tuple[Picture, object, int]]:
    """By name: picture, rate and effort."""
    photograph = load_sample_image("flower.jpg")
    some = np.ascontiguousarray(photograph[150:270, 200:350])
    grey = np.repeat(some[:, :, 1:2], 3, axis=2)
    alpha = np.minimum(255, np.arange(120)[:, None] + np.arange(150)[None]).astype(np.uint8)
    rates = np.arange(20).reshape(4, 5) * 400
    return {
        "low": (Picture(some), 700, 1),
        "middle": (Picture(grey, grey=True, alpha=alpha), 4321, 0),
        "high": (Picture(some, profile=b"icc", orientation=6), 8999, 2),
        "map": (Picture(some), rates, 1),
    }


def main() -> None:
    torch.set_num_threads(1)
    found = {}
    for kind, codec in (("tiny", load_codec(TINY)), ("image-s", default_codec())):
        for name, (picture, rate, effort) in pictures().items():
            data = encode_picture(codec, picture, rate, effort=effort, tile=4).data
            assert not decode_picture(codec, unpack(data)).damage
            (HERE / f"{kind}-{name}.cvi").write_bytes(data)
            found[f"{kind}-{name}.cvi"] = hashes(codec, data)
    (HERE / "golden.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
