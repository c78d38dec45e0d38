"""Coders of PyAV: what they give is whole, and no frame of it waits for another."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")

from covey.codec_bench.av_settings import (
    AV_SETTINGS,
    QUANTISERS,
    AvSetting,
    frames_of,
    packets_of,
    without_remarks,
)
from covey.io.yuv import rgb_of
from covey.types import InputError

_ALL = [each for some in AV_SETTINGS.values() for each in some]


def _here(setting: AvSetting) -> AvSetting:
    if setting.why_missing():
        pytest.skip(setting.why_missing())
    return setting


@pytest.mark.parametrize("setting", _ALL, ids=lambda each: each.name)
def test_packets_are_all_that_a_decoder_needs(setting: AvSetting, waves, capfd) -> None:
    clip = waves(5)
    found = []
    for quantiser in (_here(setting).dial[0], setting.dial[-1]):
        packets = packets_of(setting, clip.pixels, clip.frame_rate, quantiser)
        shown = [rgb_of(frame) for frame in frames_of(setting, packets)]
        assert [each.shape for each in shown] == [(48, 64, 3)] * 5
        errors = [
            np.square(a.astype(int) - b).mean() for a, b in zip(clip.pixels, shown, strict=True)
        ]
        found.append((sum(map(len, packets)), -float(np.mean(errors))))
    assert found[0] < found[1]
    assert found[0][1] < found[1][1]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("setting", _ALL, ids=lambda each: each.name)
def test_no_frame_waits_and_one_alone_is_a_picture(setting: AvSetting, waves) -> None:
    """What was seen is decided: fewer frames give the same first packets."""
    clip = waves(9)
    told: list[None] = []
    dial = _here(setting).dial[2]
    whole = packets_of(setting, clip.pixels, clip.frame_rate, dial, lambda: told.append(None))
    assert (len(whole), len(told)) == (9, 9)
    assert packets_of(setting, clip.pixels[:4], clip.frame_rate, dial) == whole[:4]
    still = packets_of(setting, [clip.pixels[0]] * 9, clip.frame_rate, dial)
    assert max(map(len, still[1:])) < len(still[0]) / 4


def test_quantisers_are_those_of_each() -> None:
    assert AV_SETTINGS["x264"][0].dial == QUANTISERS
    assert AV_SETTINGS["av1"][0].dial == (52, 46, 40, 34, 28, 22)
    at = AV_SETTINGS["x265"][0].options_at(30)
    assert (at["qp"], at["threads"]) == ("30", "1")
    assert at["x265-params"] == "qp=30:pools=1:log-level=none"


@pytest.mark.parametrize(("name", "least"), [("x264", 500), ("x265", 2000)])
@pytest.mark.parametrize("place", [0, 1])
def test_remarks_do_not_count(name: str, least: int, place: int, waves) -> None:
    setting = _here(AV_SETTINGS[name][place])
    clip = waves(4)
    packets = packets_of(setting, clip.pixels, clip.frame_rate, 30)
    bare = without_remarks(packets, setting.decoder)
    assert least < len(packets[0]) - len(bare[0]) < 3000
    assert name[1:].encode() in packets[0]  # "x264 - core ..." and the like
    assert b"options:" not in bare[0]
    assert bare[1:] == packets[1:]
    for a, b in zip(frames_of(setting, packets), frames_of(setting, bare), strict=True):
        np.testing.assert_array_equal(rgb_of(a), rgb_of(b))


def test_remarks_of_made_up_units() -> None:
    sei, kept = b"\0\0\0\1\x06\x05text", b"\0\0\1\x65picture"
    other = b"\0\0\1\x06\x01timing"
    assert without_remarks([kept + sei + other, sei], "h264") == [kept + other, b""]
    assert without_remarks([sei], "libdav1d") == [sei]
    hevc = b"\0\0\1\x4e\x01\x05text"
    assert without_remarks([b"\0\0\0\1\x26\x01" + hevc], "hevc") == [b"\0\0\0\1\x26\x01"]


def test_what_is_not_there_is_told() -> None:
    setting = AV_SETTINGS["x264"][0]
    assert replace(setting, library="libnever").why_missing() == "this PyAV has no libnever"
    assert replace(setting, decoder="never").why_missing() == "this PyAV has no never"


def test_frames_that_a_coder_refuses(waves) -> None:
    setting = _here(AV_SETTINGS["x265"][0])
    with pytest.raises(InputError, match="x265 medium, 4:2:0 refuses frames of 6 x 4 pixels: "):
        packets_of(setting, waves(2, 4, 6).pixels, waves(2).frame_rate, 30)
    with pytest.raises(InputError, match="cannot read its own"):
        list(frames_of(setting, [b"junk" * 50]))


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="no such scheduling here")
@pytest.mark.parametrize("name", AV_SETTINGS)
def test_a_coder_does_not_become_more_urgent_than_all_else(name) -> None:
    """As root SVT-AV1 makes a real-time thread of the one that opens it."""
    setting = AV_SETTINGS[name][0]
    if setting.why_missing():
        pytest.skip(setting.why_missing())
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    packets_of(setting, [np.zeros((64, 64, 3), np.uint8)] * 2, Fraction(25), setting.dial[0])
    assert (os.sched_getscheduler(0), os.sched_getparam(0)) == before
