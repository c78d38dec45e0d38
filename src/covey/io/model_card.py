"""The card of a model, README.md of its folder: of a universal one, and of any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from covey.hub import Model
from covey.io.refiner_card import refiner_card
from covey.models.refiner import Refiner

TERMS = {
    "clinc150": "CC BY 3.0 (clinc/oos-eval)",
    "googlenews_t": "none stated (rashadulrakib/short-text-clustering-enhancement)",
    "omniglot": "MIT (brendenlake/omniglot)",
    "coil20": "none came with our copy; offered for research purposes (Columbia University; Nene, "
    "Nayar and Murase, 1996)",
    "mnist": "none came with our copy; CC BY-SA 3.0 by the account of Keras (LeCun and Cortes)",
    "uspsdata": "none came with our copy, and we know of none (US Postal Service; Hull, 1994)",
    "digits": "CC BY 4.0 (UCI, Optical Recognition of Handwritten Digits; in scikit-learn)",
}
"""Terms of known sets, by the first part of their names: as stated with the data, or by whom."""

_WHAT = """\
# A universal scorer for Covey

For Covey, which finds what belongs together in unlabelled embeddings. Two small networks: the
**scorer** says how likely two neighbours share a group, from similarities on the scale of the
collection, ranks and overlaps of neighbour lists; the **appraiser** foresees precision and recall
of a clustering from signs that need no labels. Neither knows the dimension of the embeddings or
what they are of. `model.safetensors` holds the weights, `config.json` the names of the inputs and
what is below.

    covey cluster embeddings.npy --model THIS_FOLDER -o out
"""

_LIMITS = """\
## Limits

Embeddings are compared by cosine. The figures above are of the data that it was trained on; on data
of another kind it may do worse, and precision and recall foreseen are estimates. It groups what the
embedding brings together: do not decide about people by it alone.

## Licence

The weights may be used under the [MIT licence](https://opensource.org/license/mit) of Covey as far
as the terms of the data sets allow.
"""


def default_card(model: Model) -> str:
    """The card of a model that was made in Python."""
    if isinstance(model, Refiner):
        return refiner_card(model, f"covey.{model.kind.estimator}")
    return universal_card(model.about, "Python")


def without_folders(word: str) -> str:
    """A word of the command line; of a path only its last name, as a card is made to be shared."""
    return Path(word).name if "/" in word or "\\" in word else word


def universal_card(about: Mapping[str, Any], command: str) -> str:
    """Markdown on what a model is, what it was made of, by which command, and how it does.

    Args:
        about: `UniversalModel.about`.
        command: The command line that made it.
    """
    parts = [_WHAT, "## Made by\n", f"    {command}\n", "## Made of\n"]
    sets = [str(name) for name in about.get("sets", ())]
    if sets:
        rows = "\n".join(f"| {_cell(name)} | {_terms(name)} |" for name in sets)
        parts.append(f"| set | terms |\n|---|---|\n{rows}\n")
    parts.append(
        "Views of these sets, cut down, mixed and bent at random, and synthetic collections.\n"
        if sets
        else "Nothing is known of the sets that it was made of.\n"
    )
    told = {
        "left out": about.get("left out"),
        "fine-tuned on": about.get("refined on"),
        "views for the scorer": about.get("edge views"),
        "views for the appraiser": about.get("cut views"),
        "seed": about.get("seed"),
        "Covey": about.get("covey"),
    }
    lines = [f"- {name}: {value}" for name, value in told.items() if value is not None]
    parts.append("\n".join(lines) + "\n")
    if figures := validation_sentence(about):
        parts.append(f"## Figures\n\n{figures}\n")
    parts.append(_LIMITS)
    return "\n".join(parts)


def validation_sentence(about: Mapping[str, Any]) -> str:
    """How well the scorer ranks edges of what was held out; empty if that is unknown."""
    found = about.get("validation") or {}
    if found.get("average precision") is None:
        return ""
    if "groups" in found:
        told = f"Average precision of edges among {found['groups']} held-out groups"
    else:
        views = found["views"]
        told = (
            f"Average precision of edges on {views} held-out view{'' if views == 1 else 's'} of "
            "what it was trained on"
        )
    told += f": {found['average precision']:.3f}"
    before = found.get("before")
    if before is not None:
        told += f", before fine-tuning {before:.3f}"
    told += f", of the plain cosine {found['of the cosine']:.3f}."
    if before is not None and found["average precision"] <= before:
        told += " So the scorer from before was kept."
    return told


def _terms(name: str) -> str:
    known = (terms for start, terms in TERMS.items() if name.split("_")[0] == start.split("_")[0])
    return next(known, "not known to Covey")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
