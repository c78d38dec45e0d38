"""Pictures coded at every point of every dial."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")

import torch

from covey.codec.image.picture import Picture
from covey.codec_bench.coders import Coder, with_points
from covey.codec_bench.formats import FORMATS
from covey.codec_bench.measuring import bench, measured, plain
from covey.codec_bench.summary import common_levels, table_of
from covey.metrics.rate import ms_ssim, psnr
from covey.types import InputError


def _waves(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 9
    waves = 128 + 70 * np.sin(x[:, :, None] + y[:, :, None] * [1, 2, 3])
    return np.clip(waves + rng.normal(size=waves.shape) * 5, 0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(_waves(180, 190)).save(tmp_path / "a.png")
    Image.fromarray(_waves(40, 60, 1)).save(tmp_path / "b.png")
    (tmp_path / "bad.png").write_bytes(b"junk")
    return tmp_path


def _jpeg(points: int = 3) -> Coder:
    return with_points(FORMATS["jpeg"].coder(), points)


def _exact() -> Coder:
    """Keeps pixels as they are; refuses small pictures, but for those of a trial."""

    def encode(picture: Picture, point: int) -> bytes:
        height, width = picture.pixels.shape[:2]
        if height < 64:
            raise OSError("too small")
        return bytes([height, width]) + picture.pixels.tobytes()

    def decode(data: bytes) -> np.ndarray:
        return np.frombuffer(data[2:], np.uint8).reshape(data[0], data[1], 3)

    return Coder("exact", "1", (0, 1), encode, decode)


def test_what_is_measured_is_what_can_be_computed() -> None:
    pixels = _waves(180, 190)
    coder = _jpeg()
    found = measured("a", Picture(pixels), coder, 60)
    data = coder.encode(Picture(pixels), 60)
    decoded = coder.decode(data)
    assert found.bytes == len(data)
    assert found.bpp == 8 * len(data) / (180 * 190)
    assert found.psnr == pytest.approx(psnr(pixels, decoded), abs=1e-4)
    assert found.ms_ssim == pytest.approx(ms_ssim(pixels, decoded), abs=1e-6)
    assert found.encode_seconds is not None
    assert found.megapixels == pytest.approx(0.0342)
    untimed = measured("a", Picture(pixels), coder, 60, clock=None)
    assert (untimed.encode_seconds, untimed.decode_seconds) == (None, None)


def test_an_exact_copy_counts_as_100_db() -> None:
    found = measured("a", Picture(_waves(180, 190)), _exact(), 0)
    assert (found.psnr, found.ms_ssim) == (100.0, 1.0)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_picture_at_every_point(folder: Path, threads: int) -> None:
    paths = sorted(folder.iterdir())
    told: list[float] = []
    before = torch.get_num_threads()
    found = bench(
        paths,
        [_jpeg()],
        root=folder,
        threads=threads,
        tell=lambda stage, done: told.append(done),
    )
    assert torch.get_num_threads() == before
    assert found.pictures == ["a.png", "b.png"]
    assert list(found.skipped) == ["bad.png"]
    assert "cannot be read as a picture" in found.skipped["bad.png"]
    assert found.megapixels == pytest.approx((180 * 190 + 40 * 60) / 1e6)
    (curve,) = found.curves.values()
    assert [point.dial for point in curve.points] == list(_jpeg().dial)
    for point in curve.points:
        assert [each.image for each in point.images] == ["a.png", "b.png"]
        large, small = point.images
        own = _jpeg().encode(Picture(_waves(40, 60, 1)), int(point.dial))
        assert small.bytes == len(own)
        assert small.ms_ssim is None
        assert point.ms_ssim == large.ms_ssim
        assert point.bpp == pytest.approx((large.bpp + small.bpp) / 2)
    assert told[-1] == pytest.approx(1)
    assert told == sorted(told)


def test_a_picture_that_one_coder_refuses_is_in_no_curve(folder: Path) -> None:
    paths = [folder / "a.png", folder / "b.png"]
    found = bench(paths, [_jpeg(), _exact()], threads=2)
    assert found.pictures == [str(folder / "a.png")]
    assert found.skipped == {
        str(folder / "b.png"): f"{folder / 'b.png'}: exact cannot hold it: too small"
    }
    for curve in found.curves.values():
        assert all(len(point.images) == 1 for point in curve.points)


def test_nothing_to_measure(folder: Path) -> None:
    with pytest.raises(InputError, match=r"bad\.png: cannot be read"):
        bench([folder / "bad.png"], [_jpeg()])
    (folder / "worse.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"none of the pictures can be coded; .*bad\.png: cannot"):
        bench([folder / "bad.png", folder / "worse.png"], [_jpeg()])
    with pytest.raises(InputError, match="more than 100; allow more"):
        bench([folder / "a.png"], [_jpeg()], most_pixels=100)


def test_a_coder_with_its_own_threads_is_timed_alone_only(folder: Path) -> None:
    paths = [folder / "a.png", folder / "b.png"]
    coder = Coder("x", "1", (10, 90), _jpeg().encode, _jpeg().decode, alone=False)
    for threads, timed in ((1, True), (2, False)):
        (curve,) = bench(paths, [coder], threads=threads).curves.values()
        assert (curve.seconds_per_megapixel("encode") is not None) == timed


def test_pictures_stand_upright_without_transparency(tmp_path: Path) -> None:
    pixels = _waves(20, 30)
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(pixels)
    image.putalpha(120)
    image.save(tmp_path / "a.png", exif=exif)
    found = bench([tmp_path / "a.png"], [_jpeg(2)], root=tmp_path)
    assert found.notes == ["a.png has transparency, which is left out"]
    bare, notes = plain(Picture(pixels, alpha=np.zeros((20, 30), np.uint8), orientation=6))
    assert np.array_equal(bare.pixels, np.rot90(pixels, -1))
    assert (bare.alpha, bare.orientation, len(notes)) == (None, 1, 1)


def test_pictures_that_were_jpeg_are_told_of(folder: Path) -> None:
    Image.fromarray(_waves(30, 30)).save(folder / "c.JPG", quality=90)
    found = bench([folder / "a.png", folder / "c.JPG"], [_jpeg(2)])
    assert found.notes == ["1 of 2 pictures were JPEG files already, which flatters JPEG"]


def test_few_numbers_of_curves(folder: Path) -> None:
    found = bench([folder / "a.png"], [_jpeg(5), FORMATS["webp"].coder()])
    table = table_of(found.curves)
    assert [row.name for row in table.rows] == list(found.curves)
    assert table.rows[0].against is None
    assert table.rows[1].against is not None
    assert table.rows[1].against.psnr is not None
    assert 1 <= len(table.levels) <= 3
    assert common_levels(list(found.curves.values())) == table.levels
    for row in table.rows:
        assert row.bpp == sorted(row.bpp)
        rates, qualities = found.curves[row.name].psnrs
        assert min(qualities) <= table.levels[0] <= table.levels[-1] <= max(qualities)
        assert all(min(rates) <= bpp <= max(rates) for bpp in row.bpp)
