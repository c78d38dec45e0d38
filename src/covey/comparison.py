"""Every method of the project on the same items: what each makes of them, and what it costs.

Methods that learn do so from labelled items of the one part, and group those of the other, at a cut
that they choose without labels of these.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from covey.clustering import cluster
from covey.datasets.view_draws import LabelledSet
from covey.hub import default_model
from covey.metrics.clustering import evaluate
from covey.types import UsageError

if TYPE_CHECKING:
    from covey.models.kinds import NetworkConfig
    from covey.training.networks import Plan

Tell = Callable[[str, float], None]

LEARNED = ("universal", "b-attention", "ada-nets", "linkage")
METHODS = ("untrained", "default", *LEARNED)
"""The first two see no labels; "universal" is the default's model, fine-tuned."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a method came to.

    Attributes:
        method: One of `METHODS`.
        scores: Of the groups against the labels, as `ClusteringScores.as_dict` gives them, and
            under "without_singletons" the same without groups of one item, None if there are none.
        expected_precision, expected_recall: BCubed, as the method foresees them.
        training_seconds, seconds: Wall time of learning and of grouping.
        how: What came of learning: what weighs edges, and what makes groups of them.
    """

    method: str
    scores: dict[str, Any]
    expected_precision: float
    expected_recall: float
    training_seconds: float
    seconds: float
    how: str


def run_method(
    method: str,
    known: LabelledSet,
    other: LabelledSet,
    *,
    seed: int = 0,
    threads: int | None = None,
    tell: Tell = lambda stage, done: None,
) -> Compared:
    """Lets one method learn from some items and group others.

    Args:
        method: One of `METHODS`.
        known: Items with labels that may be learned from.
        other: Items whose labels only score; negative for those that do not count.
        seed: Of everything random.
        threads: At most so many; all cores if None.
        tell: Progress.

    Raises:
        InputError: If the known items are too few to learn from.
        MissingExtraError: If it learns, and torch is not installed.
        UsageError: If there is no such method.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}: choose among {', '.join(METHODS)}")
    began = time.perf_counter()
    model, how = None, "no labels"
    if method in LEARNED:
        model, how = _learn(method, known, seed, tell)
    trained = time.perf_counter() - began
    began = time.perf_counter()
    result = cluster(
        other.x,
        model=model,
        method="untrained" if method == "untrained" else "auto",
        seed=seed,
        threads=threads,
        progress=tell,
    )
    seconds = time.perf_counter() - began
    found = result.clustering.labels
    counts = np.unique(other.labels[other.labels >= 0], return_counts=True)[1]
    scores: dict[str, Any] = evaluate(other.labels, found).as_dict()
    scores["without_singletons"] = None
    if (counts > 1).any():
        scores["without_singletons"] = evaluate(
            other.labels, found, ignore_singletons=True
        ).as_dict()
    report = result.report
    return Compared(
        method,
        scores,
        report.expected_precision,
        report.expected_recall,
        round(trained, 2),
        round(seconds, 2),
        f"{how}; {report.method}, {report.partition}" if model is None else how,
    )


def _learn(method: str, known: LabelledSet, seed: int, tell: Tell) -> tuple[Any, str]:
    """A model, and what came of learning."""
    if method == "universal":
        from covey.refinement import refine_model

        first = default_model()
        model = refine_model(first, known, seed=seed, tell=tell)
        kept = model.scorer is first.scorer
        return model, "no gain: the default's scorer" if kept else "the default's scorer, tuned"
    from covey.training import variants
    from covey.training.refiner import Follow, train_refiner

    make: dict[str, Callable[..., tuple[NetworkConfig, Plan]]] = {
        "b-attention": variants.b_attention,
        "ada-nets": variants.ada_nets,
        "linkage": variants.linkage,
    }
    network, plan = make[method](known.x.shape[1], seed=seed)
    ends: dict[str, int] = {}

    def begun(phase: str, done: int, last: int) -> None:
        ends[phase] = last

    follow = Follow(
        tell=lambda phase, step, loss, found: tell(f"training, {phase}", step / ends[phase]),
        stage=tell,
        begin=begun,
    )
    refiner = train_refiner(
        known.x, known.labels, name=known.name, network=network, plan=plan, follow=follow
    )
    used = f"{1 - refiner.own:.0%} network" if refiner.refines else "embeddings as they are"
    if not refiner.refines and refiner.whitening is not None:
        used = "whitened"
    return refiner, f"{used}; edges: {refiner.edges}; {refiner.partition}"
