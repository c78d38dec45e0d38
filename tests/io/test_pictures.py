"""Pictures of every kind: what of them is kept, and what is told."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, features

pytest.importorskip("torch")

from covey.io.pictures import image_of, picture_file, picture_of, read_picture
from covey.types import InputError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (20, 30)).astype(np.uint8)
RGB = RNG.integers(0, 256, (20, 30, 3)).astype(np.uint8)
DEEP = RNG.integers(0, 2**16, (20, 30)).astype(np.uint16)
DEEP_RGB = RNG.integers(0, 2**16, (20, 30, 3)).astype(np.uint16)
TWELVE = RNG.integers(0, 2**12, (20, 30))
FLOAT = RNG.random((20, 30)).astype(np.float32)
ALPHA = np.where(GREY > 99, 255, GREY).astype(np.uint8)
SRGB, LAB = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")


def _saved(image: Image.Image, kind: str, **options) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def _png(bits: int, colours: int, rows: np.ndarray, key: bytes = b"") -> bytes:
    """Of a colour type, with a transparent colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", rows.shape[1], rows.shape[0], bits, colours, 0, 0, 0)
    lines = b"".join(b"\0" + row.astype(f">u{bits // 8}").tobytes() for row in rows)
    parts = [chunk(b"IHDR", head), chunk(b"tRNS", key) if key else b""]
    parts += [chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _tiff_of_twelve_bits(values: np.ndarray) -> bytes:
    pairs = values.reshape(-1, 2)
    packed = np.stack(
        [pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], -1
    ).astype(np.uint8)
    height, width = values.shape
    tags = {256: width, 257: height, 258: 12, 259: 1, 262: 1, 273: 200, 277: 1, 278: height}
    tags[279] = packed.size
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    return head.ljust(200, b"\0") + packed.tobytes()


def _with_alpha(mode: str) -> Image.Image:
    image = Image.fromarray(RGB).convert(mode)
    image.putalpha(Image.fromarray(ALPHA))
    return image


def _palette(**options) -> bytes:
    return _saved(Image.fromarray(RGB).quantize(16), "PNG", **options)


def _seen(data: bytes, mode: str) -> np.ndarray:
    """As Pillow sees it."""
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))


def _upper(values: np.ndarray, bits: int = 16) -> np.ndarray:
    return (values.astype(int) >> (bits - 8)).astype(np.uint8)


PALETTE, CLEAR_PALETTE = _palette(), _palette(transparency=bytes(range(0, 256, 16)))
KEY = (GREY[0, 0] != GREY) * np.uint8(255)
DEEP_KEY = (DEEP[0, 0] != DEEP) * np.uint8(255)
RGB_KEY = (_upper(DEEP_RGB) != _upper(DEEP_RGB)[0, 0]).any(2) * np.uint8(255)
_KEPT = "the upper 8 are kept"

FILES = {
    # what: (file, is grey, pixels, alpha, note)
    "1 bit": (
        _saved(Image.fromarray(GREY > 127), "PNG"),
        True,
        (GREY > 127) * np.uint8(255),
        None,
        "",
    ),
    "grey": (_saved(Image.fromarray(GREY), "PNG"), True, GREY, None, ""),
    "grey, a clear value": (_png(8, 0, GREY, bytes([0, GREY[0, 0]])), True, GREY, KEY, ""),
    "grey and alpha": (_saved(_with_alpha("LA"), "PNG"), True, None, ALPHA, ""),
    "colours": (_saved(Image.fromarray(RGB), "PNG"), False, RGB, None, ""),
    "colours and alpha": (_saved(_with_alpha("RGBA"), "PNG"), False, RGB, ALPHA, ""),
    "palette": (PALETTE, False, _seen(PALETTE, "RGB"), None, ""),
    "palette and alpha": (
        CLEAR_PALETTE,
        False,
        _seen(CLEAR_PALETTE, "RGBA")[:, :, :3],
        _seen(CLEAR_PALETTE, "RGBA")[:, :, 3],
        "",
    ),
    "16 bits": (_png(16, 0, DEEP), True, _upper(DEEP), None, f"has 16 bits a channel; {_KEPT}"),
    "16 bits, dark": (_png(16, 0, DEEP >> 8), True, GREY * 0, None, _KEPT),
    "16 bits, a clear value": (
        _png(16, 0, DEEP, struct.pack(">H", DEEP[0, 0])),
        True,
        _upper(DEEP),
        DEEP_KEY,
        _KEPT,
    ),
    "16 bits of PGM, dark": (
        b"P5 30 20 65535\n" + (DEEP >> 8).astype(">u2").tobytes(),
        True,
        GREY * 0,
        None,
        _KEPT,
    ),
    "16 bits of TIFF": (_saved(Image.fromarray(DEEP), "TIFF"), True, _upper(DEEP), None, _KEPT),
    "12 bits of TIFF": (
        _tiff_of_twelve_bits(TWELVE),
        True,
        _upper(TWELVE, 12),
        None,
        f"has 12 bits a channel; {_KEPT}",
    ),
    "16 bits in colours": (_png(16, 2, DEEP_RGB), False, _upper(DEEP_RGB), None, _KEPT),
    "16 bits in colours of PPM": (
        b"P6 30 20 65535\n" + DEEP_RGB.astype(">u2").tobytes(),
        False,
        None,
        None,
        _KEPT,
    ),
    "16 bits in colours, a clear one": (
        _png(16, 2, DEEP_RGB, DEEP_RGB[0, 0].astype(">u2").tobytes()),
        False,
        _upper(DEEP_RGB),
        RGB_KEY,
        _KEPT,
    ),
    "32 bits as 8": (
        _saved(Image.fromarray(GREY.astype(np.int32)), "TIFF"),
        True,
        GREY,
        None,
        "has 32 bits a channel, all within 0 to 255; 8 bits of that range are kept",
    ),
    "32 bits as 16": (
        _saved(Image.fromarray(DEEP.astype(np.int32)), "TIFF"),
        True,
        _upper(DEEP),
        None,
        "all within 0 to 65535",
    ),
    "32 bits": (
        _saved(Image.fromarray(GREY.astype(np.int32) * 1000 - 9), "TIFF"),
        True,
        np.round((GREY - float(GREY.min())) * (255 / np.ptp(GREY))).astype(np.uint8),
        None,
        f"from {int(GREY.min()) * 1000 - 9} to {int(GREY.max()) * 1000 - 9}; 8 bits are kept, from",
    ),
    "floats to 1": (
        _saved(Image.fromarray(FLOAT), "TIFF"),
        True,
        np.round(FLOAT * 255).astype(np.uint8),
        None,
        "is of floating point, all within 0 to 1; 8 bits of that range are kept",
    ),
    "floats to 255": (
        _saved(Image.fromarray(GREY.astype(np.float32)), "TIFF"),
        True,
        GREY,
        None,
        "all within 0 to 255",
    ),
    "floats, all 300": (
        _saved(Image.fromarray(np.full((20, 30), 300, np.float32)), "TIFF"),
        True,
        GREY * 0,
        None,
        "from 300 to 300",
    ),
    "CMYK": (
        _saved(Image.fromarray(RGB).convert("CMYK"), "TIFF"),
        False,
        RGB,
        None,
        "is CMYK; it is kept as sRGB",
    ),
    "animated": (
        _saved(
            Image.fromarray(RGB),
            "PNG",
            save_all=True,
            append_images=[Image.fromarray(255 - RGB)],
        ),
        False,
        RGB,
        None,
        "has 2 frames; the first one is kept",
    ),
}


@pytest.mark.parametrize("what", FILES)
def test_files(what) -> None:
    data, grey, pixels, alpha, note = FILES[what]
    picture, notes = read_picture(io.BytesIO(data), 10**6)
    assert picture.grey is grey
    assert (picture.pixels.shape, picture.pixels.dtype) == ((20, 30, 3), np.uint8)
    if pixels is not None:
        wanted = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
        np.testing.assert_array_equal(picture.pixels, wanted)
    if alpha is None:
        assert picture.alpha is None
    else:
        np.testing.assert_array_equal(picture.alpha, alpha)
    assert len(notes) == (note != "")
    assert not notes or note in notes[0]


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L", "I;16N"])
def test_sixteen_bits_in_any_order(mode) -> None:
    order = ">u2" if mode == "I;16B" else "<u2"
    for values in (DEEP, DEEP >> 8):
        image = Image.frombytes(mode, (30, 20), values.astype(order).tobytes())
        np.testing.assert_array_equal(picture_of(image)[0].pixels[:, :, 0], _upper(values))


@pytest.mark.parametrize(("mode", "clear"), [("La", "LA"), ("RGBa", "RGBA")])
def test_colours_that_are_multiplied_by_alpha(mode, clear) -> None:
    image = _with_alpha(clear)
    picture, notes = picture_of(image.convert(mode))
    assert (picture.grey, notes) == (clear == "LA", [])
    np.testing.assert_array_equal(picture.alpha, ALPHA)
    shown = np.asarray(image.convert("RGB")).astype(int)[ALPHA > 99]
    assert np.abs(picture.pixels.astype(int)[ALPHA > 99] - shown).max() <= 2


def test_colours_of_a_space_of_their_own() -> None:
    smooth = np.asarray(Image.fromarray(RGB // 2 + 64).resize((60, 40)))
    image = ImageCms.profileToProfile(Image.fromarray(smooth), SRGB, LAB, outputMode="LAB")
    picture, notes = picture_of(image)
    assert notes == ["is LAB; it is kept as sRGB"]
    assert np.abs(picture.pixels.astype(int) - smooth).mean() < 3


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(value, tmp_path) -> None:
    values = FLOAT.copy()
    values[3, 4] = value
    Image.fromarray(values).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif: holds NaN or infinity"):
        read_picture(tmp_path / "a.tif", 10**6)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations(kind, orientation) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow knows no AVIF")
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:10, :20] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _saved(Image.fromarray(pixels), kind, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    for picture in (
        read_picture(io.BytesIO(data), 10**6)[0],
        picture_of(Image.open(io.BytesIO(data)))[0],
    ):
        found = np.asarray(image_of(picture).convert("L"))
        assert found.shape == expected.shape
        assert np.abs(found.astype(int) - expected).max() < 10


def test_damaged_exif_is_told() -> None:
    data = _saved(Image.fromarray(RGB), "PNG", exif=b"Exif\0\0no TIFF")
    picture, notes = read_picture(io.BytesIO(data), 10**6)
    assert picture.orientation == 1
    assert notes == ["has EXIF data that cannot be read; it is taken as upright"]


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".bmp"])
def test_what_is_written_is_the_same(suffix, tmp_path) -> None:
    picture, _ = picture_of(Image.fromarray(RGB))
    with Image.open(io.BytesIO(picture_file(picture, tmp_path / f"x{suffix}"))) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), RGB)
    assert list(tmp_path.iterdir()) == []
