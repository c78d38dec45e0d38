"""Clips coded at every point of every dial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec_bench.clip_measuring import bench_clip, measured_clip
from covey.codec_bench.held_clip import HeldClip
from covey.codec_bench.summary import table_of
from covey.codec_bench.video_coders import Tick, VideoCoder, av_coder, covey_video_coder
from covey.metrics.rate import psnr
from covey.types import InputError


def _raw(lost: int = 0, least: int = 0) -> VideoCoder:
    """Keeps so many upper bits of all pixels, but not of the last frames; refuses small ones."""

    def encode(clip: HeldClip, bits: int, tick: Tick) -> list[bytes]:
        if clip.height < least:
            raise InputError("raw: too small")
        pieces = []
        for pixels in clip.pixels[: len(clip.pixels) - lost]:
            pieces.append((pixels & (256 - (1 << (8 - bits)))).tobytes() + bytes(bits))
            tick()
        return pieces

    def decode(pieces: Sequence[bytes], size: tuple[int, int]) -> Iterator[np.ndarray]:
        for each in pieces:
            count = size[0] * size[1] * 3
            yield np.frombuffer(each[:count], np.uint8).reshape(*size, 3)

    return VideoCoder("raw", "1", (2, 4, 8), encode, decode)


def test_what_is_measured_is_what_can_be_computed(waves) -> None:
    clip = waves(3)
    row, pieces = measured_clip(clip, _raw(), 4)
    kept = [pixels // 16 * 16 for pixels in clip.pixels]
    assert row.bytes == sum(map(len, pieces)) == 3 * (48 * 64 * 3 + 4)
    assert row.bpp == 8 * row.bytes / (3 * 48 * 64)
    expected = np.mean([psnr(a, b) for a, b in zip(clip.pixels, kept, strict=True)])
    assert row.psnr == pytest.approx(expected, abs=1e-4)
    assert row.ms_ssim is None
    assert row.encode_seconds is not None
    assert measured_clip(clip, _raw(), 8)[0].psnr == 100
    untimed = measured_clip(clip, _raw(), 4, clock=None)[0]
    assert (untimed.encode_seconds, untimed.decode_seconds) == (None, None)


def test_frames_that_are_missing_are_no_measure(waves) -> None:
    with pytest.raises(InputError, match="raw gives back 2 of 3 frames at 4"):
        measured_clip(waves(3), _raw(lost=1), 4)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_point_of_every_coder(waves, threads: int) -> None:
    clip, told = waves(3), []
    other = replace(_raw(), name="other")
    found = bench_clip(
        clip,
        [_raw(), other],
        threads=threads,
        tell=lambda stage, done, note="": told.append((stage, done, note)),
    )
    assert list(found.curves) == ["raw", "other"]
    for curve in found.curves.values():
        assert [point.dial for point in curve.points] == [2, 4, 8]
        assert curve.psnrs[1] == sorted(curve.psnrs[1])
    assert sorted(found.own) == [2, 4, 8]
    for name in found.curves:
        shares = [done for stage, done, _ in told if stage == name]
        assert shares == sorted(shares)
        assert (len(shares), shares[-1]) == (2 * 3 * 3, 1)
    assert told[-1][2].endswith(" frames a second")
    for row in table_of(found.curves, found.unit).rows:
        assert (row.encode is None) == (threads > 1)


def test_seconds_are_of_a_frame(waves) -> None:
    found = bench_clip(waves(4), [_raw()])
    points = found.curves["raw"].points
    expected = np.mean([point.images[0].encode_seconds for point in points]) / 4
    (row,) = table_of(found.curves, found.unit).rows
    assert row.encode == pytest.approx(expected)


def test_a_coder_that_cannot_is_left_out(waves) -> None:
    picky, lossy = replace(_raw(least=100), name="picky"), replace(_raw(lost=1), name="lossy")
    found = bench_clip(waves(3), [_raw(), picky, lossy])
    assert list(found.curves) == ["raw"]
    assert found.skipped["picky"] == "raw: too small"
    assert found.skipped["lossy"].startswith("lossy gives back 1 of 2 frames")
    with pytest.raises(InputError, match="too small"):
        bench_clip(waves(3), [picky])


def test_covey_is_the_same_as_without_a_bench(small_video_codec, waves) -> None:
    import io

    from covey.video_target import VideoTarget
    from covey.videos import encode_clip, header_of

    clip, ticks = waves(4, 47, 63), []
    coder = covey_video_coder(small_video_codec, 1)
    row, pieces = measured_clip(clip, coder, 40, tick=lambda: ticks.append(1))
    file = io.BytesIO()
    header = header_of(small_video_codec, clip, b"")
    done = encode_clip(small_video_codec, clip, file, header, VideoTarget(quality=40))
    assert pieces == [file.getvalue()]
    assert row.psnr == pytest.approx(done.psnr, abs=1e-3)
    assert row.bytes == done.bytes
    assert len(ticks) == 8
    assert coder.version == small_video_codec.mark.hex()


@pytest.mark.parametrize("size", [(47, 63), (1, 1), (48, 33)])
def test_odd_sizes_come_back_as_they_were(waves, size: tuple[int, int]) -> None:
    pytest.importorskip("av")
    from covey.codec_bench.av_settings import AV_SETTINGS

    for setting in AV_SETTINGS["x264"]:
        if setting.why_missing():
            pytest.skip(setting.why_missing())
        clip = waves(2, *size)
        coder = av_coder(setting)
        pieces = coder.encode(clip, 20, lambda: None)
        assert [each.shape for each in coder.decode(pieces, size)] == [(*size, 3)] * 2
        assert measured_clip(clip, coder, 20)[0].psnr > 20
