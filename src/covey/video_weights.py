"""Weights of video codecs: a folder of model.safetensors, config.json and a card.

They name the image codec that they add to. Where that is the one that ships with the package, it is
read from there; another one's weights are in the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.codec.image.config import BodyConfig
from covey.codec.image.model import ImageCodec
from covey.codec.video.config import MotionConfig
from covey.codec.video.model import VideoCodec
from covey.codec_weights import (
    check_image,
    default_codec,
    describing,
    holding,
    read_config,
    read_weights,
)
from covey.types import InputError
from covey.weight_names import VIDEO_KIND

_HINT = "name a folder that `covey train video` wrote"
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
    with describing(folder, _HINT):
        config = read_config(folder, _HINT)
        motion, mark = _motion_config(config)
        own = None if config["image_body"] is None else BodyConfig(**config["image_body"])
    with holding(folder):
        image, added = _parted(read_weights(folder), own)
        codec = VideoCodec(motion, image, added, config.get("about") or {})
        codec.check()
    if image.mark.hex() != mark:
        raise InputError(
            f"{folder}: adds to the image codec {mark}, and this Covey comes with "
            f"{image.mark.hex()}; install the version that it was trained with, or train again"
        )
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
    check_image(image)
    return image, added


def _motion_config(config: Any) -> tuple[MotionConfig, str]:
    if config["kind"] != VIDEO_KIND:
        raise ValueError(f"kind is {config['kind']!r}")
    motion = config["motion"]
    names = [each.name for each in fields(MotionConfig)]
    if sorted(motion) != sorted(names):
        raise ValueError(f"motion must hold {', '.join(names)}")
    return MotionConfig(**motion), str(config["image"])
