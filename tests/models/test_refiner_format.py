"""Every refiner that is refused, and what the message names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from covey.io.summary import as_json
from covey.models.refiner import Refiner
from covey.models.refiner_format import read_refiner
from covey.types import InputError

Config = dict[str, Any]
Weights = dict[str, np.ndarray]


def _parts(model: Refiner) -> tuple[Config, Weights]:
    return json.loads(json.dumps(as_json(model.config()))), dict(model.weights())


def _read(config: Config, weights: Weights) -> Refiner:
    return read_refiner(config, weights, Path("m/config.json"), Path("m/model.safetensors"))


@pytest.fixture
def parts(any_refiner) -> tuple[Config, Weights]:
    return _parts(any_refiner())


def _refused(config: Config, weights: Weights, *words: str) -> None:
    with pytest.raises(InputError) as caught:
        _read(config, weights)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith("copy it again from where it was made, or train the model again")
    for word in words:
        assert word in message


@pytest.mark.parametrize("whitening", [False, True])
@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"width": 16},
        {"flavour": "transformer"},
        {"single": False},
        {"multiple": False},
        {"faithful": True, "width": 16},
    ],
)
def test_reads_what_was_told(any_refiner, whitening: bool, sizes: dict[str, Any]) -> None:
    model = any_refiner(0.25, whitening, **sizes)
    found = _read(*_parts(model))
    for name in ("network", "own", "about"):
        assert getattr(found, name) == getattr(model, name)
    assert found.weights().keys() == model.weights().keys()
    for name, weight in model.weights().items():
        assert found.weights()[name].tobytes() == weight.tobytes()
    assert (found.whitening is None) == (model.whitening is None)
    for name in ("n_items", "cut", "precision", "recall"):
        np.testing.assert_array_equal(getattr(found.held_out, name), getattr(model.held_out, name))
    for name in ("score", "probability"):
        np.testing.assert_array_equal(
            getattr(found.held_out.calibration, name), getattr(model.held_out.calibration, name)
        )


def test_weights_given_are_not_changed(any_refiner) -> None:
    config, weights = _parts(any_refiner(whitening=True))
    names = list(weights)
    _read(config, weights)
    assert list(weights) == names


@pytest.mark.parametrize("name", ["network", "own", "held_out", "partition", "scale"])
def test_a_missing_part(parts, name: str) -> None:
    del parts[0][name]
    _refused(*parts, "m/config.json: has no", name)


@pytest.mark.parametrize(
    "name",
    [
        "n_items",
        "score",
        "probability",
        "cut",
        "precision",
        "recall",
        "precision_falls",
        "recall_falls",
    ],
)
def test_a_missing_part_of_what_was_held_out(parts, name: str) -> None:
    del parts[0]["held_out"][name]
    _refused(*parts, "m/config.json: has no", name)


def test_missing_dimensions(parts) -> None:
    del parts[0]["network"]["inputs"]
    _refused(*parts, "m/config.json: has no 'inputs'")


@pytest.mark.parametrize("name", ["network", "held_out"])
@pytest.mark.parametrize("value", [None, [], "abc", 5, ["inputs"]])
def test_a_part_of_another_type(parts, name: str, value: Any) -> None:
    parts[0][name] = value
    _refused(*parts, f"m/config.json: {name} must be an object, got {type(value).__name__}")


@pytest.mark.parametrize(
    "own",
    [-0.1, 1.01, float("nan"), "0.5", None, True, [0.5], 10**400],
    ids=lambda own: str(own)[:9],
)
def test_an_impossible_share(parts, own: Any) -> None:
    parts[0]["own"] = own
    _refused(*parts, "m/config.json: own must be a number in [0, 1]")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("width", 0, "width of the network must be a whole number above 0, got 0"),
        ("width", 8.0, "whole number above 0, got 8.0"),
        ("layers", "2", "whole number above 0, got '2'"),
        ("layers", True, "whole number above 0, got True"),
        ("tests", None, "whole number above 0, got None"),
        ("single", 1, "single of the network must be true or false, got 1"),
        ("faithful", "no", "must be true or false, got 'no'"),
        ("flavour", "mlp", "flavour of the network must be one of gcn, transformer, got 'mlp'"),
        ("flavour", ["gcn"], "must be one of gcn, transformer"),
        ("heads", 4, "the network has 'heads', which this version of Covey does not"),
    ],
)
def test_a_network_that_cannot_be(parts, name: str, value: Any, told: str) -> None:
    parts[0]["network"][name] = value
    _refused(*parts, "m/config.json: ", told)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("n_items", 0, "n_items of held_out must be a whole number above 0, got 0"),
        ("n_items", 6.0, "got 6.0"),
        ("cut", [], "cut of held_out must be a list of numbers"),
        ("cut", 0.5, "cut of held_out must be a list of numbers"),
        ("cut", [0.1, 0.2], "numbers of held_out differ in length"),
        ("probability", [0.5], "numbers of held_out differ in length"),
        ("recall", [*[0.5] * 9, None], "recall of held_out must be finite numbers"),
        ("recall", [0.5] * 9 + [float("nan")], "recall of held_out must be finite numbers"),
        ("recall", [0.5] * 9 + [float("inf")], "recall of held_out must be finite numbers"),
        ("recall", [0.5] * 9 + [True], "recall of held_out must be finite numbers"),
        ("recall", [0.5] * 9 + ["0.5"], "recall of held_out must be finite numbers"),
        ("recall", [0.5] * 9 + [-0.1], "recall of held_out must lie in [0, 1]"),
        ("precision", [1.5] + [0.5] * 9, "precision of held_out must lie in [0, 1]"),
        ("probability", [1.5] + [0.5] * 9, "probability of held_out must lie in [0, 1]"),
        ("cut", [0.9] + [0.5] * 9, "score and cut of held_out must ascend"),
        ("score", [0.9] + [0.5] * 9, "score and cut of held_out must ascend"),
        ("score", [10**400] * 10, "config.json"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_figures_that_cannot_be(parts, name: str, value: Any, told: str) -> None:
    parts[0]["held_out"][name] = value
    _refused(*parts, "m/config.json: ", told)


@pytest.mark.parametrize("name", ["head.weight", "layers.1.fuse", "enter.weight"])
def test_a_missing_tensor(parts, name: str) -> None:
    del parts[1][name]
    _refused(*parts, f"m/model.safetensors: {name} should have shape (", "and has none")


@pytest.mark.parametrize(
    ("name", "shape"),
    [("head.weight", (6, 9)), ("head.bias", ()), ("layers.0.norm.weight", (8, 1))],
)
def test_a_tensor_of_another_shape(parts, name: str, shape: tuple[int, ...]) -> None:
    parts[1][name] = np.ones(shape, np.float32)
    _refused(*parts, f"m/model.safetensors: {name} should have shape", f"and has {shape}")


@pytest.mark.parametrize("shape", [(3,), ()])
def test_a_tensor_too_many(parts, shape: tuple[int, ...]) -> None:
    parts[1]["layers.2.fuse"] = np.ones(shape, np.float32)
    _refused(*parts, f"layers.2.fuse should have shape none by config.json and has {shape}")


@pytest.mark.parametrize("name", ["whitening.mean", "whitening.map"])
def test_half_a_whitening(any_refiner, name: str) -> None:
    config, weights = _parts(any_refiner(whitening=True))
    del weights[name]
    _refused(config, weights, f"{name} should have shape", "and has none")


def test_a_whitening_of_other_dimensions(any_refiner) -> None:
    config, weights = _parts(any_refiner(whitening=True))
    weights["whitening.map"] = weights["whitening.map"][:, :4]
    _refused(config, weights, "whitening.map should have shape (16, 16)", "has (16, 4)")


@pytest.mark.parametrize(
    "change",
    [
        {"single": False},
        {"flavour": "transformer"},
        {"layers": 3},
        {"width": 9},
        {"tests": 6},
        {"outputs": 7},
        {"inputs": 15},
    ],
)
def test_weights_of_another_network(parts, change: dict[str, Any]) -> None:
    parts[0]["network"] |= change
    _refused(*parts, "m/model.safetensors: ", "should have shape")


def test_the_published_arithmetic_maps_to_no_other_width(parts) -> None:
    parts[0]["network"] |= {"faithful": True}
    _refused(*parts, "m/config.json: faithful wants width 16, as the inputs, got 8")


@pytest.mark.parametrize("about", [None, [], "words", 3])
def test_what_is_known_may_be_nothing(parts, about: Any) -> None:
    parts[0]["about"] = about
    assert _read(*parts).about == {}
    del parts[0]["about"]
    assert _read(*parts).about == {}


def test_says_of_itself_what_was_read(parts) -> None:
    again = _parts(_read(*parts))
    assert again[0] == parts[0]


def test_reads_a_scorer(with_scorer) -> None:
    found = _read(*_parts(with_scorer))
    assert (found.partition, found.held_out.precision_falls) == ("average-linkage", 1.0)
    assert (found.scorer.scale, found.scorer.level) == (with_scorer.scorer.scale, 0.0)
    assert found.weights().keys() == with_scorer.weights().keys()
    for name, weight in with_scorer.weights().items():
        assert found.weights()[name].tobytes() == weight.tobytes()


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        ({"zero": 0.0}, "scale must hold zero, unit, narrow, wide"),
        ([1], "scale must hold"),
        ({"zero": 0.0, "unit": 0.0, "narrow": 1.0, "wide": 1.0}, "unit of the scale must be"),
        (
            {"zero": None, "unit": 1.0, "narrow": 1.0, "wide": 1.0},
            "zero of the scale must be",
        ),
    ],
)
def test_a_wrong_scale(with_scorer, scale: Any, words: str) -> None:
    config, weights = _parts(with_scorer)
    config["scale"] = scale
    _refused(config, weights, "m/config.json: ", words)


def test_a_scorer_that_does_not_fit(with_scorer) -> None:
    config, weights = _parts(with_scorer)
    lacking = {name: each for name, each in weights.items() if name != "scorer.mean"}
    _refused(config, lacking, "m/model.safetensors: has no tensor 'scorer.mean'")
    bent = weights | {"scorer.0.weight": weights["scorer.0.weight"][:, :5]}
    _refused(config, bent, "m/model.safetensors: scorer.0.weight has shape (32, 5), not (32, 22)")
    _refused(config | {"scale": None}, weights, "edges that are 'learned' want a scale")
    _refused(config | {"edges": "cosine"}, weights, "edges that are 'cosine' want no scale")
    _refused(config | {"edges": "network"}, weights, "cannot be weighed by 'network'")
    bare = {name: config[name] for name in config if name != "edges"}
    _refused(bare, weights, "has no 'edges'")
    cosine = config | {"edges": "cosine", "scale": None}
    _refused(cosine, weights, "scorer.mean should have shape none")


@pytest.mark.parametrize("name", ["precision_falls", "recall_falls"])
@pytest.mark.parametrize("fall", [-0.1, 2.1, None, "1"])
def test_falls_out_of_range(parts, name: str, fall: Any) -> None:
    parts[0]["held_out"][name] = fall
    _refused(*parts, "m/config.json: ", "fall")


@pytest.mark.parametrize("partition", [None, "", 3])
def test_a_partition_without_a_name(parts, partition: Any) -> None:
    parts[0]["partition"] = partition
    _refused(*parts, "partition must be a name")
