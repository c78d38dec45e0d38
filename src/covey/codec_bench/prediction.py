"""What frames of a coded clip were foreseen from: each part of the prediction by itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from covey.codec.image.windows import padded
from covey.codec.video.container import FrameRecord, VideoReader
from covey.codec.video.frames import Kind, Reference, decode_frame, foresee_frame
from covey.codec.video.model import VideoCodec
from covey.codec.video.motion import ForeseenFrame
from covey.codec_bench.held_clip import HeldClip
from covey.codec_bench.measuring import MOST_PSNR
from covey.io.video_source import Pixels
from covey.metrics.rate import psnr
from covey.types import Float32

FRAMES = 4
"""That are shown, at most."""

BEFORE, FLOW, FILTER, FUSED, REFINED = "before", "flow", "filter", "fused", "refined"
"""What can be shown: the frame before as decoded, that moved, that filtered, both under the mask
(or their mean), and that with what a last layer adds."""

_MADE_OF = {
    "copy": (),
    "flow": (FLOW,),
    "scale": (FLOW,),
    "filter": (FILTER,),
    "mean": (FLOW, FILTER, FUSED),
    "mask": (FLOW, FILTER, FUSED),
}
"""By the branch of a model."""


@dataclass(frozen=True, slots=True)
class PredictedFrame:
    """A frame and what foresees it.

    Attributes:
        number: From the first of the clip, which is 0.
        kind: How the frame was coded in the end, as `Kind` names it, in small letters.
        bytes: Of the frame as it was coded.
        motion_bytes: Of the motion that this prediction takes.
        frame: (h, w, 3) as it was.
        views: (h, w, 3) by what is shown, in order.
        psnr: Of each view against the frame, in dB.
        mask: (h, w) share of what is moved, in [0, 1]; None of models without a mask.
    """

    number: int
    kind: str
    bytes: int
    motion_bytes: int
    frame: Pixels
    views: dict[str, Pixels]
    psnr: dict[str, float]
    mask: Float32 | None

    def error(self, view: str) -> NDArray[np.float32]:
        """(h, w) levels of 8 bits by which a view is off, the mean of the three channels."""
        return np.abs(self.views[view].astype(np.float32) - self.frame).mean(2, dtype=np.float32)


def predicted_frames(
    codec: VideoCodec,
    pieces: Sequence[bytes],
    clip: HeldClip,
    most: int = FRAMES,
    tell: Callable[[float], None] = lambda done: None,
) -> list[PredictedFrame]:
    """Frames of a file, evenly chosen of those that stand behind another of their group.

    Each is foreseen by motion from the frame before as decoded, exactly as the codec does, whatever
    kind it was coded as in the end.

    Args:
        codec: The model that it was coded by.
        pieces: Bytes of the file.
        clip: What was coded.
        most: Frames that are shown.
        tell: Called with the share done.
    """
    reader = VideoReader(io.BytesIO(b"".join(pieces)))
    behind = [
        n for place in reader.places for n in range(place.first + 1, place.first + place.count)
    ]
    places = [(2 * i + 1) * len(behind) // (2 * most) for i in range(most)]
    wanted = {behind[place] for place in places} if behind else set()
    size = padded(clip.pixels[0]).shape
    found = []
    with torch.inference_mode():
        for place in range(len(reader.places)):
            group, before = reader.group(place), None
            for number, record in enumerate(group.frames, group.first):
                after = decode_frame(
                    codec, record.kind, record.payload, (size[0], size[1]), record.rate, before
                )
                if number in wanted:
                    assert before is not None
                    found.append(_predicted(codec, clip.pixels[number], number, record, before))
                before = after
                tell((number + 1) / reader.frames)
    return found


def _predicted(
    codec: VideoCodec, frame: Pixels, number: int, record: FrameRecord, before: Reference
) -> PredictedFrame:
    made, words = foresee_frame(codec, padded(frame), before.pixels, record.rate)
    height, width = frame.shape[:2]
    images = _images(made, codec.config.branch, codec.config.refined)
    views = {BEFORE: before.pixels[:height, :width]}
    views |= {name: _shown(image)[:height, :width] for name, image in images.items()}
    mask = made.mask[0, 0, :height, :width].numpy() if codec.config.branch == "mask" else None
    return PredictedFrame(
        number,
        Kind(record.kind).name.lower(),
        len(record.payload),
        len(words),
        frame,
        views,
        {name: min(psnr(frame, view), MOST_PSNR) for name, view in views.items()},
        mask,
    )


def _images(made: ForeseenFrame, branch: str, refined: bool) -> dict[str, Tensor]:
    """Each part of a prediction; see `MotionSynthesis`."""
    share = made.mask
    parts = {
        FLOW: made.moved,
        FILTER: made.filtered,
        FUSED: share * made.moved + (1 - share) * made.filtered,
    }
    found = {name: parts[name] for name in _MADE_OF[branch]}
    if refined and branch != "copy":
        found[REFINED] = made.image
    return found


def _shown(image: Tensor) -> Pixels:
    """As the codec itself makes pixels."""
    levels = image[0].clamp(0, 1).mul(255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous().numpy()
