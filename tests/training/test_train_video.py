"""Training of prediction and of what codes the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.video.body import VideoBody  # noqa: E402
from covey.codec.video.config import MotionConfig  # noqa: E402
from covey.training.motion import MotionPlan, Moving, train_motion, validated_motion  # noqa: E402
from covey.training.video import (  # noqa: E402
    FRAMES,
    VideoPlan,
    start_from_image,
    train_video,
    validated_video,
)

CONFIG = MotionConfig(width=8, latents=8, encoder=1, decoder=1, context=8, hyper=4, fusion=4)


@pytest.fixture(scope="module")
def moving():
    """A scene that moves over itself."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:96, :120] / 8.0
    waves = [
        np.stack([np.sin(a * x + b * y) for a, b in rng.normal(size=(3, 2))], -1) for _ in range(4)
    ]
    clips = []
    for each in waves:
        pixels = np.clip(128 + 90 * each, 0, 255).astype(np.uint8)
        clips.append(np.stack([pixels[n : n + 80, 2 * n : 2 * n + 90] for n in range(5)]))
    return Moving(clips)


@pytest.fixture(scope="module")
def image(small_body):
    return small_body.eval()


@pytest.fixture
def one_thread():
    had = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(had)


def _body(image) -> VideoBody:
    torch.manual_seed(0)
    body = VideoBody(CONFIG, image.config)
    start_from_image(body, image)
    return body


def _plan(plan, steps: int, **more):
    schedule = replace(plan.schedule, steps=steps, every=steps, rate=3e-3)
    return replace(plan, schedule=schedule, size=64, batch=4, watched=8, **more)


def test_motion_takes_fewer_bits(moving, image) -> None:
    body = _body(image).motion
    plan = _plan(MotionPlan(), 30)
    seen = moving.draw(64, 2, 8, np.random.default_rng([0, 1]))
    before = validated_motion(image, body, seen, 0)
    state = train_motion(moving, moving, image, body, plan)
    after = validated_motion(image, body, seen, 0)
    assert state.step == 30
    assert after.loss < before.loss
    assert after.bits < before.bits
    assert state.score == pytest.approx(-after.loss, rel=1e-4)


def test_it_starts_as_the_image_codec(moving, image) -> None:
    """With gates shut, latents behind others take the bits that they take in a picture."""
    from covey.codec.image.body import foreseen
    from covey.codec.video.body import noised

    body = _body(image).residual
    with torch.no_grad():
        for step in body.foresight.steps:
            step.gate.weight.zero_()
            step.gate.bias.zero_()
    y, before = torch.randn(2, 2, 16, 8, 8).mul(4)
    t = torch.tensor([2.0, 7.0])
    generators = [torch.Generator().manual_seed(1) for _ in range(2)]
    mine = body(y, before, t, generators[0])
    noise = noised(generators[1])
    theirs = foreseen(image.foresight, y, image.hyper(y), t, t, noise)
    assert torch.equal(mine.latents, theirs.latents)
    assert torch.allclose(mine.latent_bits, theirs.latent_bits)
    assert torch.allclose(mine.hyper_bits, theirs.hyper_bits)


@pytest.mark.parametrize("joint", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_bits_fall_and_only_what_should_learns(moving, image, joint) -> None:
    body = _body(image)
    plan = _plan(VideoPlan(joint=joint), 12)
    seen = moving.draw(64, FRAMES, 8, np.random.default_rng([0, 1]))
    before = validated_video(image, body, seen, 0, joint=joint)
    motion = {name: each.clone() for name, each in body.motion.state_dict().items()}
    transforms = {name: each.clone() for name, each in image.state_dict().items()}
    train_video(moving, moving, image, body, plan)
    after = validated_video(image, body, seen, 0, joint=joint)
    assert after.loss < before.loss
    same = [torch.equal(each, motion[name]) for name, each in body.motion.state_dict().items()]
    assert all(same) != joint
    for name, each in image.state_dict().items():
        assert torch.equal(each, transforms[name]), name


def test_steps_depend_on_the_seed_alone(moving, image, one_thread) -> None:
    found = []
    for _ in range(2):
        body = _body(image)
        train_video(moving, moving, image, body, _plan(VideoPlan(joint=True), 2))
        found.append(body.state_dict())
    for name, each in found[0].items():
        assert torch.equal(each, found[1][name]), name


def test_clips_and_scenes_are_drawn_by_their_share() -> None:
    one, two = np.zeros((3, 20, 20, 3), np.uint8), np.full((3, 20, 20, 3), 255, np.uint8)
    drawn = Moving([one], [two], 0.25).draw(16, 2, 400, np.random.default_rng(0))
    assert drawn.shape == (400, 2, 3, 16, 16)
    assert 0.15 < float(drawn.mean()) < 0.35
    assert float(Moving([one]).draw(16, 2, 5, np.random.default_rng(0)).mean()) == 0
    assert float(Moving([], [two]).draw(16, 2, 5, np.random.default_rng(0)).mean()) == 1
