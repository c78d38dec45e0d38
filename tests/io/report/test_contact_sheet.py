from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covey.io.report.contact_sheet import ContactSheet, thumbnail

ONE = np.zeros(8, np.float32)


def opened(source: str) -> Image.Image:
    kind, body = source.split(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(body)))
    assert kind == f"data:image/{picture.format.lower()}"
    return picture


@pytest.mark.parametrize(
    "shape", [(8, 8), (8, 6, 1), (8, 6, 3), (8, 6, 4), (300, 200), (900, 9, 3)]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float16, np.uint16, bool])
def test_arrays_of_any_kind(shape: tuple[int, ...], dtype: type) -> None:
    picture = opened(thumbnail(np.ones(shape, dtype)))
    assert max(picture.size) <= 112
    if max(shape[:2]) <= 40:
        assert picture.size == shape[1::-1]


def test_grey_levels_survive() -> None:
    image = np.arange(64).reshape(8, 8) * 4
    for given in (image.astype(np.uint8), image / 255.0, image.astype(np.float32), image):
        assert np.array_equal(np.asarray(opened(thumbnail(given))), image)


def test_one_white_for_a_whole_collection() -> None:
    images = np.stack([np.full((4, 4), level) for level in (2.0, 16.0)])
    sheet = ContactSheet(None, images, None).sheet(np.array([0]), ONE)
    grey = np.asarray(opened(sheet.split('src="')[1].split('"')[0]))
    assert (grey == 32).all()


def test_nan_and_infinity_are_drawn() -> None:
    image = np.array([[np.nan, np.inf], [-np.inf, 1.0]])
    assert np.asarray(opened(thumbnail(image))).tolist() == [[0, 255], [0, 255]]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_files_of_any_mode(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tif"
    Image.new(mode, (64, 48)).save(path)
    assert opened(thumbnail(path)).size == (64, 48)


def test_turned_photo_stands_upright(tmp_path: Path) -> None:
    picture, turned = Image.new("RGB", (400, 200)), Image.Exif()
    turned[0x0112] = 6
    picture.save(tmp_path / "a.jpg", exif=turned)
    assert opened(thumbnail(str(tmp_path / "a.jpg"))).size == (56, 112)


def test_what_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    Image.new("1", (20_000, 10_000)).save(tmp_path / "huge.png")
    images = [tmp_path / "absent.png", tmp_path / "text.png", tmp_path / "huge.png", np.ones(3)]
    sheet = ContactSheet(["a", "b", "c", "d"], images, None)
    html = sheet.sheet(np.arange(4), ONE)
    assert "<img" not in html
    assert [f">{name}</span>" in html for name in "abcd"] == [True] * 4
    assert sheet.unreadable == 4


def test_stops_at_the_budget() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    sheet = ContactSheet(None, noise, None, budget=10_000)
    html = sheet.sheet(np.arange(8), ONE)
    assert 0 < html.count("<img") < 8
    assert html.count("<img") + html.count('class="name"') == 8
    assert sheet.left >= 0


def test_texts_and_names() -> None:
    texts = ["<b>" + "x" * 500] * 2
    html = ContactSheet(None, None, texts).sheet(np.array([1]), ONE)
    assert "&lt;b&gt;xxx" in html
    assert len(html) < 400
    assert ">7</span>" in ContactSheet(None, None, None).sheet(np.array([7]), ONE)
    spoken = ContactSheet(["id"], [np.ones((4, 4))], ['a "word"']).sheet(np.array([0]), ONE)
    assert 'alt="a &quot;word&quot;"' in spoken


def test_captions_prefer_texts_and_skip_numbers() -> None:
    items = np.array([1])
    assert ContactSheet(None, None, None).captions(items, most=3) is None
    assert ContactSheet(["id0", "id01"], None, None).captions(items, most=3) == ["id0"]
    assert ContactSheet(["a", "b"], None, ["x", "yes!"]).captions(items, most=3) == ["yes"]
