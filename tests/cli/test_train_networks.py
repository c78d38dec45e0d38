"""`covey train ada-nets` and `linkage`: the same command around other networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from covey.hub import load_model
from covey.io.embeddings import read_embeddings
from covey.io.labelled_items import labelled_items
from covey.training.refiner import Follow, train_refiner
from covey.training.variants import ada_nets


@pytest.mark.parametrize("kind", ["ada-nets", "linkage"])
def test_other_networks_are_trained_alike(covey, nine, tmp_path, kind) -> None:
    options = {
        "ada-nets": ("--length", "stable", "--space", "structure", "--k", "9", "--eta", "0.5"),
        "linkage": ("--sampling", "resample", "--loss", "focal", "--pool", "1.5"),
    }[kind]
    command = ("train", kind, "x.npy", "--labels", "y.npy", "-o", "m")
    ran = covey(*command, "--steps", "4", "--threads", "1", *options, "--json")
    assert ran.code == 0, ran.err
    assert "covey: step 4 of 4: loss " in ran.err
    assert {path.name for path in tmp_path.iterdir()} == {"x.npy", "y.npy", "m"}
    model = load_model(tmp_path / "m")
    assert model.kind.name == kind
    assert model.about == ran.json["about"]
    if kind == "ada-nets":
        network = model.network
        assert (network.length, network.space, network.k, network.eta) == (
            "stable", "structure", 9, 0.5,
        )  # fmt: skip
    else:
        plan = model.about["plan"]
        assert (plan["sampling"], plan["loss"], plan["pool"]) == ("resample", "focal", 1.5)
    ran = covey("cluster", "x.npy", "--model", "m", "-o", "out", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["method"] == kind
    ran = covey("info", "m")
    assert f"m: a model by covey train {kind}. It groups items like those" in ran.out
    told = f"m: holds a model by covey train {kind}, which groups items and finds none"
    covey("search", "x.npy", "--model", "m", "-o", "n.npz").refused(3, told)
    covey(*command, "--steps", "4").refused(2, "m", "--force")


def test_ada_nets_goes_on_from_either_of_its_parts(covey, nine, tmp_path) -> None:
    """Stopped after the filter, it trains that no more, and ends at the same model."""
    source = labelled_items(read_embeddings(tmp_path / "x.npy"), tmp_path / "y.npy")
    network, plan = ada_nets(16, steps=4)
    before = replace(plan.filter_schedule, steps=10, every=5)
    plan = replace(plan, filter_schedule=before)
    kept: dict[str, object] = {}

    def run(follow: Follow):
        return train_refiner(
            source.x, source.labels, network=network, plan=plan, follow=follow, scores="cosine"
        )

    whole = run(Follow(keep=kept.__setitem__))
    assert list(kept)[:2] == ["held out, lists", "held out"]
    begun: list[tuple[str, int, int]] = []
    again = run(Follow(start=kept.get, begin=lambda *each: begun.append(each)))
    assert [done == last for _, done, last in begun] == [True] * len(begun)
    for name, weight in whole.weights().items():
        np.testing.assert_array_equal(weight, again.weights()[name])
