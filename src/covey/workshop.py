"""How a universal model is made: labelled sets in, scorer and appraiser out.

1. Edges of many bent views train the scorer; for every family of sets also one that has not seen
   it.
2. Views, half of them as nature made them, are clustered by every recipe at every cut, each by a
   scorer that has not seen its (first) family, as it will be with a user's collection.
3. The signs of these clusterings and the truth train the appraiser.

Examples are kept in files, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing.resource_tracker import ensure_running
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from joblib import Parallel, delayed

from covey import __version__
from covey.datasets.view_draws import LabelledSet, draw_view
from covey.extras import require
from covey.hub import UniversalModel
from covey.io.atomic import atomic_file
from covey.io.labelled_sets import read_labelled_sets
from covey.models.appraisal import Appraiser
from covey.models.network import averaged
from covey.models.universal import UniversalScorer
from covey.refinement import check_groups, rounded
from covey.threads import bounded_threads
from covey.training.examples import CutExamples, EdgeExamples, draw_cuts, draw_edges
from covey.types import UsageError

Tell = Callable[[str, float], None]
"""Called as `tell(what, share done)`."""

_ITEMS = 120  # drawn of each view whose edges are learned from
_MOST_CLUSTERED = 8000  # rows of a view that is clustered; larger ones are left out
_BATCH = 16  # views between two looks at the disk
_PERSONS = 0.07  # share of these whose items become persons
_APPRAISERS = 5  # one alone can tip from a cut to the next with its seed; their mean is taken


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to learn from.

    Attributes:
        edge_views: Views whose edges train the scorer.
        cut_views: Views whose clusterings train the appraiser.
        natural: Share of the latter that are not bent.
        steps: Of the optimiser, for each scorer.
        seed: Of the views and the networks.
    """

    edge_views: int = 1400
    cut_views: int = 480
    natural: float = 0.5
    steps: int = 1500
    seed: int = 0


def make_model(
    folder: Path,
    plan: Plan,
    work: Path,
    *,
    leave_out: str | None = None,
    jobs: int = 1,
    tell: Tell = lambda what, done: None,
) -> UniversalModel:
    """Trains scorer and appraiser.

    Args:
        folder: Labelled sets that views are drawn from; synthetic ones come on top.
        plan: How much.
        work: Folder for examples; those that are there are used. It belongs to these sets and this
            plan.
        leave_out: A family whose views neither scorer nor appraiser learns from.
        jobs: Processes that make examples.
        tell: Progress.

    Returns:
        The model. Its `about` says what it was made of, and under "validation" how its scorer does
        on views that were held out, of the same sets.

    Raises:
        InputError: If the sets cannot be used.
        UsageError: If no set is of the family to leave out.
        MissingExtraError: If torch is not installed.
    """
    require("torch", "learn")
    from covey.training.appraisal import AppraisalSchedule, train_appraiser
    from covey.training.universal import Schedule, train_scorer

    _sets.cache_clear()  # the files may have been mended since
    for one in _sets(folder):
        check_groups(one)
    known = sorted({one.family for one in _sets(folder)})
    if leave_out is not None and leave_out not in known:
        raise UsageError(f"no set is of the family {leave_out!r}: choose one of {', '.join(known)}")
    names = [one.name for one in _sets(folder) if one.family != leave_out]
    seeds = [plan.seed + number for number in range(plan.edge_views)]
    kept = _Kept(work / "edges", EdgeExamples, jobs)
    edges = list(kept.make(partial(_edges_of, folder), seeds, partial(tell, "edges")))

    def without(family: str | None) -> list[EdgeExamples]:
        return [e for e in edges if family not in e.families]

    def fit(family: str | None, tell: Callable[[float], None]) -> UniversalScorer:
        network = train_scorer(
            without(family),
            Schedule(steps=plan.steps, seed=plan.seed),
            tell=lambda step, loss, validation: tell(step / plan.steps),
        )
        return UniversalScorer(network)

    scorer = fit(leave_out, partial(tell, "scorer"))
    first = plan.seed + plan.edge_views
    seeds = [first + number for number in range(plan.cut_views)]
    rest = _Kept(work / "cuts", CutExamples, jobs)
    scorers = {leave_out or "": scorer}
    if not rest.complete(seeds):
        families = [family for family in ("", *known) if family not in scorers]
        for number, family in enumerate(families):
            part = partial(_tell_part, tell, "scorers of other families", number, len(families))
            scorers[family] = fit(family, part)
    cuts_of = partial(_cuts_of, folder, scorers, plan.natural)
    cuts = rest.make(cuts_of, seeds, partial(tell, "clusterings"))
    seen_cuts = [e for e in cuts if leave_out not in e.families]
    appraisers = []
    for number in range(_APPRAISERS):
        schedule = AppraisalSchedule(seed=plan.seed + number)
        part = partial(_tell_part, tell, "appraiser", number, _APPRAISERS)
        steps = partial(_tell_step, part, schedule.steps)
        appraisers.append(train_appraiser(seen_cuts, schedule, tell=steps))
    network = averaged(appraisers)
    about = {
        "covey": __version__,
        "sets": names,
        "left out": leave_out,
        "edge views": plan.edge_views,
        "cut views": plan.cut_views,
        "natural": plan.natural,
        "seed": plan.seed,
        "validation": _validation(without(leave_out), scorer),
    }
    return UniversalModel(scorer, Appraiser(network), about)


def _tell_step(tell: Callable[[float], None], steps: int, step: int, loss: float) -> None:
    """Tells how far a training is."""
    tell(step / steps)


def _tell_part(tell: Tell, what: str, number: int, parts: int, done: float) -> None:
    """Tells how far one of several parts is."""
    tell(what, (number + done) / parts)


def _validation(
    examples: Sequence[EdgeExamples], scorer: UniversalScorer
) -> dict[str, float | int | None]:
    """Average precision of edges on the views that training held out; None without any."""
    from covey.training.universal import split_examples, validate

    held = split_examples(examples)[1]
    found = validate(scorer.network, held)
    figures = {"average precision": found.precision, "of the cosine": found.cosine}
    return {"views": len(held), **rounded(figures)}


@lru_cache(maxsize=1)
def _sets(folder: Path) -> list[LabelledSet]:
    """Read once in each process."""
    return read_labelled_sets(folder)


def _edges_of(folder: Path, seed: int) -> EdgeExamples:
    view = draw_view(_sets(folder), seed)
    return draw_edges(view.x, view.labels, _ITEMS, families=view.families, seed=seed)


def _cuts_of(
    folder: Path, scorers: dict[str, UniversalScorer], natural: float, seed: int
) -> CutExamples | None:
    """Clusters a view by a scorer that has not seen (the first of) its families.

    Items become persons in fewer views than the scorer learns from: with more of them the appraiser
    judged cuts of other collections worse, with none those of persons (dev/LOG.md).
    """
    view = draw_view(_sets(folder), seed, bent=1 - natural, takes=_PERSONS)
    if len(view.x) > _MOST_CLUSTERED:
        return None
    scorer = scorers[view.families[0] if view.families else ""]
    return draw_cuts(view.x, view.labels, scorer, families=view.families, seed=seed)


E = TypeVar("E", EdgeExamples, CutExamples)
R = TypeVar("R")


class _Kept(Generic[E]):
    """Examples in files, one for each seed; an empty one stands for a view that gave none."""

    def __init__(self, folder: Path, kind: type[E], jobs: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._jobs = folder, jobs
        self._kind: type[E] = kind

    def make(
        self,
        work: Callable[[int], E | None],
        seeds: Sequence[int],
        tell: Callable[[float], None],
    ) -> Iterator[E]:
        """Yields the examples of all seeds, made in processes where no file has them."""
        with Parallel(n_jobs=self._jobs, batch_size=1) as pool:
            if self._jobs > 1:
                with _interrupts_held():
                    pool(delayed(int)() for _ in range(self._jobs))  # starts the processes
            for start in range(0, len(seeds), _BATCH):
                tell(start / len(seeds))
                batch = seeds[start : start + _BATCH]
                missing = [seed for seed in batch if not self._path(seed).exists()]
                made = pool(delayed(_alone)(work, seed) for seed in missing)
                for seed, one in zip(missing, made, strict=True):
                    self._write(seed, one)
                for seed in batch:
                    if (one := self._read(seed)) is not None:
                        yield one
            tell(1.0)

    def complete(self, seeds: Sequence[int]) -> bool:
        """Whether all examples are there."""
        return all(self._path(seed).exists() for seed in seeds)

    def _path(self, seed: int) -> Path:
        return self._folder / f"{seed:06d}.npz"

    def _write(self, seed: int, one: E | None) -> None:
        arrays: dict[str, Any] = {}
        if one is not None:
            arrays = {name: getattr(one, name) for name in one.__slots__ if name != "families"}
            arrays["families"] = np.array(one.families, np.str_)
        with atomic_file(self._path(seed)) as path:
            np.savez(path, **arrays)

    def _read(self, seed: int) -> E | None:
        with np.load(self._path(seed)) as arrays:
            if not arrays.files:
                return None
            rest = {name: arrays[name] for name in arrays.files if name != "families"}
            return self._kind(tuple(arrays["families"].tolist()), **rest)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back for as long as this takes; for good from the processes that it starts.

    A terminal interrupts them, too, and each would print a traceback; the caller ends them anyway.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    ensure_running()  # started later, Python's tracker of resources would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _alone(work: Callable[[int], R], seed: int) -> R:
    """Runs on one core."""
    with bounded_threads(1):
        return work(seed)
