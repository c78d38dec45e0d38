"""Embeddings that hide their groups in some directions, refiners, small codecs, and clips for them.

Torch is asked for by what trains or codes only: a refiner is arrays.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as `covey` does, before OpenMP loads

import numpy as np
import pytest

from covey.calibration import Calibration
from covey.models.b_attention_config import BAttentionConfig
from covey.models.held_out import HeldOut
from covey.models.refiner import Refiner
from covey.models.whitening import Whitening

if TYPE_CHECKING:
    from covey.codec.video.groups import DecodedFrame
    from covey.codec_bench.held_clip import HeldClip
    from covey.io.video_source import Frame
    from covey.training.b_attention import BAttentionPlan
    from covey.videos import EncodedClip

Labelled = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def hidden() -> Callable[..., Labelled]:
    """`hidden(n, groups)`: rows (n, 16) float32 whose groups show in 8 directions, and labels.

    The 8 others are noise, `wide` times as strong: at 1 whitening cannot tell them from the first,
    at 3 it helps. Only who has labels can find which directions matter.
    """

    def make(n: int = 240, groups: int = 24, *, seed: int = 0, wide: float = 1.0) -> Labelled:
        rng = np.random.default_rng(seed)
        labels = np.arange(n) % groups
        shown = rng.standard_normal((groups, 8))[labels] + 0.3 * rng.standard_normal((n, 8))
        turn = np.linalg.qr(np.random.default_rng(99).standard_normal((16, 16)))[0]
        x = np.hstack([shown, wide * rng.standard_normal((n, 8))]) @ turn
        return x.astype(np.float32), labels

    return make


@pytest.fixture(scope="session")
def small_network() -> BAttentionConfig:
    """Of the default kind, for rows of `hidden`."""
    return BAttentionConfig(16, width=16, outputs=16, layers=2, tests=10)


@pytest.fixture(scope="session")
def short_plan() -> BAttentionPlan:
    """Thirty quick steps."""
    pytest.importorskip("torch")
    from covey.training.b_attention import BAttentionPlan
    from covey.training.loop import Schedule

    return BAttentionPlan(schedule=Schedule(steps=30, every=10, rate=1e-2), seeds=8, groups=8)


@pytest.fixture(scope="session")
def trained(hidden, small_network, short_plan) -> Refiner:
    """Trained on `hidden()`, without whitening, the network trusted."""
    from covey.training.refiner import train_refiner

    return train_refiner(
        *hidden(), name="hidden.npy", network=small_network, plan=short_plan, scores="cosine"
    )


@pytest.fixture(scope="session")
def whitened(hidden, small_network, short_plan) -> Refiner:
    """Trained on rows that are whitened first."""
    from covey.training.refiner import train_refiner

    return train_refiner(*hidden(wide=3.0), network=small_network, plan=short_plan, scores="cosine")


@pytest.fixture(scope="session")
def with_scorer(hidden, any_refiner) -> Refiner:
    """Leaves rows as they are; a scorer learned from `hidden()` weighs edges."""
    pytest.importorskip("torch")
    from covey.labelled_rows import LabelledRows
    from covey.training.choosing import judge_learned
    from covey.vectors import as_rows

    x, labels = hidden()
    way = judge_learned(LabelledRows(as_rows(x), labels), 1.0)[-1]
    assert way.scored is not None
    scorer = way.scored.scorer()
    return replace(any_refiner(1.0), held_out=way.held, scorer=scorer, partition=way.partition)


@pytest.fixture(scope="session")
def any_refiner() -> Callable[..., Refiner]:
    """`any_refiner(own, whitening, **sizes)`: random weights, made without torch."""

    def make(own: float = 0.0, whitening: bool = False, **sizes: object) -> Refiner:
        wanted = {"inputs": 16, "width": 8, "outputs": 6, "layers": 2, "tests": 5, **sizes}
        config = BAttentionConfig(**wanted)  # type: ignore[arg-type]
        rng = np.random.default_rng(5)
        d = config.inputs

        def draw(*shape: int) -> np.ndarray:
            return (0.4 * rng.standard_normal(shape)).astype(np.float32)

        rising = np.linspace(0.05, 0.95, 10)
        held = HeldOut(60, Calibration(2 * rising - 1, rising), 2 * rising - 1, rising, 1 - rising)
        return Refiner(
            network=config,
            tensors={name: draw(*shape) for name, shape in config.shapes().items()},
            whitening=Whitening(draw(d), draw(d, d)) if whitening else None,
            own=own,
            held_out=held,
            about={"seed": 3, "trained on": "60 items", "validation": {}},
        )

    return make


@pytest.fixture(scope="session")
def small_body():
    """Weights at random, biases by the rate too, so that everything matters."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("constriction")
    from covey.codec.image.body import Body
    from covey.codec.image.config import BodyConfig

    torch.manual_seed(5)
    body = Body(BodyConfig(width=12, latents=16, encoder=2, decoder=2, context=16, hyper=8))
    with torch.no_grad():
        for name, each in body.foresight.named_parameters():
            if name.endswith(("rate", "bias")):
                each.add_(0.4 * torch.randn(each.shape))
            if "mean.weight" in name:
                each.mul_(20)
        body.foresight.places.copy_(torch.arange(16.0) % 4)
        body.analysis.gain.weight.add_(0.1 * torch.randn(body.analysis.gain.weight.shape))
    return body


@pytest.fixture(scope="session")
def small_codec(small_body):
    """The same as it is kept."""
    from covey.codec.image.model import ImageCodec

    return ImageCodec.of(small_body, about={"trained": "not at all"})


@pytest.fixture(scope="session")
def small_video_body(small_body):
    """Networks of video of random weights, gates and biases by the rate too."""
    torch = pytest.importorskip("torch")
    from covey.codec.video.body import VideoBody
    from covey.codec.video.config import MotionConfig

    torch.manual_seed(6)
    config = MotionConfig(width=8, latents=8, encoder=1, decoder=2, context=8, hyper=4, fusion=4)
    body = VideoBody(config, small_body.config)
    with torch.no_grad():
        for name, each in body.named_parameters():
            if "foresight" in name and name.endswith(("rate", "bias")):
                each.add_(0.2 * torch.randn(each.shape))
            if "fusion.last" in name or "kernel" in name:
                each.add_(0.02 * torch.randn(each.shape))
        for part in (body.residual, body.still):
            part.foresight.places.copy_(small_body.foresight.places)
    return body


@pytest.fixture(scope="session")
def small_video_codec(small_video_body, small_codec):
    """The same as it is kept."""
    from covey.codec.video.model import VideoCodec

    return VideoCodec.of(small_video_body, small_codec, {"trained": "not at all"})


@pytest.fixture(scope="session")
def video_model(small_video_codec, tmp_path_factory) -> str:
    """A folder with a small video codec of random weights, its image codec in it."""
    from covey.codec.video.model import VideoCodec
    from covey.io.video_codec_folder import write_video_codec

    seen = {"motion": 0.1, "residual": 0.2, "still": 0.3, "psnr": 30.0, "loss": 0.1}
    codec = VideoCodec(
        small_video_codec.config,
        small_video_codec.image,
        small_video_codec.weights,
        {"steps": "none", "validation": seen},
    )
    folder = tmp_path_factory.mktemp("video") / "m"
    write_video_codec(folder, codec, "covey train video")
    return str(folder)


@pytest.fixture(scope="session")
def shipped_video_codec():
    """By which bytes and quality rise with the rate."""
    from covey.video_weights import default_video_codec

    return default_video_codec()


@pytest.fixture(scope="session")
def moving_frames() -> Callable[..., list[np.ndarray]]:
    """`moving_frames(count, height, width)`: of a scene that moves, and from `cut` of another."""

    def make(
        count: int, height: int = 40, width: int = 72, cut: int | None = None
    ) -> list[np.ndarray]:
        rng = np.random.default_rng(0)
        y, x = np.mgrid[: height + 90, : width + 90] / 9.0
        waves = rng.normal(size=(2, 3, 3)) * 2
        scenes = [
            np.clip(
                128 + 90 * np.stack([np.sin(a * x + b * y + c) for a, b, c in each], -1), 0, 255
            ).astype(np.uint8)
            for each in waves
        ]
        found = []
        for n in range(count):
            scene = scenes[cut is not None and n >= cut]
            found.append(np.ascontiguousarray(scene[n % 60 :, 2 * (n % 40) :][:height, :width]))
        return found

    return make


@pytest.fixture(scope="session")
def spaced_clip() -> Callable[[list[np.ndarray]], HeldClip]:
    """`spaced_clip(frames)`: a clip of them whose time stamps are not their numbers."""
    from covey.codec_bench.held_clip import HeldClip

    class SpacedClip(HeldClip):
        def frames(self, start: int = 0) -> Iterator[Frame]:
            return ((3 * number, pixels) for number, pixels in super().frames(start))

    return partial(SpacedClip, "clip")


@pytest.fixture(scope="session")
def coded_video(spaced_clip) -> Callable[..., tuple[bytes, EncodedClip]]:
    """`coded_video(codec, frames, target)`: the file of a spaced clip, and what was done."""
    from covey.video_target import VideoTarget
    from covey.videos import encode_clip, header_of

    def code(codec, frames, target=None, **options):
        clip, file = spaced_clip(frames), io.BytesIO()
        header = header_of(codec, clip, b"it")
        done = encode_clip(codec, clip, file, header, target or VideoTarget(), **options)
        assert done.bytes == len(file.getvalue())
        return file.getvalue(), done

    return code


@pytest.fixture(scope="session")
def decoded_video() -> Callable[..., list[DecodedFrame]]:
    """`decoded_video(codec, data)`: the frames of such a file."""
    from covey.codec.video.container import VideoReader
    from covey.video_reading import decode_clip

    def decode(codec, data, **options):
        return list(decode_clip(codec, VideoReader(io.BytesIO(data)), **options))

    return decode
