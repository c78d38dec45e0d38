"""Pictures and masks, given as files, arrays and images of Pillow."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

pytest.importorskip("torch")

from covey.codec.image.picture import Picture
from covey.io.picture_sources import mask_from, picture_from
from covey.types import InputError

MASK = np.zeros((60, 80), bool)
MASK[5:12, 50:78] = True


def _picture(orientation: int = 1, shape: tuple[int, int] = (60, 80)) -> Picture:
    return Picture(np.zeros((*shape, 3), np.uint8), orientation=orientation)


@pytest.mark.parametrize("kind", ["bool", "uint8", "image", "file", "transparent"])
def test_masks_of_any_kind_are_the_same(kind, tmp_path) -> None:
    image = Image.fromarray(MASK.astype(np.uint8) * 255)
    source = {"bool": MASK, "uint8": MASK.astype(np.uint8) * 200, "image": image}.get(kind)
    if kind == "file":
        source = tmp_path / "mask.png"
        image.save(source)
    if kind == "transparent":
        source = np.full((60, 80, 2), 255, np.uint8)
        source[:, :, 1] = MASK * np.uint8(255)
    np.testing.assert_array_equal(mask_from(source, _picture(), 10**6), MASK)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_lies_over_the_picture_as_it_is_seen(orientation) -> None:
    stored = Image.fromarray(MASK.astype(np.uint8) * 255)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.info["exif"] = exif.tobytes()
    upright = np.asarray(ImageOps.exif_transpose(stored)) > 127
    found = mask_from(upright, _picture(orientation), 10**6)
    np.testing.assert_array_equal(found, MASK)
    found = mask_from(stored, _picture(1, upright.shape), 10**6)  # the mask, too, may be turned
    np.testing.assert_array_equal(found, upright)


def test_masks_of_another_size_are_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="mask has 80 x 60 pixels, and the picture 60 x 80"):
        mask_from(MASK, _picture(6), 10**6)
    with pytest.raises(InputError, match="more than 4,799 pixels"):
        picture_from(np.zeros((60, 80), np.uint8), 4799)
