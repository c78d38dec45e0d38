"""Tables and figure of the image codec, of made-up results."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

tables_codec = pytest.importorskip("tables_codec", reason="not in a source distribution")
figures = pytest.importorskip("figures")
table_parts = pytest.importorskip("table_parts")


def _curve(factor: float, *, images: bool = True) -> dict:
    points = []
    for number in range(5):
        psnr = 28.0 + 3 * number
        bpp = factor * 2 ** (psnr / 5) / 100
        point = {"dial": number, "bpp": bpp, "psnr": psnr}
        if images:
            row = {"ms_ssim": 1 - 10 ** (-psnr / 20), "encode_seconds": 0.5, "decode_seconds": 0.1}
            point |= row
            point["images"] = [{"image": "a", "bytes": bpp * 1e6 / 8, **point, "more": 1}]
        points.append(point)
    return {"version": "1", "commit": "z", "points": points}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0}
    curves = {
        "JPEG": _curve(1.0),
        "AVIF 4:4:4": _curve(0.4),
        "VTM (published)": _curve(0.25, images=False),
        "Covey, effort 1": _curve(0.5),
        "Covey, effort 0": _curve(0.8),
    }
    about = {"command": "x", "date": "y", "commit": "z", "machine": machine}
    (tmp_path / "codec.json").write_text(json.dumps({**about, "curves": curves}))
    for module in (tables_codec, table_parts, figures):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    return tmp_path


def test_bd_rates(results: Path) -> None:
    lines = tables_codec.codec_bd().splitlines()
    assert lines[2] == "| JPEG | -20.0% | -50.0% | 28.0 to 40.0 | -50.0% |"
    assert lines[3] == "| AVIF 4:4:4 | +100.0% | +25.0% | 28.0 to 40.0 | +25.0% |"
    assert lines[4] == "| VTM (published) | +220.0% | +100.0% | 28.0 to 40.0 |  |"


def test_speeds_are_of_what_was_run(results: Path) -> None:
    lines = tables_codec.codec_speed().splitlines()
    assert lines[2] == "| Covey, effort 0 | 0.500 | 0.100 |"
    assert not any("VTM" in line for line in lines)


def test_before_anything_is_measured(results: Path) -> None:
    (results / "codec.json").unlink()
    assert tables_codec.codec_bd() == tables_codec.codec_speed()
    assert "Not measured yet" in tables_codec.codec_bd()


def test_the_figure(results: Path) -> None:
    pytest.importorskip("matplotlib", reason="see benchmarks/requirements-figures.txt")
    with Image.open(io.BytesIO(figures.render("image-codec"))) as image:
        assert image.width == 1600
