"""Every kind of network behind one refiner: written, read, refused, described, and used alike."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.clustering import cluster  # noqa: E402
from covey.hub import load_model, load_refiner  # noqa: E402
from covey.io.model_card import default_card  # noqa: E402
from covey.io.model_facts import model_facts  # noqa: E402
from covey.io.model_folder import write_model  # noqa: E402
from covey.knn import build_knn_graph  # noqa: E402
from covey.metrics.clustering import bcubed  # noqa: E402
from covey.models.ada_nets import AdaNETSNetwork, refine_rows  # noqa: E402
from covey.models.ada_nets_config import AdaNETSConfig  # noqa: E402
from covey.models.kinds import KINDS, kind_of  # noqa: E402
from covey.models.link_scorer import CosineScorer, LinkScorer  # noqa: E402
from covey.models.linkage_gcn import LinkageGCN, score_links  # noqa: E402
from covey.models.linkage_gcn_config import LinkageGCNConfig  # noqa: E402
from covey.models.refiner import Refiner, joined  # noqa: E402
from covey.models.refining_memory import refining_bytes  # noqa: E402
from covey.training import variants  # noqa: E402
from covey.training.refiner import train_refiner  # noqa: E402
from covey.types import InputError, UsageError  # noqa: E402
from covey.vectors import as_rows  # noqa: E402

ADA = AdaNETSConfig(16, k=12, filter_width=8, filter_hidden=8, width=16, outputs=8)
LINK = LinkageGCNConfig(16, width=16, hidden=(16, 8), near=12, second=3, active=3)


def _tensors(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: each.numpy().copy() for name, each in network.state_dict().items()}


@pytest.fixture(scope="module")
def ada(any_refiner) -> Refiner:
    """Random weights, half of the embedding itself."""
    torch.manual_seed(0)
    tensors = _tensors(AdaNETSNetwork(ADA))
    return replace(any_refiner(), network=ADA, tensors=tensors, own=0.5)


@pytest.fixture(scope="module")
def link(any_refiner) -> Refiner:
    """Random weights that weigh edges."""
    torch.manual_seed(0)
    tensors = _tensors(LinkageGCN(LINK))
    scorer = LinkScorer(LINK, tensors)
    return replace(any_refiner(1.0), network=LINK, tensors=tensors, scorer=scorer)


@pytest.fixture(scope="module")
def link_unused(link, with_scorer) -> Refiner:
    """Its network is not used, and a smaller one weighs edges."""
    return replace(link, scorer=with_scorer.scorer, partition=with_scorer.partition)


@pytest.fixture(params=["ada", "link"])
def model(request) -> Refiner:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def rows(hidden) -> np.ndarray:
    return as_rows(hidden(90, 9)[0])


def test_written_and_read_it_is_the_same(model, tmp_path, rows) -> None:
    write_model(tmp_path / "m", model)
    again = load_model(tmp_path / "m")
    assert isinstance(again, Refiner)
    assert (again.network, again.own, again.edges) == (model.network, model.own, model.edges)
    assert again.kind is model.kind
    assert again.weights().keys() == model.weights().keys() == again.network.shapes().keys()
    np.testing.assert_array_equal(again.refine(rows), model.refine(rows))
    if model.edges == "network":
        knn = build_knn_graph(rows, 12)
        found = again.scorer.score(rows, knn)
        np.testing.assert_array_equal(found, model.scorer.score(rows, knn))


def test_a_linkage_gcn_beside_which_a_scorer_was_learned(link_unused, tmp_path, rows) -> None:
    write_model(tmp_path / "m", link_unused)
    again = load_model(tmp_path / "m")
    assert (again.edges, again.uses_network) == ("learned", False)
    assert again.weights().keys() == link_unused.weights().keys()
    found, expected = (cluster(rows, model=each) for each in (again, link_unused))
    np.testing.assert_array_equal(found.clustering.labels, expected.clustering.labels)
    assert "The network is not used" in default_card(again)
    assert "- edges weighed by: a learned scorer" in default_card(again)


def test_a_folder_of_groups_is_refused_by_what_finds(model, tmp_path) -> None:
    write_model(tmp_path / "m", model)
    kind = model.kind.name
    told = f"covey train {kind}, which groups items and finds none; name one by covey train b-att"
    with pytest.raises(InputError, match=told):
        load_refiner(tmp_path / "m")


def test_other_embeddings_are_refused(model) -> None:
    with pytest.raises(InputError, match="trained on embeddings of 16 numbers, these have 8"):
        cluster(np.eye(9, 8) + 1, model=model)
    with pytest.raises(UsageError, match="cannot be used with metric 'euclidean'"):
        cluster(np.eye(9, 16) + 1, model=model, metric="euclidean")
    with pytest.raises(
        UsageError, match=f"by covey train {model.kind.name} has a method of its own"
    ):
        cluster(np.eye(9, 16) + 1, model=model, method="cosine")


def test_ada_nets_refines_the_graph_of_the_whole(ada, rows) -> None:
    network = AdaNETSNetwork(ADA)
    network.load_state_dict({name: torch.from_numpy(each) for name, each in ada.tensors.items()})
    network.eval()
    expected = joined(refine_rows(network, rows), rows, 0.5)
    found = ada.refine(rows)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(ada.refine(rows, build_knn_graph(rows, 11)), expected)
    assert found.shape == (90, ada.dimensions) == (90, 8 + 16)
    with pytest.raises(UsageError, match="reads no local sets"):
        ada.refine_sets(rows, np.zeros((1, 2), np.int64))


def test_a_linkage_gcn_leaves_rows_and_weighs_their_edges(link, rows) -> None:
    assert link.refine(rows) is rows
    assert (link.refines, link.uses_network, link.edges) == (False, True, "network")
    knn = build_knn_graph(rows, link.list_length)
    network = LinkageGCN(LINK)
    network.load_state_dict({name: torch.from_numpy(each) for name, each in link.tensors.items()})
    expected = np.maximum(score_links(network.eval(), rows, knn), np.float32(1e-6))
    np.testing.assert_array_equal(link.scorer.score(rows, knn), expected)
    assert isinstance(link.halves_scorer, CosineScorer)
    found = link.halves_scorer.score(rows[:, :8], knn)
    np.testing.assert_array_equal(found, np.clip(knn.similarities, np.float32(1e-6), 1))
    result = cluster(rows, model=link)
    assert (result.report.method, result.report.k) == ("linkage", 12)
    np.testing.assert_array_equal(
        cluster(rows, model=link, threads=1).clustering.labels, result.clustering.labels
    )


def test_groups_keep_when_rows_are_shuffled(model, rows) -> None:
    order = np.random.default_rng(0).permutation(len(rows))
    found = cluster(rows, model=model).clustering.labels
    shuffled = cluster(rows[order], model=model).clustering.labels
    assert bcubed(found[order], shuffled).f > 0.99


def test_cards_and_facts_say_what_it_is(ada, link) -> None:
    card = default_card(ada)
    assert card.startswith("# An Ada-NETS refiner for Covey\n")
    assert (
        "- network: 2 graph convolutions of width 16 on lists of 12, structure space: read, kept "
        "of a list: adaptive\n"
    ) in card
    fixed = replace(ada, network=replace(ADA, length="fixed", fixed=7, space="structure"))
    assert "structure space: structure, kept of a list: the first 7\n" in default_card(fixed)
    assert "    covey.AdaNETS\n" in card
    assert "covey search" not in card
    card = default_card(link)
    assert card.startswith("# A linkage GCN model for Covey\n")
    assert "- edges weighed by: the network" in card
    assert "2 graph convolutions of widths 16, 8 on 12 neighbours and 3 of each, 3 of them" in card
    assert "The network is used" not in default_card(replace(link, scorer=None))
    facts = model_facts(link)
    assert (facts["kind"], facts["edges"], facts["needs_pytorch"]) == ("linkage", "network", True)
    assert model_facts(replace(link, scorer=None))["needs_pytorch"] is False


def test_memory_grows_with_what_is_refined(model) -> None:
    few, many = (refining_bytes(model, n) for n in (100_000, 1_000_000))
    assert 1 < many / few < 10.5
    unused = replace(model, own=1.0, scorer=None)
    assert refining_bytes(unused, 1_000_000) == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_that_of_its_config(kind) -> None:
    config = kind.config(16)
    assert kind_of(config) is kind
    assert config.reach >= 1
    make = getattr(variants, kind.name.replace("-", "_"))
    network, plan = make(16, steps=7, seed=3)
    assert network == config
    assert (plan.schedule.steps, plan.schedule.seed) == (7, 3)
    assert make(16)[1] == type(plan)()


@pytest.mark.parametrize("kind", ["ada-nets", "linkage"])
def test_alone_it_is_used_as_it_is(hidden, kind) -> None:
    network = {"ada-nets": ADA, "linkage": LINK}[kind]
    make = {"ada-nets": variants.ada_nets, "linkage": variants.linkage}[kind]
    plan = make(16, steps=40)[1]
    if kind == "ada-nets":
        plan = replace(plan, filter_schedule=replace(plan.filter_schedule, steps=20))
    train = partial(train_refiner, *hidden(240, 24), network=network, plan=plan, scores="cosine")
    alone = train(alone=True)
    assert alone.whitening is None
    assert (alone.own, alone.edges) == ((0.0, "cosine"), (1.0, "network"))[kind == "linkage"]
    found = alone.about["validation"]
    assert found["average precision"] > found["of the cosine"]
    assert alone.about["plan"] == asdict(plan)
    x, labels = hidden(200, 20, seed=5)
    result = cluster(x, model=alone)
    assert result.report.by_labels
    assert bcubed(labels, result.clustering.labels).f > 0.4


@pytest.mark.slow
def test_a_scorer_competes_with_a_linkage_gcn_that_learned_nothing() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(40), 8)
    spread = np.exp(rng.uniform(np.log(0.1), 0, 40))  # which cosines do not know
    x = rng.normal(size=(40, 16))[labels]
    x += rng.normal(size=(320, 16)) * spread[labels][:, None]
    plan = variants.linkage(16, steps=1)[1]
    train = partial(train_refiner, x, labels, network=LINK, plan=plan)
    model = train()
    assert (model.edges, model.uses_network) == ("learned", False)
    assert train(scores="cosine").edges == "cosine"
    assert train(alone=True).edges == "network"


def test_plans_of_another_kind_are_refused(hidden) -> None:
    with pytest.raises(UsageError, match="different kinds: AdaNETSConfig and LinkagePlan"):
        train_refiner(*hidden(90, 9), network=ADA, plan=variants.linkage(16)[1])
