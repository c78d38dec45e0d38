"""What do labels of some identities give for others of the same embedding?

Half of the identities of a set are known. What can learn, learns from them alone, once for each
seed; everything is measured on the other half, by itself: average precision of edges on lists of
64, and groups by `covey.cluster`. clinc150 is among the sets that the shipped model was trained on:
with `--models` a model is fine-tuned that was trained without it, otherwise the result says so.

    COVEY_DATA=... python benchmarks/universal_finetune.py [--models FOLDER] [--sets lfw ...]

FOLDER holds the models without a family, as for `universal.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from covey.datasets.view_draws import LabelledSet
from covey.graph import nearest
from covey.hub import UniversalModel, default_model, load_universal
from covey.knn import build_knn_graph
from covey.metrics.edges import average_precision
from covey.models.edge_features import LIST_LENGTH
from covey.refinement import refine_model
from covey.scoring import Scorer, score_edges
from covey.unique_items import unique_items
from labelled_sets import SET_NAMES, data_root
from machine import RESULTS, provenance, write_json
from quality_peers import load
from universal import FAMILIES, grouped

DEFAULT = ("market1501", "lfw", "clinc150")
SEEDS = (0, 1000, 2000)
"""Each holds out other identities of the known half, and draws other batches."""

_TEST = 1  # of split.npy


@dataclass(frozen=True, slots=True)
class Contender:
    """One row of the table: a way to weigh edges, and to group by it.

    Attributes:
        name: Of the row.
        scorer: Of the edges.
        among: `method` of `covey.cluster` that lets it compete with other scorers.
        alone: `method` that uses nothing else.
        learn: Called with the known half, the model to start from and a seed; None where nothing
            is learned.
    """

    name: str
    scorer: Scorer
    among: str
    alone: str
    learn: Callable[[LabelledSet, UniversalModel, int], UniversalModel] | None = None


def _refine(known: LabelledSet, model: UniversalModel, seed: int) -> UniversalModel:
    return refine_model(model, known, seed=seed)


CONTENDERS = (
    Contender("cosine", "cosine", "untrained", "cosine"),
    Contender("universal", "universal", "auto", "universal"),
    Contender("universal, fine-tuned", "universal", "auto", "universal", _refine),
)


def halves(name: str) -> tuple[LabelledSet, LabelledSet]:
    """The known half of a set and the other one, which share no identity.

    Raises:
        SystemExit: If the set has no split, or one that cuts through identities.
    """
    x, labels = load(name)
    path = (data_root() or Path()) / "embeddings" / name / "split.npy"
    if not path.is_file():
        raise SystemExit(f"{path}: is missing; set COVEY_DATA to a complete copy of the data")
    test = np.load(path) == _TEST
    shared = np.intersect1d(labels[test], labels[~test])
    if (shared >= 0).any():
        raise SystemExit(f"{path}: identity {shared.max()} is in both halves")
    known, other = (LabelledSet(name, name, x[part], labels[part]) for part in (~test, test))
    return known, other


def measure(contender: Contender, other: LabelledSet, model: UniversalModel) -> dict[str, Any]:
    """Edges and groups of the half that nothing has learned from."""
    items = unique_items(other.x, metric="cosine")
    knn = nearest(build_knn_graph(items.rows, LIST_LENGTH), LIST_LENGTH)
    edges = score_edges(items.rows, knn, contender.scorer, model=model.scorer)
    found: dict[str, Any] = {
        "average_precision": average_precision(edges, other.labels[items.first])
    }
    for role, method in (("among", contender.among), ("alone", contender.alone)):
        found[role] = {"method": method, **grouped(other.x, other.labels, method, model)}
        del found[role]["reliability"]
    return found


def runs(
    contender: Contender, known: LabelledSet, other: LabelledSet, model: UniversalModel
) -> list[dict[str, Any]]:
    """One for each seed, or only one where nothing is learned."""
    if contender.learn is None:
        return [measure(contender, other, model)]
    found = []
    for seed in SEEDS:
        began = time.perf_counter()
        learned = contender.learn(known, model, seed)
        seconds = round(time.perf_counter() - began, 1)
        told = {"seed": seed, "seconds": seconds, "validation": learned.about.get("validation")}
        found.append({**told, **measure(contender, other, learned)})
    return found


def compare(name: str, models: Path | None) -> dict[str, Any]:
    """All contenders on one set."""
    known, other = halves(name)
    family = FAMILIES.get(name) if models else None
    model = load_universal(models / f"without-{family}") if models and family else default_model()
    entry: dict[str, Any] = {
        "set": name,
        "left_out": family,
        "seen_by_the_model": name in model.about["sets"],
    }
    for half, part in (("known", known), ("other", other)):
        groups = len(np.unique(part.labels[part.labels >= 0]))
        entry[half] = {"items": len(part.x), "identities": groups}
    entry["rows"] = []
    for contender in CONTENDERS:
        entry["rows"].append({"name": contender.name, "runs": runs(contender, known, other, model)})
        for run in entry["rows"][-1]["runs"]:
            f = {role: round(run[role]["bcubed"]["f"], 3) for role in ("among", "alone")}
            shown = round(run["average_precision"], 3)
            print(name, contender.name, run.get("seconds", ""), shown, f, flush=True)
    return entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path)
    parser.add_argument("--sets", nargs="*", default=list(DEFAULT), choices=SET_NAMES)
    options = parser.parse_args()
    torch.set_num_threads(1)  # as `covey train` does
    about = provenance("torch", "numba", "faiss-cpu", "scikit-learn")  # of the code imported above
    entries = [compare(name, options.models) for name in options.sets]
    write_json(RESULTS / "universal_finetune.json", {**about, "results": entries})


if __name__ == "__main__":
    main()
