"""Weights of video codecs: a folder of model.safetensors, config.json and a card.

They name the image codec that they add to. Where that is the one that ships with the package, it is
read from there; another one's weights are in the same file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from covey.codec.image.config import BodyConfig
from covey.codec.image.model import ImageCodec
from covey.codec.video.config import MotionConfig
from covey.codec.video.model import VideoCodec
from covey.codec_weights import default_codec
from covey.types import InputError, UsageError
from covey.weight_names import CONFIG, VIDEO_KIND, WEIGHTS

_HINT = "name a folder that `covey train video` wrote"
_AGAIN = "copy it again from where it was made, or train the codec again"
_IMAGE = "image."


@cache
def default_video_codec() -> VideoCodec:
    """The codec that ships with the package."""
    with as_file(files("covey") / "weights" / "video-s") as folder:
        return load_video_codec(folder)


def load_video_codec(folder: str | PathLike[str]) -> VideoCodec:
    """Reads a codec.

    Args:
        folder: Written by `covey train video`.

    Raises:
        InputError: If it is no such folder, anything in it does not fit, or the image codec that it
            adds to is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "there is no such folder"
        raise InputError(f"{folder}: {what}; {_HINT}")
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: holds no file {name}; {_HINT}")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        motion, mark = _motion_config(config)
        own = None if config["image_body"] is None else BodyConfig(**config["image_body"])
    except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
        raise InputError(f"{folder / CONFIG}: describes no codec: {error}; {_HINT}") from None
    try:
        weights = load_file(folder / WEIGHTS)
        for name, value in weights.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                raise ValueError(f"{name} holds NaN or infinity")
        image, added = _parted(weights, own)
        if image.mark.hex() != mark:
            raise InputError(
                f"{folder}: adds to the image codec {mark}, and this Covey comes with "
                f"{image.mark.hex()}; install the version that it was trained with, or train again"
            )
        codec = VideoCodec(motion, image, added, config.get("about") or {})
        codec.check()
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{folder / WEIGHTS}: cannot be read: {error}; {_AGAIN}") from None
    return codec


def video_config(codec: VideoCodec, *, own_image: bool) -> dict[str, Any]:
    """What config.json holds.

    Args:
        codec: The codec.
        own_image: Whether the image codec is in the same file.
    """
    return {
        "kind": VIDEO_KIND,
        "motion": asdict(codec.config),
        "image": codec.image.mark.hex(),
        "image_body": asdict(codec.image.config) if own_image else None,
        "about": codec.about,
    }


def video_tensors(codec: VideoCodec, *, own_image: bool) -> dict[str, NDArray[Any]]:
    """What model.safetensors holds."""
    found = {name: np.ascontiguousarray(each) for name, each in codec.weights.items()}
    if own_image:
        for name, each in codec.image.weights.items():
            found[f"{_IMAGE}{name}"] = np.ascontiguousarray(each)
    return found


def _parted(
    weights: Mapping[str, NDArray[Any]], own: BodyConfig | None
) -> tuple[ImageCodec, dict[str, NDArray[Any]]]:
    """The image codec, and what is added to it."""
    added = {name: each for name, each in weights.items() if not name.startswith(_IMAGE)}
    if own is None:
        return default_codec(), added
    mine = {
        name.removeprefix(_IMAGE): each for name, each in weights.items() if name.startswith(_IMAGE)
    }
    image = ImageCodec(own, mine)
    for part in ("foresight", "coder", "errors", "analysis", "synthesis", "hyper"):
        getattr(image, part)
    return image, added


def _motion_config(config: Any) -> tuple[MotionConfig, str]:
    if config["kind"] != VIDEO_KIND:
        raise ValueError(f"kind is {config['kind']!r}")
    motion = config["motion"]
    names = [each.name for each in fields(MotionConfig)]
    if sorted(motion) != sorted(names):
        raise ValueError(f"motion must hold {', '.join(names)}")
    return MotionConfig(**motion), str(config["image"])
