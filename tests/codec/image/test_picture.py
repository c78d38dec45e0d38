"""Whole pictures: tiles without seams, sections, damage."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.container import unpack  # noqa: E402
from covey.codec.image.decoding import decode_picture  # noqa: E402
from covey.codec.image.encoding import encode_picture  # noqa: E402
from covey.codec.image.model import ImageCodec  # noqa: E402
from covey.codec.image.picture import Picture  # noqa: E402
from covey.codec.image.windows import analyse, padded, synthesise  # noqa: E402
from covey.types import InputError, UsageError  # noqa: E402


def _there_and_back(codec, picture, rate=6000, threads=1, **options):
    data = encode_picture(codec, picture, rate, threads=threads, **options).data
    return data, decode_picture(codec, unpack(data), threads=threads)


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (32, 32), (33, 65), (200, 90)])
def test_any_size(codec, smooth, size) -> None:
    pixels = smooth(*size)
    _, found = _there_and_back(codec, Picture(pixels))
    assert found.damage == ()
    assert found.picture.pixels.shape == pixels.shape
    assert found.picture.pixels.dtype == np.uint8


def test_decodes_what_the_encoder_foresaw(codec, smooth) -> None:
    pixels = smooth(300, 420)
    encoded = encode_picture(codec, Picture(pixels), 5000, tile=4)
    header = unpack(encoded.data).header
    assert len(header.boxes) == 4
    latents = np.zeros((16, *header.latents), np.float32)
    for box, tile in zip(header.boxes, encoded.tiles, strict=True):
        latents[:, *box] = tile.latents / 16
    expected = np.empty((320, 448, 3), np.uint8)
    for box in header.boxes:
        rows, columns = (slice(16 * side.start, 16 * side.stop) for side in box)
        expected[rows, columns] = synthesise(codec, latents, box, 5000)
    found = decode_picture(codec, unpack(encoded.data)).picture.pixels
    np.testing.assert_array_equal(found, expected[:300, :420])


def test_windows_leave_no_seams(codec, smooth) -> None:
    pixels = padded(smooth(640, 512))
    whole = (slice(0, 40), slice(0, 32))
    y, _ = analyse(codec, pixels, whole, 3000)
    latents = np.round(y)
    x = synthesise(codec, latents, whole, 3000)
    for box in ((slice(0, 16), slice(0, 16)), (slice(16, 40), slice(16, 32))):
        np.testing.assert_allclose(analyse(codec, pixels, box, 3000)[0], y[:, *box], atol=2e-4)
        rows, columns = (slice(16 * side.start, 16 * side.stop) for side in box)
        part = synthesise(codec, latents, box, 3000).astype(int)
        assert np.abs(part - x[rows, columns]).max() <= 1


def test_threads_change_nothing(codec, smooth) -> None:
    picture = Picture(smooth(600, 500))
    one, first = _there_and_back(codec, picture, tile=4)
    many, second = _there_and_back(codec, picture, tile=4, threads=3)
    assert one == many
    np.testing.assert_array_equal(first.picture.pixels, second.picture.pixels)


class _Watching(ImageCodec):
    """Sees on how many threads of torch it is asked."""

    def worth(self, rate):
        self.about["seen"].append(torch.get_num_threads())
        return super().worth(rate)


@pytest.mark.parametrize(
    ("size", "threads", "expected"),
    [
        ((90, 90), 1, [1]),
        ((90, 90), 2, [2]),
        ((90, 90), 9, [3]),
        ((300, 300), 1, [1] * 4),
        ((300, 300), 3, [1] * 4),
    ],
)
def test_threads_bound_torch_and_leave_no_trace(codec, smooth, size, threads, expected) -> None:
    seen: list[int] = []
    watching = _Watching(codec.config, codec.weights, {"seen": seen})
    ticks: list[int] = []

    def tick(done: float) -> None:
        ticks.append(torch.get_num_threads())

    outside = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        picture = Picture(smooth(*size))
        data = encode_picture(watching, picture, 4000, tile=4, threads=threads).data
        decode_picture(watching, unpack(data), threads=threads, tick=tick)
        assert seen == expected
        assert set(ticks) == set(expected)
        assert torch.get_num_threads() == 3
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == 3
    finally:
        torch.set_num_threads(outside)


def test_higher_rates_take_more_and_are_closer(codec, smooth) -> None:
    pixels = smooth(128, 128)
    sizes, errors = [], []
    for rate in (0, 3000, 6000, 8999):
        data, found = _there_and_back(codec, Picture(pixels), rate)
        sizes.append(len(data))
        errors.append(np.square(found.picture.pixels.astype(float) - pixels).mean())
    assert sizes == sorted(sizes)
    assert errors[-1] <= errors[0]


def test_a_region_can_be_better(codec, smooth) -> None:
    pixels = smooth(256, 256)
    rate = np.full((8, 8), 500)
    rate[2:5, 3:7] = 8500
    data, found = _there_and_back(codec, Picture(pixels), rate)
    assert found.damage == ()
    base, high = (len(_there_and_back(codec, Picture(pixels), each)[0]) for each in (500, 8500))
    assert base < len(data) < high
    everywhere, _ = _there_and_back(codec, Picture(pixels), np.full((8, 8), 500))
    assert abs(len(everywhere) - base) < 40


@pytest.mark.parametrize("rate", [-1, 9000, np.full((8, 8), 9000), np.zeros((3, 3), int)])
def test_rates_that_are_none_are_refused(codec, smooth, rate) -> None:
    with pytest.raises(UsageError, match="rates"):
        encode_picture(codec, Picture(smooth(256, 256)), rate)


def test_all_that_stands_beside_the_pixels(codec, smooth) -> None:
    rng = np.random.default_rng(0)
    alpha = rng.integers(0, 256, (50, 70)).astype(np.uint8)
    picture = Picture(smooth(50, 70), alpha=alpha, profile=b"icc" * 50, orientation=6)
    found = _there_and_back(codec, picture)[1].picture
    np.testing.assert_array_equal(found.alpha, alpha)
    assert (found.profile, found.orientation) == (picture.profile, 6)
    grey = np.repeat(smooth(40, 40)[:, :, :1], 3, axis=2)
    found = _there_and_back(codec, Picture(grey, grey=True))[1].picture
    assert found.grey
    assert (np.ptp(found.pixels, axis=2) == 0).all()


def test_a_damaged_tile_is_painted_over_and_told(codec, smooth) -> None:
    pixels = smooth(512, 512)
    data = encode_picture(codec, Picture(pixels), 7000, tile=4).data
    sound = decode_picture(codec, unpack(data)).picture.pixels
    changed = bytearray(data)
    changed[-40] ^= 16
    found = decode_picture(codec, unpack(bytes(changed)))
    assert found.damage == ("1 of 4 tiles are damaged, and painted over",)
    other = np.abs(found.picture.pixels.astype(int) - sound).max(axis=2)
    assert (other[:128, :128] == 0).all()
    assert other[400:, 400:].mean() > 1


def test_a_lost_tile_is_painted_at_its_own_rate(codec) -> None:
    pixels = np.full((256, 512, 3), 160, np.uint8)
    rate = np.full((8, 16), 8999)
    rate[:, 8:] = 0
    data = encode_picture(codec, Picture(pixels), rate, tile=4).data
    sound = decode_picture(codec, unpack(data)).picture.pixels.astype(float)
    changed = bytearray(data)
    changed[-1] ^= 16
    found = decode_picture(codec, unpack(bytes(changed)))
    assert "painted over" in found.damage[0]
    lost = found.picture.pixels[100:200, 350:450].mean()
    assert abs(lost - sound[100:200, 50:150].mean()) < 40


def test_cut_off_files_get_better_the_longer_they_are(codec, smooth) -> None:
    pixels = smooth(512, 300)
    data = encode_picture(codec, Picture(pixels), 7000, tile=4).data
    whole = decode_picture(codec, unpack(data)).picture.pixels.astype(float)
    errors = []
    for share in (0.3, 0.6, 0.9):
        found = decode_picture(codec, unpack(data[: int(share * len(data))]))
        assert "it is cut off" in found.damage[0]
        errors.append(np.square(found.picture.pixels - whole).mean())
    assert errors == sorted(errors, reverse=True)


def test_transparency_that_is_lost_is_told(codec, smooth) -> None:
    alpha = np.arange(64 * 64).reshape(64, 64).astype(np.uint8)
    data = encode_picture(codec, Picture(smooth(64, 64), alpha=alpha), 100).data
    changed = bytearray(data)
    streams = sum(4 * tile.ends[-1] for tile in unpack(data).tiles)
    changed[-streams - 20] ^= 1
    found = decode_picture(codec, unpack(bytes(changed)))
    assert found.picture.alpha is None
    assert found.damage == ("its alpha is damaged or missing",)


def test_files_of_another_model_are_refused(codec, body, smooth) -> None:
    weights = dict(codec.weights)
    name = "synthesis.last.bias"
    weights[name] = weights[name] + np.float16(1)
    other = ImageCodec(codec.config, weights)
    assert other.mark != codec.mark
    data = encode_picture(other, Picture(smooth(32, 32)), 0).data
    with pytest.raises(InputError, match="was coded by the model"):
        decode_picture(codec, unpack(data))


def test_progress(codec, smooth) -> None:
    done: list[float] = []
    data = encode_picture(codec, Picture(smooth(520, 520)), 0, tile=4, tick=done.append).data
    assert done == sorted(done)
    assert done[-1] == 1
    done.clear()
    decode_picture(codec, unpack(data), tick=done.append)
    assert done == sorted(done)
    assert done[-1] == 1
