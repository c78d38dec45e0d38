"""Weights in a folder: the round trip, and every folder that is refused."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from covey import __version__
from covey.hub import (
    CONFIG,
    WEIGHTS,
    UniversalModel,
    default_model,
    load_model,
    load_refiner,
    load_universal,
)
from covey.io.summary import as_json
from covey.models.appraisal import SIGNS, Appraiser
from covey.models.edge_features import EDGE_FEATURES
from covey.models.network import Network
from covey.models.refiner import Refiner
from covey.models.universal import UniversalScorer
from covey.types import InputError


def _network(inputs: int, outputs: int, hidden: tuple[int, ...]) -> Network:
    rng = np.random.default_rng(inputs)
    widths = (inputs, *hidden, outputs)
    layers = tuple(
        (
            rng.normal(size=(widths[i + 1], widths[i])).astype(np.float32),
            rng.normal(size=widths[i + 1]).astype(np.float32),
        )
        for i in range(len(widths) - 1)
    )
    mean, scale = rng.normal(size=(2, inputs)).astype(np.float32)
    return Network(mean, np.abs(scale) + 1, layers)


def _model(hidden: tuple[int, ...] = (8, 8)) -> UniversalModel:
    return UniversalModel(
        UniversalScorer(_network(len(EDGE_FEATURES), 1, hidden)),
        Appraiser(_network(len(SIGNS), 2, hidden)),
        {"seed": 3, "sets": ["a", "b"]},
    )


def _write(folder: Path, model: UniversalModel | Refiner) -> Path:
    folder.mkdir(exist_ok=True)
    save_file(model.weights(), folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(as_json(model.config())))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _write(tmp_path, _model())


@pytest.mark.parametrize("hidden", [(8, 8), (4, 3)])
def test_round_trip(tmp_path: Path, hidden: tuple[int, ...]) -> None:
    model = _model(hidden)
    found = load_model(str(_write(tmp_path, model)))
    assert found.about == model.about
    assert found.scorer.level is None
    before, after = model.weights(), found.weights()
    assert before.keys() == after.keys()
    for name, weight in before.items():
        assert after[name].tobytes() == weight.tobytes()
    signs = np.random.default_rng(0).normal(size=(5, len(SIGNS))).astype(np.float32)
    np.testing.assert_array_equal(found.appraiser(signs), model.appraiser(signs))


def test_the_model_of_the_package_is_small_and_read_once() -> None:
    model = default_model()
    assert default_model() is model
    assert sum(weight.nbytes for weight in model.weights().values()) < 5_000_000
    assert model.about


def _refused(folder: Path, *words: str) -> None:
    with pytest.raises(InputError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_no_folder(tmp_path: Path) -> None:
    _refused(tmp_path / "nowhere", "nowhere", "no such folder", "covey train")


def test_an_empty_folder_and_a_file(tmp_path: Path) -> None:
    _refused(tmp_path, f"holds no file {CONFIG}", "covey train")
    (tmp_path / "file").touch()
    _refused(tmp_path / "file", "is a file", "covey train")
    (tmp_path / CONFIG).mkdir()
    _refused(tmp_path, f"holds no file {CONFIG}", "covey train")


def test_no_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    _refused(folder, f"holds no file {WEIGHTS}", "covey train")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"not json", b"[" * 100_000])
def test_broken_json(folder: Path, text: bytes) -> None:
    (folder / CONFIG).write_bytes(text)
    _refused(folder, CONFIG, "is no JSON")


@pytest.mark.parametrize("config", [[], "universal", {}, {"kind": "another"}, None])
def test_another_kind(folder: Path, config: Any) -> None:
    (folder / CONFIG).write_text(json.dumps(config))
    _refused(folder, CONFIG, "no model that this version knows")


def test_other_inputs(folder: Path) -> None:
    config = json.loads((folder / CONFIG).read_text())
    config["inputs"]["scorer"].reverse()
    config["about"]["covey"] = "7.8.9"
    (folder / CONFIG).write_text(json.dumps(config))
    _refused(
        folder, CONFIG, "covey 7.8.9", "other inputs", f"covey {__version__}", "train it again"
    )
    del config["about"]
    (folder / CONFIG).write_text(json.dumps(config))
    _refused(folder, "other inputs")


@pytest.mark.parametrize("kept", [0, 4, 100, -4])
def test_truncated_weights(folder: Path, kept: int) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:kept])
    _refused(folder, WEIGHTS, "cannot be read")


def _changed(folder: Path, change: Callable[[dict[str, np.ndarray]], object]) -> Path:
    weights = load_file(folder / WEIGHTS)
    change(weights)
    save_file(weights, folder / WEIGHTS)
    return folder


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite(folder: Path, value: float) -> None:
    def spoil(weights: dict[str, np.ndarray]) -> None:
        weights["appraiser.1.bias"][2] = value

    _refused(_changed(folder, spoil), WEIGHTS, "appraiser.1.bias", "NaN or infinity")


def test_another_number_format(folder: Path) -> None:
    def halve(weights: dict[str, np.ndarray]) -> None:
        weights["scorer.mean"] = weights["scorer.mean"].astype(np.float16)

    _refused(_changed(folder, halve), "scorer.mean is float16, not float32")


def test_a_number_format_that_numpy_has_not(folder: Path) -> None:
    header = json.dumps({"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header + b"\0\0")
    _refused(folder, WEIGHTS, "float32")


@pytest.mark.parametrize(
    "name",
    ["scorer.mean", "scorer.scale", "scorer.1.weight", "appraiser.0.weight", "scorer.2.bias"],
)
def test_a_missing_tensor_is_named(folder: Path, name: str) -> None:
    _refused(_changed(folder, lambda weights: weights.pop(name)), WEIGHTS, "train the model again")


def test_no_tensors_at_all(folder: Path) -> None:
    _refused(_changed(folder, lambda weights: weights.clear()), "has no tensor 'scorer.0.weight'")


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("scorer.mean", (3,)),
        ("scorer.scale", (len(EDGE_FEATURES), 1)),
        ("scorer.0.weight", (8, 3)),
        ("scorer.0.weight", (8,)),
        ("scorer.0.bias", (8, 1)),
        ("scorer.1.bias", (7,)),
        ("scorer.2.weight", (2, 8)),
        ("appraiser.2.weight", (1, 8)),
        ("appraiser.mean", ()),
    ],
)
def test_wrong_shapes(folder: Path, name: str, shape: tuple[int, ...]) -> None:
    def reshape(weights: dict[str, np.ndarray]) -> None:
        weights[name] = np.ones(shape, np.float32)

    _refused(_changed(folder, reshape), WEIGHTS, name.split(".")[0], "has shape", "train the model")


def test_one_output_too_many(folder: Path) -> None:
    def widen(weights: dict[str, np.ndarray]) -> None:
        weights["scorer.2.weight"] = np.ones((2, 8), np.float32)
        weights["scorer.2.bias"] = np.ones(2, np.float32)

    _refused(_changed(folder, widen), "scorer.2.weight has shape (2, 8), not (1, 8)")


def test_a_scale_of_zero(folder: Path) -> None:
    def flatten(weights: dict[str, np.ndarray]) -> None:
        weights["scorer.scale"][3] = 0

    _refused(_changed(folder, flatten), "scorer.scale", "above 0")


def test_a_fourth_layer(folder: Path) -> None:
    def lengthen(weights: dict[str, np.ndarray]) -> None:
        weights["scorer.3.weight"] = np.ones((1, 1), np.float32)
        weights["scorer.3.bias"] = np.ones(1, np.float32)

    _refused(_changed(folder, lengthen), "scorer has 4 layers, not 3")


@pytest.mark.parametrize("whitening", [False, True])
def test_a_refiner_is_told_from_a_universal_model(tmp_path, any_refiner, whitening: bool) -> None:
    refiner, universal = tmp_path / "refiner", tmp_path / "universal"
    _write(refiner, any_refiner(whitening=whitening))
    _write(universal, _model())
    for read in (load_model, load_refiner):
        found = read(str(refiner))
        assert isinstance(found, Refiner)
        assert (found.whitening is not None) == whitening
        assert found.about["seed"] == 3
    for read in (load_model, load_universal):
        assert isinstance(read(universal), UniversalModel)
    with pytest.raises(InputError, match=r"refiner: holds a model by covey train b-attention; na"):
        load_universal(refiner)
    with pytest.raises(
        InputError, match=r"universal: holds .* finds none; name one by covey train b-attention"
    ):
        load_refiner(universal)


@pytest.mark.parametrize("read", [load_universal, load_refiner])
def test_a_model_of_one_kind_is_refused_like_any(tmp_path, read) -> None:
    with pytest.raises(InputError, match=r"nowhere: there is no such folder; name a folder that"):
        read(tmp_path / "nowhere")


def test_a_kind_that_the_weights_are_not_of(tmp_path, any_refiner) -> None:
    config = json.loads((_write(tmp_path, any_refiner()) / CONFIG).read_text())
    _write(tmp_path, _model())
    (tmp_path / CONFIG).write_text(json.dumps(config))
    _refused(tmp_path, WEIGHTS, "should have shape", "train the model again")
    _write(tmp_path, any_refiner())
    (tmp_path / CONFIG).write_text(json.dumps(_model().config()))
    _refused(tmp_path, WEIGHTS, "has no tensor 'scorer.0.weight'")


@pytest.mark.parametrize("name", ["head.bias", "whitening.map"])
def test_a_refiner_that_is_not_finite(tmp_path, any_refiner, name: str) -> None:
    def spoil(weights: dict[str, np.ndarray]) -> None:
        weights[name].flat[1] = np.nan

    folder = _changed(_write(tmp_path, any_refiner(whitening=True)), spoil)
    _refused(folder, WEIGHTS, name, "NaN or infinity", "train the model again")


def test_a_refiner_of_another_number_format(tmp_path, any_refiner) -> None:
    def widen(weights: dict[str, np.ndarray]) -> None:
        weights["head.bias"] = weights["head.bias"].astype(np.float64)

    folder = _changed(_write(tmp_path, any_refiner()), widen)
    _refused(folder, WEIGHTS, "head.bias is float64, not float32; save it as that")


def test_a_refiner_without_figures_names_its_file(tmp_path, any_refiner) -> None:
    folder = _write(tmp_path, any_refiner())
    config = json.loads((folder / CONFIG).read_text())
    del config["held_out"]
    (folder / CONFIG).write_text(json.dumps(config))
    _refused(folder, str(folder / CONFIG), "has no 'held_out'", "train the model again")


@pytest.mark.parametrize("kept", [0, 100, -4])
def test_a_refiner_cut_short(tmp_path, any_refiner, kept: int) -> None:
    path = _write(tmp_path, any_refiner()) / WEIGHTS
    path.write_bytes(path.read_bytes()[:kept])
    _refused(tmp_path, WEIGHTS, "cannot be read")
