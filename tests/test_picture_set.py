"""One rate for a whole set."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.image.encoding import encode_picture
from covey.codec.image.picture import Picture
from covey.picture_folder import Job
from covey.picture_set import encode_set
from covey.types import InputError, UsageError


@pytest.fixture(scope="module")
def pixels():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:150, :200] / 9
    waves = [128 + 60 * np.sin(a * x + b * y)[:, :, None] for a, b in rng.normal(size=(4, 2))]
    noise = rng.normal(size=(4, 150, 200, 3)) * np.array([5, 10, 20, 40])[:, None, None, None]
    return np.clip(np.array(waves) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def jobs(pixels, tmp_path):
    for number, each in enumerate(pixels):
        Image.fromarray(each).save(tmp_path / f"{number}.png")
    return [Job(tmp_path / f"{i}.png", tmp_path / f"{i}.cvi") for i in range(len(pixels))]


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def test_comes_near_the_total_and_codes_nothing_once_more(
    small_codec, jobs, pixels, scratch
) -> None:
    ends = [
        sum(len(encode_picture(small_codec, Picture(each), rate).data) for each in pixels)
        for rate in (1500, 6000)
    ]
    for total in (ends[0], sum(ends) // 2, ends[1]):
        told: list[tuple[str, float]] = []
        found = encode_set(
            jobs,
            total,
            small_codec,
            scratch,
            threads=2,
            tell=lambda stage, done, told=told: told.append((stage, done)),
        )
        assert 0.995 * total <= sum(each.bytes for each in found.files) <= total
        assert found.passes <= 9  # weights at random: sizes hardly rise with the rate
        assert told[-1] == (f"pass {found.passes}", 1.0)
        assert len(told) == len(pixels) * found.passes
        assert [each.job for each in found.files] == jobs
        for each, its in zip(found.files, pixels, strict=True):
            data = each.path.read_bytes()
            assert data == encode_picture(small_codec, Picture(its), found.rate).data
            assert (each.bytes, each.width, each.height) == (len(data), 200, 150)
        assert len([path for path in scratch.rglob("*") if path.is_file()]) == len(jobs)
        for folder in scratch.iterdir():
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()


def test_what_cannot_be_read_is_told_and_left_out(small_codec, jobs, scratch) -> None:
    jobs[1].source.write_bytes(b"junk")
    found = encode_set(jobs, 10**6, small_codec, scratch, effort=0, threads=1)
    assert [each.job for each in found.files] == [jobs[0], *jobs[2:]]
    assert (found.rate, list(found.failed)) == (8999, [str(jobs[1].source)])
    assert "cannot be read as a picture" in found.failed[str(jobs[1].source)]
    with pytest.raises(InputError, match=r"no picture can be read; the first: .*junk|1\.png"):
        encode_set(jobs[1:2], 10**6, small_codec, scratch)


def test_a_total_out_of_reach_leaves_no_file(small_codec, jobs, scratch) -> None:
    with pytest.raises(InputError, match="400 bytes are too few for all; the smallest files have"):
        encode_set(jobs, 400, small_codec, scratch)
    assert list(scratch.iterdir()) == []
    with pytest.raises(UsageError, match="at least a byte"):
        encode_set(jobs, 0, small_codec, scratch)
