"""`covey info` of an image codec and of its files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")

import covey as package
from covey.cli import info_subjects
from covey.codec.container import unpack
from covey.codec.image.encoding import encode_picture
from covey.codec.image.model import ImageCodec
from covey.codec.image.picture import Picture
from covey.io.codec_folder import write_codec

POINTS = [{"t": float(t), "bits": 0.1 * (t + 1), "psnr": 25.0 + t} for t in range(10)]
ABOUT = {
    "covey": package.__version__,
    "photographs": "2 of photos, 7 megapixels",
    "steps": 500,
    "steps before": 20,
    "seed": 3,
    "validation": POINTS,
}


@pytest.fixture
def model(small_codec, tmp_path):
    codec = ImageCodec(small_codec.config, small_codec.weights, ABOUT)
    write_codec(tmp_path / "m", codec, "covey train codec")
    return codec


@pytest.fixture
def file(model, tmp_path):
    """A picture with everything, of two tiles."""
    waves = np.sin(np.arange(1100) / 20)[None, :, None] * [90, 45, 20]
    pixels = np.broadcast_to(128 + waves, (64, 1100, 3))
    alpha = np.tile(np.arange(1100) % 256, (64, 1)).astype(np.uint8)
    picture = Picture(pixels.astype(np.uint8), False, alpha, b"profile" * 20, 6)
    rates = np.full((2, 35), 4500)
    rates[0, 0] = 8999
    path = tmp_path / "x.cvi"
    path.write_bytes(encode_picture(model, picture, rates, tile=6).data)
    return path


def test_a_codec(covey, model, tmp_path) -> None:
    lines = covey("info", "m").out.splitlines()
    weights = sum(each.size for each in model.weights.values())
    assert lines[0] == "m: an image codec by covey train codec, for covey compress and decompress."
    assert lines[1].startswith(f"mark: {model.mark.hex()}")
    assert lines[2].startswith(f"size: {weights:,} weights; 12 channels, 2 blocks to encode and 2")
    assert lines[3] == "trained on: 2 of photos, 7 megapixels, 520 steps"
    assert lines[5] == "  rate 0: 0.100 bits a pixel, 25.00 dB"
    assert lines[14] == "  rate 9000: 1.000 bits a pixel, 34.00 dB"
    assert lines[-1] == f"made by: covey {package.__version__}, seed 3"
    facts = covey("info", "m", "--json").json["model"]
    assert (facts["kind"], facts["path"], facts["weights"]) == ("image codec", "m", weights)
    assert (facts["mark"], facts["steps"], facts["seed"]) == (model.mark.hex(), 520, 3)
    assert (facts["trained_on"], facts["figures"]) == (ABOUT["photographs"], POINTS)
    covey("info", "m", "--k", "3").refused(2, "m: is a folder, --k is for embeddings")


def test_a_codec_of_which_little_is_known(covey, small_codec, tmp_path) -> None:
    write_codec(tmp_path / "m", small_codec, "Python")
    ran = covey("info", "m")
    assert "trained on: (not known), (not known)" in ran.out
    assert "figures: none are known" in ran.out
    facts = covey("info", "m", "--json").json["model"]
    assert (facts["steps"], facts["figures"], facts["about"]) == (None, None, small_codec.about)
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    del config["body"]["width"]
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    covey("info", "m").refused(3, "config.json: describes no codec")


def test_a_codec_weighs_no_edges(covey, blobs, model) -> None:
    ran = covey("cluster", "x.npy", "--model", "m", "-o", "g.csv")
    ran.refused(3, "m: holds weights of the kind 'image codec', for covey compress")


def test_a_file(covey, model, file) -> None:
    data = file.read_bytes()
    facts = covey("info", "x.cvi", "--json").json["picture"]
    sections = {name: len(each) for name, each in unpack(data).sections.items()}
    assert facts == {
        "path": "x.cvi",
        "codec": model.mark.hex(),
        "width": 1100,
        "height": 64,
        "orientation": 6,
        "grey": False,
        "rate": 4500,
        "quality": 50.01,
        "bytes": len(data),
        "bpp": round(8 * len(data) / 70400, 4),
        "tiles": 2,
        "sections": sections,
        "damaged_tiles": 0,
        "cut_tiles": 0,
        "sound": True,
    }
    assert list(sections) == ["map", "profile", "alpha"]
    lines = covey("info", "x.cvi").out.splitlines()
    assert lines[0] == "x.cvi: 1,100 x 64 pixels, colours, turned (orientation 6)"
    assert lines[1] == "quality: 50.01, rate 4500 of 0 to 8999 at least, and more in a region"
    assert lines[3] == "beside pixels: a map of rates, a colour profile, transparency"
    assert lines[-1] == "sound: all of it is there, as it was written"
    covey("info", "x.cvi", "--dim", "3").refused(
        2, "x.cvi: is a coded file, --dim is for embeddings"
    )


def test_damage(covey, file) -> None:
    data = file.read_bytes()
    changed = bytearray(data)
    changed[data.index(b"profile")] ^= 1
    changed[-1] ^= 1
    file.write_bytes(changed)
    facts = covey("info", "x.cvi", "--json").json["picture"]
    assert (facts["sound"], facts["damaged_tiles"], facts["cut_tiles"]) == (False, 1, 0)
    assert facts["sections"]["profile"] is None
    assert "damaged: a colour profile, which is lost, 1 tile that changed;" in (
        covey("info", "x.cvi").out
    )
    file.write_bytes(data[:-4])
    facts = covey("info", "x.cvi", "--json").json["picture"]
    assert (facts["sound"], facts["damaged_tiles"], facts["cut_tiles"]) == (False, 0, 1)
    file.write_bytes(data[:9])
    covey("info", "x.cvi").refused(3, "x.cvi: is cut off within its header")
    file.unlink()
    covey("info", "x.cvi").refused(3, "x.cvi: no such file")
    Image.new("L", (3, 3)).save(file, "PNG")
    covey("info", "x.cvi").refused(3, "x.cvi: is no .cvi file")


def test_a_file_is_told_with_its_own_codec(covey, file, tmp_path, monkeypatch) -> None:
    """Not with the model that groups embeddings; that it is another one's is no fault."""
    assert covey("info", "x.cvi", "--json").json["model"] is None
    Image.new("L", (64, 64), 90).save(tmp_path / "y.png")
    assert covey("compress", "y.png", "-o", "y.cvi").code == 0
    facts = covey("info", "y.cvi", "--json").json
    assert facts["model"]["kind"] == "image codec"
    assert facts["model"]["mark"] == facts["picture"]["codec"]
    monkeypatch.setattr(info_subjects.util, "find_spec", lambda name: None)  # without PyTorch
    without = covey("info", "y.cvi", "--json").json
    assert (without["model"], without["picture"]) == (None, facts["picture"])
