"""The card of a refiner says what is used of it, by figures that are found again here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from covey.hub import load_model
from covey.io.model_card import default_card
from covey.io.model_folder import write_model
from covey.io.refiner_card import network_sentence, refiner_card


def test_card_of_a_refiner(trained) -> None:
    card = refiner_card(trained, "covey train b-attention x.npy --labels y.npy -o m")
    assert card.startswith("# A B-Attention refiner for Covey\n")
    assert "    covey train b-attention x.npy --labels y.npy -o m\n" in card
    assert "- embeddings: 16 dimensions, compared by cosine\n" in card
    assert "- network: gcn, 2 layers of width 16, local sets of 10, tests: single, multiple" in card
    assert "- trained on: 240 items in 24 groups of hidden.npy\n" in card
    assert "- held out before that: 80 of them in 8 groups\n" in card
    assert f"- share of the embedding itself in a cosine: {trained.own:g}\n" in card
    assert "- embeddings whitened first: no\n" in card
    found = trained.about["validation"]
    for name in ("average precision", "BCubed F"):
        line = f"| {name} | {found[name]:.3f} |"
        assert line in card
    held = trained.held_out
    f = 2 * held.precision * held.recall / (held.precision + held.recall)
    best = int(f.argmax())
    assert f"a cosine of {held.cut[best]:.3f} between refined embeddings (there the prob" in card
    probability = np.interp(held.cut[best], held.calibration.score, held.calibration.probability)
    assert f"is {probability:.3f}): BCubed precision {held.precision[best]:.3f} and " in card
    assert "`covey cluster` tells it as that probability, not as the score." in card
    assert "best cut of 80 items" in card
    assert "do not decide about people" in card


def test_card_of_other_refiners(any_refiner, whitened) -> None:
    assert "tests: none" in default_card(any_refiner(single=False, multiple=False))
    assert "tests: multiple\n" in default_card(any_refiner(single=False))
    assert "network: transformer" in default_card(any_refiner(flavour="transformer"))
    assert "- embeddings whitened first: yes\n" in default_card(whitened)
    assert "    covey.BAttention\n" in default_card(whitened)
    assert "- Covey: not known\n" in default_card(any_refiner())


def test_what_no_figure_is_known_of_is_left_out_of_the_card(tmp_path: Path, any_refiner) -> None:
    nan = float("nan")
    figures = {
        "average precision": nan,
        "of the cosine": nan,
        "BCubed F": 0.25,
        "BCubed F of the cosine": 0.5,
    }
    model = replace(any_refiner(), about={"validation": figures})
    write_model(tmp_path / "m", model)
    again = load_model(tmp_path / "m")
    assert again.about["validation"]["average precision"] is None
    for card in ((tmp_path / "m" / "README.md").read_text(), default_card(again)):
        assert "| BCubed F | 0.250 | 0.500 |" in card
        assert "average precision" not in card
    for about in ({}, {"validation": None}):
        card = default_card(replace(any_refiner(), about=about))
        assert "held out:\n\nAt the best cut of 60 items that it was judged by" in card


@pytest.mark.parametrize("whitening", [False, True])
def test_a_network_that_is_not_used_is_not_described(any_refiner, whitening) -> None:
    model = any_refiner(1.0, whitening)
    model.about["steps"] = 150
    card = refiner_card(model, "made")
    assert card.startswith("# A B-Attention model for Covey, whose network is not used\n")
    assert network_sentence(model) in card
    assert "- network: not used\n" in card
    assert f"- embeddings whitened first: {'yes' if whitening else 'no'}\n" in card
    rows = "whitened embeddings" if whitening else "embeddings as they are"
    assert f" between {rows} (there the probability " in card
    weights = "holds the whitening, and the" if whitening else "holds the"
    assert f"`model.safetensors` {weights} weights of the unused network. PyTorch" in card
    for told in ("maps each embedding", "layers", "tests:", "share of the embedding", "steps"):
        assert told not in card
    assert "covey cluster embeddings.npy --model THIS_FOLDER" in card
    assert "do not decide about people" in card


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (0.0, "is used: 100% of every cosine is what it makes of an item and its nearest."),
        (0.2, "80% of every cosine is what it makes of an item and its nearest, the other 20% the"),
    ],
)
def test_says_how_far_the_network_is_used(any_refiner, own, told) -> None:
    assert told in network_sentence(any_refiner(own))
    assert "whitened" not in network_sentence(any_refiner(own))
    assert network_sentence(any_refiner(own, True)).endswith(" Embeddings are whitened first.")
