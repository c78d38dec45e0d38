"""Benchmarks of the image codec in use: what they count, and tables of made-up results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")
tables = pytest.importorskip("tables_codec_use", reason="not in a source distribution")
rates = pytest.importorskip("codec_rates")
targets = pytest.importorskip("codec_targets")
clock = pytest.importorskip("codec_clock")
table_parts = pytest.importorskip("table_parts")

from covey.codec.container import unpack  # noqa: E402
from covey.codec.image.decoding import decode_picture  # noqa: E402
from covey.codec.image.picture import Picture  # noqa: E402


@pytest.fixture(scope="module")
def counting(small_codec):
    return rates.CountingCodec(small_codec.config, small_codec.weights)


@pytest.fixture(scope="module")
def picture():
    noise = np.random.default_rng(0).normal(size=(300, 200, 3)).cumsum(axis=0) * 9
    return Picture(np.clip(noise + 128, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("rate", [0, 5000, 8999])
def test_expected_bits_are_those_of_files(counting, picture, rate) -> None:
    made, found = rates.coded(counting, picture, rate)
    words = 32 * sum(len(each.words) for each in made.tiles)
    expected = found["expected"] * 300 * 200
    assert words - 64 < expected < words + 0.001 * words
    assert found["file"] == 8 * len(made.data) / 60000


def test_painted_without_reading(counting, picture) -> None:
    made, _ = rates.coded(counting, picture, 4000)
    decoded = decode_picture(counting, unpack(made.data)).picture.pixels
    np.testing.assert_array_equal(rates.painted(counting, made, picture, 4000), decoded)


def test_steps_back_count_from_the_largest_before() -> None:
    values = np.array([[100.0, 1.0], [99.0, 2.0], [98.0, 3.0], [101.0, 4.0]])
    assert rates.setbacks(values)[:, 0].tolist() == [0, 1, 2, 0]
    found = rates.worst([0, 5, 10, 15], ["a", "b"], values)
    assert (found["image_percent"], found["image_at"], found["image"]) == (2, 10, "a")
    assert found["mean_percent"] == 0


def test_the_ends_of_the_dial_are_in_no_mean() -> None:
    tried = {
        "a": targets.Tried(0.2, 100, 3, 1.0),
        "b": targets.Tried(7.0, 8999, 4, 1.0),
        "c": targets.Tried(0.7, 300, 5, 1.0),
    }
    found = targets.summary(tried, {"d": "too few"}, "percent_under")
    assert (found["coded"], found["met"], found["within_goal"]) == (2, 2, 1)
    assert found["off"] == {"mean": 0.45, "worst": 0.7, "image": "c"}
    assert found["end_of_dial"] == {"b": 7.0}
    assert targets.summary({}, {"d": "too few"}, "db_above")["coded"] == 0


def test_where_a_decoder_spends_its_time(counting, picture) -> None:
    made, _ = rates.coded(counting, picture, 4000)
    found = clock.split(counting, made.data)
    assert set(found) == {*clock.PARTS, "the rest"}
    assert all(seconds > 0 for seconds in found.values())


def test_a_mosaic_of_pictures_on_either_side(picture) -> None:
    across = Picture(np.ascontiguousarray(picture.pixels.transpose(1, 0, 2)))
    made = clock.mosaic([("a", picture), ("b", across)], 500, 700).pixels
    assert made.shape == (500, 700, 3)
    np.testing.assert_array_equal(made[:300, :200], picture.pixels)
    np.testing.assert_array_equal(made[:300, 400:600], picture.pixels[:, ::-1])


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (tables, table_parts):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    return tmp_path


def _write(results: Path, name: str, **facts) -> None:
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0}
    about = {"command": "x", "date": "y", "commit": "z", "machine": machine}
    (results / f"{name}.json").write_text(json.dumps({**about, **facts}))


ALL = ("codec_dial", "codec_targets", "codec_seconds", "codec_threads")


@pytest.mark.parametrize("table", ALL)
def test_before_anything_is_measured(results, table) -> None:
    assert "Not measured yet: `python benchmarks/codec_" in getattr(tables, table)()


def test_before_all_is_measured(results) -> None:
    _write(results, "codec_rates", goals=rates.GOALS, stride=50, images=24)
    _write(results, "codec_targets", goals=targets.GOALS)
    published = {"a": {"encode": 1.0, "decode": 2.0}}
    _write(results, "codec_speed", goals={}, weights_m="random", published=published)
    assert "| largest step back of the mean size, % | 0.1 |  |  |" in tables.codec_dial()
    assert len({getattr(tables, table)().count("| --- |") for table in ALL}) == 1
    assert "| a, published, another machine |  |  | 1 |  | 2 |" in tables.codec_seconds()


def test_tables_of_what_was_measured(results) -> None:
    back = {"file": {"mean_percent": 0.01, "image_percent": 0.2}}
    steps = {kind: {"file": 1e-4, "psnr": 2e-3} for kind in ("median_step", "mean_step")}
    steps["back_percent"] = {"file": 3.0, "psnr": 4.0}
    fine = {"images": ["a", "b"], "all": steps, "runs": [{"step_back": back}]}
    wide = {"step_back": back}
    _write(results, "codec_rates", goals=rates.GOALS, stride=50, images=24, sweep=wide, fine=fine)
    dial = tables.codec_dial()
    assert "| of any one image, % |  | 0.200 | 0.200 |" in dial
    assert "| median step, dB | 0.001 |  | 0.002 |" in dial
    tried = {"a": targets.Tried(0.2, 100, 3, 1.0)}
    _write(
        results,
        "codec_targets",
        goals=targets.GOALS,
        targets={
            "20 KB": targets.summary(tried, {"d": "no"}, "percent_under"),
            "28 dB": targets.summary({}, {"d": "no"}, "db_above"),
        },
    )
    assert (
        "| 20 KB | 1 | 0.20 | 0.20 % under | 1 | 3.0 | 3 | 1.00 | 1 | 0 |" in tables.codec_targets()
    )
    assert "| 28 dB | 0 |  |  |  |  |  |  | 1 | 0 |" in tables.codec_targets()
