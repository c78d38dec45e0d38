"""A model described in words: what it is for, what it was made of, and how well it does."""

from __future__ import annotations

from covey.hub import Model, UniversalModel
from covey.io.model_card import validation_sentence
from covey.io.model_facts import model_facts
from covey.io.refiner_card import (
    FIGURES,
    cut_sentence,
    edges_sentence,
    finds,
    network_sentence,
)
from covey.io.report.words import count
from covey.models.refiner import Refiner


def model_sentences(name: str, model: Model) -> list[str]:
    """What `covey info` says of a model, a line each.

    Args:
        name: Of its folder.
        model: What the folder holds.
    """
    lines = _of_universal(name, model) if isinstance(model, UniversalModel) else _of(name, model)
    facts = model_facts(model)
    seed = "" if facts["seed"] is None else f", seed {facts['seed']}"
    return [*lines, f"made by: covey {facts['covey'] or '(version not known)'}{seed}"]


def _of_universal(name: str, model: UniversalModel) -> list[str]:
    about = model.about
    sets = ", ".join(map(str, about.get("sets") or ["(not known)"]))
    lines = [
        f"{name}: a model by covey train universal. It weighs edges between neighbours and "
        "foresees how good groups are; it refines no embeddings.",
        "embeddings: of any dimension, compared by cosine",
        f"trained on: views of {sets}",
    ]
    if about.get("refined on"):
        lines.append(f"fine-tuned on: {about['refined on']}")
    told = validation_sentence(about) or "none are known"
    return [
        *lines,
        f"figures: {told}",
        "cut: chosen anew for each collection, by signs that need no labels",
        "needs: no PyTorch",
    ]


def _of(name: str, model: Refiner) -> list[str]:
    facts = model_facts(model)
    needs = "PyTorch" if facts["needs_pytorch"] else "no PyTorch"
    return [
        f"{name}: a model by covey train {model.kind.name}. It groups "
        f"{'and finds ' if finds(model) else ''}items like those that it was trained on, in "
        "embeddings by the same network.",
        f"embeddings: {count(facts['dim'], 'dimension')}, compared by cosine",
        f"trained on: {facts['trained_on'] or '(not known)'}",
        f"held out before that, to decide: {facts['held_out'] or '(not known)'}",
        network_sentence(model),
        edges_sentence(model),
        *_figures(facts["figures"] or {}),
        cut_sentence(model),
        "In another collection the cut is chosen anew for its size; covey cluster tells it as the "
        "probability.",
        f"needs: {needs}",
    ]


def _figures(found: dict[str, float | None]) -> list[str]:
    """With the model and without it, where both are known."""
    told = [
        f"{name} {found[name]:.3f} (of the embeddings as they are {found[other]:.3f})"
        for name, other in FIGURES.items()
        if found.get(name) is not None and found.get(other) is not None
    ]
    return [f"on held-out groups: {', '.join(told)}"] if told else []
