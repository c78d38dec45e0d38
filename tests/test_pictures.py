"""Pictures to bytes and back, by `covey.codec`, files and Pillow."""

from __future__ import annotations

import io
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")

import covey.codec
from covey.codec.image.encoding import encode_picture
from covey.io.pictures import image_of, picture_file, picture_of, read_picture
from covey.pictures import Target, decode_bytes, encode_to
from covey.types import InputError, UsageError


def _pixels(height: int = 70, width: int = 90, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] / 9
    waves = np.stack([128 + 90 * np.sin(x + c * y) for c in range(channels)], -1)
    found = np.clip(waves + rng.normal(size=waves.shape), 0, 255).astype(np.uint8)
    return found[:, :, 0] if channels == 1 else found


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_arrays(small_codec, channels) -> None:
    pixels = _pixels(channels=channels)
    data = covey.codec.encode(pixels, quality=90, codec=small_codec)
    found = covey.codec.decode(data, codec=small_codec)
    assert (found.shape, found.dtype) == (pixels.shape, np.uint8)
    if channels == 4:
        np.testing.assert_array_equal(found[:, :, 3], pixels[:, :, 3])


def test_files_and_images_are_the_same(small_codec, tmp_path) -> None:
    pixels = _pixels()
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = covey.codec.encode(pixels, quality=30, codec=small_codec)
    assert covey.codec.encode(tmp_path / "a.png", quality=30, codec=small_codec) == expected
    assert covey.codec.encode(Image.fromarray(pixels), quality=30, codec=small_codec) == expected
    (tmp_path / "a.cvi").write_bytes(expected)
    np.testing.assert_array_equal(
        covey.codec.decode(str(tmp_path / "a.cvi"), codec=small_codec),
        covey.codec.decode(expected, codec=small_codec),
    )


def test_targets(small_codec) -> None:
    picture = picture_of(Image.fromarray(_pixels(256, 256)))[0]
    low, high = (
        len(encode_to(picture, Target(quality=q), small_codec).made.data) for q in (0, 100)
    )
    size = (low + high) // 2
    found = encode_to(picture, Target(size=size), small_codec)
    assert 0.99 * size < len(found.made.data) <= size
    bpp = 8 * size / 256**2
    assert encode_to(picture, Target(bpp=bpp), small_codec).rate == found.rate
    with pytest.raises(InputError, match="bytes are too few; the smallest file has"):
        encode_to(picture, Target(size=20), small_codec)
    with pytest.raises(InputError, match="cannot be reached; the highest is"):
        encode_to(picture, Target(psnr=80), small_codec)


def test_a_region(small_codec) -> None:
    pixels = _pixels()
    mask = np.zeros((70, 90), bool)
    mask[40:60, 10:20] = True
    data = covey.codec.encode(pixels, quality=20, region=mask, region_gain=60, codec=small_codec)
    wanted = np.full((3, 3), round(0.2 * 8999))
    wanted[1, 0] += round(0.6 * 8999)
    expected = encode_picture(small_codec, picture_of(Image.fromarray(pixels))[0], wanted)
    assert data == expected.data
    size = int(1.3 * len(data))
    found = covey.codec.encode(pixels, size=size, region=mask, codec=small_codec)
    assert 0.9 * size < len(found) <= size


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"quality": 101}, "quality must lie in"),
        ({"bpp": 0}, "bpp must be a number above 0"),
        ({"psnr": float("nan")}, "psnr must be"),
        ({"quality": 5, "size": 100}, "cannot both be met"),
        ({"effort": 7}, "effort must be 0, 1 or 2"),
        ({"region": np.ones((70, 90), bool), "region_gain": 101}, "gain of a region must lie"),
    ],
)
def test_wrong_targets(small_codec, options, words) -> None:
    with pytest.raises(UsageError, match=words):
        covey.codec.encode(_pixels(), codec=small_codec, **options)


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4), np.float32), np.zeros((4, 4, 5), np.uint8), np.zeros((0, 4), np.uint8)],
)
def test_wrong_arrays(small_codec, array) -> None:
    with pytest.raises((UsageError, InputError), match="pixels"):
        covey.codec.encode(array, codec=small_codec)


def test_damage_is_refused_unless_forced(small_codec) -> None:
    data = covey.codec.encode(_pixels(), codec=small_codec)
    with pytest.raises(InputError, match="it is cut off"):
        covey.codec.decode(data[:-40], codec=small_codec)
    assert covey.codec.decode(data[:-40], codec=small_codec, force=True).shape == (70, 90, 3)
    with pytest.raises(InputError, match=r"nowhere\.cvi: there is no such file"):
        covey.codec.decode("nowhere.cvi", codec=small_codec)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"])
def test_every_kind_of_picture(small_codec, mode) -> None:
    base = Image.fromarray(_pixels())
    if mode == "I;16":
        image = Image.fromarray((_pixels(channels=1).astype(np.uint16)) << 8)
    elif mode in ("LA", "RGBA"):
        image = base.convert(mode)
        image.putalpha(Image.fromarray(_pixels(channels=1)))
    else:
        image = base.convert(mode)
    picture, notes = picture_of(image)
    assert picture.pixels.shape == (70, 90, 3)
    assert (picture.alpha is not None) == (mode in ("LA", "RGBA"))
    assert picture.grey == (mode in ("1", "L", "LA", "I;16", "F"))
    assert bool(notes) == (mode in ("CMYK", "YCbCr", "I;16", "F"))
    with pytest.warns(UserWarning, match="the picture") if notes else nullcontext():
        data = covey.codec.encode(image, codec=small_codec)
    found = decode_bytes(data, "it", small_codec)
    assert found.damage == ()
    with Image.open(io.BytesIO(picture_file(found.picture, Path("x.png")))) as again:
        assert again.size == (90, 70)


def test_what_stands_beside_pixels(tmp_path) -> None:
    image = Image.fromarray(_pixels(40, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif, icc_profile=b"profile" * 9)
    picture, notes = read_picture(tmp_path / "a.png", 10**6)
    assert (picture.orientation, picture.profile, notes) == (6, b"profile" * 9, [])
    upright = image_of(picture)
    assert upright.size == (40, 60)
    assert image_of(picture, upright=False).getexif()[0x0112] == 6
    frames = [Image.fromarray(_pixels()), Image.fromarray(255 - _pixels())]
    frames[0].save(tmp_path / "b.webp", save_all=True, append_images=frames[1:], lossless=True)
    assert read_picture(tmp_path / "b.webp", 10**6)[1] == ["has 2 frames; the first one is kept"]


def test_files_that_are_no_pictures(tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"a\.png: cannot be read as a picture"):
        read_picture(tmp_path / "a.png", 10**6)
    with pytest.raises(InputError, match="there is no such file"):
        read_picture(tmp_path / "b.png", 10**6)
    Image.fromarray(_pixels()).save(tmp_path / "c.png")
    with pytest.raises(InputError, match="90 x 70 pixels, more than 6,299"):
        read_picture(tmp_path / "c.png", 6299)
    picture = read_picture(tmp_path / "c.png", 6300)[0]
    with pytest.raises(UsageError, match="Pillow writes no"):
        picture_file(picture, Path("c.xyz"))


def test_pillow_opens_and_saves(small_codec, monkeypatch, tmp_path) -> None:
    import covey.codec_weights
    import covey.pictures
    import covey.pillow_plugin

    for module in (covey.codec_weights, covey.pictures):
        monkeypatch.setattr(module, "default_codec", lambda: small_codec)
    pixels = _pixels(channels=4)
    Image.fromarray(pixels).save(tmp_path / "x.cvi", quality=80)
    data = (tmp_path / "x.cvi").read_bytes()
    assert data == covey.codec.encode(pixels, quality=80, codec=small_codec)
    with Image.open(tmp_path / "x.cvi") as image:
        assert (image.format, image.mode, image.size) == ("CVI", "RGBA", (90, 70))
        np.testing.assert_array_equal(
            np.asarray(image), covey.codec.decode(data, codec=small_codec)
        )
    with pytest.warns(UserWarning, match="cut off"), Image.open(io.BytesIO(data[:-40])) as image:
        image.load()
    bad = Image.open(io.BytesIO(data[:-40]))
    with pytest.raises(OSError, match="damaged or cut off"):
        bad.verify()
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(io.BytesIO(data[:9]))
