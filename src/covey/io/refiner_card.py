"""The card of a refiner, and the words that commands share with it on what the model does."""

from __future__ import annotations

from math import isfinite
from textwrap import fill

from covey.io.model_facts import best_cut
from covey.models.ada_nets_config import AdaNETSConfig
from covey.models.b_attention_config import BAttentionConfig
from covey.models.kinds import NetworkConfig
from covey.models.linkage_gcn_config import LinkageGCNConfig
from covey.models.refiner import Refiner

_FOR = "For Covey, which finds what belongs together in unlabelled embeddings."

_USED = """\
# {a} {title} {what} for Covey

{does}

It was trained on labelled items and is for other items **of the same kind, embedded by the same
model**. `model.safetensors` holds the weights; `config.json` what they fit, and what scores and
cuts meant on held-out groups.
"""

_NOT_USED = """\
# {a} {title} model for Covey, whose network is not used

For Covey, which finds what belongs together in unlabelled embeddings. {sentence}

What it brings is what labelled items taught about edges: how to weigh them, where to cut, and what
precision and recall to expect. It is for other items **of the same kind, embedded by the same
model**.
`config.json` holds that; `model.safetensors` {weights}. PyTorch is not needed.
"""

_CLUSTER = "    covey cluster embeddings.npy --model THIS_FOLDER -o out\n"
_SEARCH = "    covey search embeddings.npy --model THIS_FOLDER -o neighbours.npz\n"

_LIMITS = """\
## Limits

On items of another kind, or embedded by another model, it may do worse than nothing at all, and the
precision and recall that are foreseen are those of the held-out groups, for a collection of another
size estimated. It groups what the embedding brings together: do not decide about people by it
alone.
"""

FIGURES = {
    "average precision": "of the cosine",
    "BCubed F": "BCubed F of the cosine",
}
"""What is known of a refiner under these names: a measure with the model, and without it."""

_WEIGHED = {
    "cosine": "the cosine",
    "learned": "a learned scorer",
    "network": "the network",
}

_TOLD = ("trained on", "held out before that", "steps", "seed")


def network_sentence(model: Refiner) -> str:
    """Whether the network is used, and what is where it is not."""
    if model.edges == "network":
        first = "embeddings" if model.whitening is None else "whitened embeddings"
        return f"The network is used: it weighs the edges between {first}."
    if model.refines:
        rest = f", the other {model.own:.0%} the embedding itself" if model.own else ""
        first = "" if model.whitening is None else " Embeddings are whitened first."
        return (
            f"The network is used: {1 - model.own:.0%} of every cosine is what it makes of an item "
            f"and its nearest{rest}.{first}"
        )
    better = "edges" if isinstance(model.network, LinkageGCNConfig) else "embeddings"
    why = f"The network is not used: on held-out groups {better} were not clearly better by it."
    if model.whitening is not None:
        return f"{why} Embeddings are whitened and no more."
    return f"{why} Embeddings stay as they are."


def network_words(network: NetworkConfig) -> str:
    """What a network is made of."""
    if isinstance(network, BAttentionConfig):
        tests = [name for name in ("single", "multiple") if getattr(network, name)]
        return (
            f"{network.flavour}, {network.layers} layers of width {network.width}, local sets of "
            f"{network.tests}, tests: {', '.join(tests) or 'none'}"
        )
    if isinstance(network, AdaNETSConfig):
        kept = f"the first {network.fixed}" if network.length == "fixed" else network.length
        return (
            f"{network.layers} graph convolutions of width {network.width} on lists of "
            f"{network.k}, structure space: {network.space}, kept of a list: {kept}"
        )
    hidden = ", ".join(map(str, network.hidden))
    return (
        f"{len(network.hidden)} graph convolutions of widths {hidden} on {network.near} neighbours "
        f"and {network.second} of each, {network.active} of them joined"
    )


def finds(model: Refiner) -> bool:
    """Whether `covey search` and `reid` take the model, too."""
    return isinstance(model.network, BAttentionConfig)


def edges_sentence(model: Refiner) -> str:
    """What weighs edges, and what makes groups of them."""
    groups = model.partition.replace("-", " ")
    if model.scorer is None:
        return f"Edges are weighed by {_rows(model)}: their cosine. Groups are made by {groups}."
    by = "a small network learned from held-out groups" if model.edges == "learned" else "it"
    return (
        f"Edges are weighed by {by}: the probability that both ends belong together. Groups are "
        f"made by {groups}."
    )


def unlabelled_sentence(model: Refiner) -> str:
    """How the default without labels does on the same items; empty if that is not known."""
    found = model.about.get("validation") or {}
    plain, own = found.get("BCubed F without labels"), found.get("BCubed F")
    if not (isinstance(plain, float) and isinstance(own, float)):
        return ""
    told = f"covey cluster without a model reaches BCubed F {plain:.3f} on the same items"
    if plain > own:
        return f"{told}: that is better, so leave the model out."
    return f"{told}, at a cut that it finds without labels."


def refiner_card(model: Refiner, command: str) -> str:
    """Markdown on what a refiner is, what it was made of, by which command, and how it does.

    Args:
        model: The refiner.
        command: What made it.
    """
    about = model.about
    told = dict.fromkeys(_TOLD)
    if model.uses_network:
        network_lines = [f"- network: {network_words(model.network)}"]
        if model.refines:
            network_lines.append(f"- share of the embedding itself in a cosine: {model.own:g}")
    else:
        network_lines = ["- network: not used"]
        del told["steps"]
    lines = [
        f"- embeddings: {model.network.inputs} dimensions, compared by cosine",
        *network_lines,
        f"- embeddings whitened first: {'no' if model.whitening is None else 'yes'}",
        f"- edges weighed by: {_WEIGHED[model.edges]}",
        f"- groups made by: {model.partition}",
        *(f"- {name}: {about[name]}" for name in told if name in about),
        f"- Covey: {about.get('covey', 'not known')}",
    ]
    found = about.get("validation") or {}
    figures = [
        f"| {name} | {found[name]:.3f} | {found[other]:.3f} |"
        for name, other in FIGURES.items()
        if _is_known(found.get(name)) and _is_known(found.get(other))
    ]
    unlabelled = unlabelled_sentence(model)
    table = "\n".join(["| | with the model | without it |", "|---|---|---|", *figures, ""])
    parts = [
        _beginning(model) + "\n" + _CLUSTER + (_SEARCH if finds(model) else ""),
        f"## Made by\n\n    {command}\n",
        "## Made of\n\n" + "\n".join(lines) + "\n",
        "## Figures\n\nOn the groups that were held out:\n",
        *([table] if figures else []),
        *([f"{unlabelled}\n"] if unlabelled else []),
        f"{cut_sentence(model)} In another collection the cut is chosen anew for its size, and "
        "`covey cluster` tells it as that probability, not as the score.\n",
        _LIMITS,
    ]
    return "\n".join(parts)


def cut_sentence(model: Refiner) -> str:
    """Where to cut the items that a refiner was judged by, and what came of it."""
    cut = best_cut(model)
    return (
        f"At the best cut of {cut['n_items']:,} items that it was judged by, a {_score(model)} of "
        f"{cut['score']:.3f} between {_rows(model)} (there the probability to belong together is "
        f"{cut['probability']:.3f}): BCubed precision {cut['precision']:.3f} and recall "
        f"{cut['recall']:.3f}."
    )


def _beginning(model: Refiner) -> str:
    kind = model.kind
    if model.uses_network:
        what = "refiner" if model.refines else "model"
        return _USED.format(
            a=kind.article,
            title=kind.title,
            what=what,
            does=fill(f"{_FOR} {kind.does}", 100),
        )
    weights = "the weights of the unused network"
    if model.whitening is not None:
        weights = "the whitening, and " + weights
    return _NOT_USED.format(
        a=kind.article,
        title=kind.title,
        sentence=network_sentence(model),
        weights=f"holds {weights}",
    )


def _score(model: Refiner) -> str:
    return "cosine" if model.scorer is None else "learned score"


def _rows(model: Refiner) -> str:
    """What is compared."""
    if model.refines:
        return "refined embeddings"
    return "embeddings as they are" if model.whitening is None else "whitened embeddings"


def _is_known(figure: object) -> bool:
    return isinstance(figure, float) and isfinite(figure)
