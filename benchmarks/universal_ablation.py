"""What do the inputs, the open level, the views and the signs give to the universal model?

Networks are trained again on the examples that a training has kept, each time without one thing,
and judged on what they have not seen. Scorers: average precision of the edges, as they stand in
the lists of 64, of items of clinc150, googlenews_t and omniglot_eval, by networks that have seen
nothing of the set's family. Appraisers: which clustering of a view is taken, and how far its
precision and recall are from what is foreseen, the views of a family held out together
(`appraisal_choices`). lfw, market1501 and cuhk03 are not looked at.

    covey train universal --sets SETS -o MODEL
    python benchmarks/universal_ablation.py --sets SETS --work MODEL.work

About 25 minutes on one core. Every scorer gets 600 steps and every appraiser three times as many,
by seeds 0 and 1; the released ones get 1,500 and 2,500. Rows are printed as they are found.
`--steps 50 --seeds 1 --items 300` shows in some minutes whether all works.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np
import torch
from sklearn.metrics import average_precision_score

from appraisal_choices import compare_choices
from covey.datasets.view_draws import LabelledSet, draw_view
from covey.io.labelled_sets import read_labelled_sets
from covey.knn import build_knn_graph
from covey.models.appraisal import SIGNS
from covey.models.edge_features import EDGE_FEATURES, LIST_LENGTH, measure_edges
from covey.models.network import Network
from covey.training import universal
from covey.training.appraisal import AppraisalSchedule
from covey.training.examples import CutExamples, EdgeExamples, draw_edges
from covey.training.universal import Schedule, train_scorer
from covey.unique_items import unique_items
from machine import RESULTS, provenance, write_json

JUDGED = ("clinc150", "googlenews_t", "omniglot_eval")
INPUTS = {
    "similarity and its differences": ("similarity",),
    "ranks": ("log rank",),
    "overlaps": ("overlap of",),
    "transition": ("shared transition",),
    "smoothed similarities": ("smoothed", "widely smoothed"),
    "profiles": ("profile",),
    "densities": ("mean of",),
    "occurrences": ("log occurrences",),
}
SIGN_GROUPS = {
    "agreement of the halves": (
        "agreement of the halves",
        "share of the halves' items",
        "utility",
        "highest utility",
        "agreement where utility",
        "log density over",
    ),
    "likeness to the halves": ("precision against", "recall against", "mean log size in the"),
    "steadiness from cut to cut": ("agreement with the",),
    "what lies inside": ("kept edges", "all edges", "nearest"),
    "number and size": (
        "log density",
        "log clusters",
        "share of items alone",
        "log share of the largest",
        "mean log size of",
        "deviation of log size",
    ),
}
"""Beginnings of the names; a name belongs to the first group that has its beginning."""
_LONGER = 3  # times the steps of a scorer, for an appraiser
_BLOCK = 200  # items whose features are measured at a time

E = TypeVar("E", EdgeExamples, CutExamples)


def all_but(names: Sequence[str], groups: Mapping[str, tuple[str, ...]]) -> dict[str, list[int]]:
    """For each group the columns that are left without it.

    Raises:
        SystemExit: If a name has no group.
    """
    group_of = [
        next((group for group, heads in groups.items() if name.startswith(heads)), None)
        for name in names
    ]
    if None in group_of:
        name = names[group_of.index(None)]
        raise SystemExit(f"{name!r} is in no group: name one in {Path(__file__).name}")
    return {group: [c for c, own in enumerate(group_of) if own != group] for group in groups}


def read_examples(folder: Path, kind: type[E]) -> dict[int, E]:
    """Examples that a training has kept, by the seeds of their views.

    Raises:
        SystemExit: If there are none.
    """
    found = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            held = {name: arrays[name] for name in arrays.files}
        if held:
            families = tuple(held.pop("families").tolist())
            found[int(path.stem)] = kind(families, **held)
    if not found:
        raise SystemExit(f"{folder}: has no examples; name the folder MODEL.work of a training")
    return found


@dataclass(frozen=True, slots=True)
class WholeSet:
    """Edges of some items of a set, m of them whose ends both have a group.

    Attributes:
        name, family: Of the set.
        features: (m, f) float32, as named by `EDGE_FEATURES`.
        together: (m,) bool.
    """

    name: str
    family: str
    features: np.ndarray
    together: np.ndarray

    @classmethod
    def measure(cls, source: LabelledSet, most: int) -> WholeSet:
        """Measures the edges from at most so many items to their 64 nearest of the whole set."""
        unique = unique_items(source.x, metric="cosine")
        labels = source.labels[unique.first]
        drawn = np.random.default_rng(0).permutation(np.flatnonzero(labels >= 0))[:most]
        measures = measure_edges(unique.rows, build_knn_graph(unique.rows, LIST_LENGTH))
        features, together = [], []
        for items in np.split(drawn, range(_BLOCK, len(drawn), _BLOCK)):
            ends = labels[measures.knn.indices[items]]
            features.append(measures.features(unique.rows, items)[ends >= 0])
            together.append((ends == labels[items, None])[ends >= 0])
        return cls(source.name, source.family, np.concatenate(features), np.concatenate(together))

    def precision(self, scores: np.ndarray) -> float:
        """Average precision of the edges by (m,) scores."""
        return float(average_precision_score(self.together, scores))


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to train a scorer.

    Attributes:
        name: Of the row.
        examples: To learn from, those of the judged family still among them.
        columns: Inputs that the network sees.
        open_level: Whether the loss is that at the best level of each view.
    """

    name: str
    examples: Sequence[EdgeExamples]
    columns: Sequence[int] = tuple(range(len(EDGE_FEATURES)))
    open_level: bool = True

    def train(self, without: str, schedule: Schedule) -> Network:
        """Trains on the views that have nothing of a family."""
        used = [e for e in self.examples if without not in e.families]
        if self.open_level:
            return train_scorer(used, schedule)
        # Level 0 for all views is plain cross-entropy: the network has to learn the level, too.
        with patch.object(universal, "level_of_views", lambda odds, together: torch.zeros(1)):
            return train_scorer(used, schedule)


def variants(kept: Mapping[int, EdgeExamples], sets: Sequence[LabelledSet]) -> Iterator[Variant]:
    """All that are compared, the complete one first."""
    every = list(kept.values())
    yield Variant("everything", every)
    for group, rest in all_but(EDGE_FEATURES, INPUTS).items():
        yield Variant(f"inputs: without {group}", narrow(every, rest), rest)
    yield Variant("inputs: the similarity alone", narrow(every, [0]), [0])
    yield Variant("level: learned, too", every, open_level=False)
    yield Variant("views: none synthetic", [e for e in every if e.families])
    yield Variant("views: synthetic ones alone", [e for e in every if not e.families])
    yield Variant("views: every second", every[::2])
    yield Variant("views: every fourth", every[::4])
    yield Variant(
        "views: every fourth, none bent", list(draw_natural(dict([*kept.items()][::4]), sets))
    )


def narrow(examples: Sequence[EdgeExamples], columns: Sequence[int]) -> list[EdgeExamples]:
    """The examples with some of their features."""
    return [replace(e, features=e.features[..., columns]) for e in examples]


def draw_natural(
    bent: Mapping[int, EdgeExamples], sets: Sequence[LabelledSet]
) -> Iterator[EdgeExamples]:
    """The same views as nature made them: bending is what `draw_view` does last."""
    for seed, e in bent.items():
        view = draw_view(sets, seed, bent=0.0)
        yield draw_edges(view.x, view.labels, len(e.together), families=view.families, seed=seed)


def compare_scorers(
    kept: Mapping[int, EdgeExamples],
    sets: Sequence[LabelledSet],
    wholes: Sequence[WholeSet],
    schedules: Sequence[Schedule],
) -> list[dict[str, Any]]:
    """Average precision of each variant by sets, one figure for each schedule."""
    cosine = {one.name: [one.precision(one.features[:, 0])] for one in wholes}
    rows = [{"scorer": "cosine", "views": 0, "average_precision": cosine}]
    print(rows[0], flush=True)
    for variant in variants(kept, sets):
        found = {
            one.name: [
                one.precision(
                    variant.train(one.family, schedule)(one.features[:, variant.columns])[:, 0]
                )
                for schedule in schedules
            ]
            for one in wholes
        }
        rows.append(
            {
                "scorer": variant.name,
                "views": len(variant.examples),
                "average_precision": found,
            }
        )
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=Path, required=True, help="labelled sets")
    parser.add_argument("--work", type=Path, required=True, help="examples of a training on them")
    parser.add_argument("--steps", type=int, default=600, help="of each scorer's optimiser")
    parser.add_argument("--seeds", type=int, default=2, help="networks for every figure")
    parser.add_argument("--items", type=int, default=3000, help="of each whole set")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sets = {one.name: one for one in read_labelled_sets(options.sets)}
    missing = [name for name in JUDGED if name not in sets]
    if missing:
        raise SystemExit(f"{options.sets}: lacks {', '.join(missing)}; run universal_sets.py")
    edges = read_examples(options.work / "edges", EdgeExamples)
    cuts = read_examples(options.work / "cuts", CutExamples)
    steps, seeds = options.steps, range(options.seeds)
    choices = compare_choices(
        list(cuts.values()),
        [sets[name].family for name in JUDGED],
        {
            "all signs": range(len(SIGNS)),
            **{f"without {group}": rest for group, rest in all_but(SIGNS, SIGN_GROUPS).items()},
        },
        [AppraisalSchedule(steps=_LONGER * steps, seed=seed) for seed in seeds],
    )
    for row in choices:
        print(row, flush=True)
    scorers = compare_scorers(
        edges,
        list(sets.values()),
        [WholeSet.measure(sets[name], options.items) for name in JUDGED],
        [Schedule(steps=steps, seed=seed) for seed in seeds],
    )
    settings = {"steps": steps, "seeds": options.seeds, "items": options.items}
    counts = {"edge_views": len(edges), "cut_views": len(cuts)}
    result = {**settings, **counts, "scorers": scorers, "choices": choices}
    about = provenance("torch", "scikit-learn", "faiss-cpu")
    write_json(RESULTS / "universal_ablation.json", {**about, **result})


if __name__ == "__main__":
    main()
