"""What a command says: progress and remarks on stderr, the answer on stdout."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

_STAGES = {
    "checking": "checking rows",
    "neighbours": "finding neighbours",
    "first neighbours": "finding neighbours to refine by",
    "refining": "refining embeddings",
    "ordering": "putting results in order",
    "agreement": "trying scorers and cuts",
    "groups": "forming groups",
    "edges": "describing edges of views",
    "scorer": "training the scorer",
    "scorers of other families": "training scorers that have not seen a family",
    "clusterings": "clustering views",
    "appraiser": "training the appraiser",
    "training, held out": "training without the groups held out",
    "training, all groups": "training anew on all groups",
    "training, held out, lists": "training what filters lists, without the groups held out",
    "training, all groups, lists": "training what filters lists anew on all groups",
}
"""What the stages are called; the others under their own names."""


def stage_name(stage: str) -> str:
    """What a stage is called in words."""
    return _STAGES.get(stage, stage)


_SILENT_SECONDS = 5.0
"""Where stderr is no terminal, work that is over by then, once libraries are loaded, says nothing
about its stages."""

_MOST_BARS = 12
"""More would not fit a small window: the oldest go."""


class Tell(Protocol):
    """Draws how far work is."""

    def __call__(self, stage: str, fraction: float, note: str = "") -> None:
        """Tells of a stage, the share of it that is done, and beside its bar what else is known."""
        ...


class Terminal:
    """Stands between a command and the two streams.

    Attributes:
        json: The answer is one JSON object.
        quiet: Only failures are told.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json, self.quiet = json, quiet
        self._began = time.perf_counter()
        self._errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

    @property
    def seconds(self) -> float:
        """Wall seconds since the command began."""
        return time.perf_counter() - self._began

    @contextmanager
    def progress(self) -> Iterator[Tell]:
        """Gives a function to call as `tell(stage, fraction)`, and draws what it is told."""
        if self.quiet:
            yield lambda stage, fraction, note="": None
        elif self._errors.is_terminal:
            with self._bars() as bars:
                tasks: dict[str, Any] = {}

                def draw(stage: str, fraction: float, note: str = "") -> None:
                    if stage not in tasks:
                        if len(tasks) == _MOST_BARS:
                            bars.remove_task(tasks.pop(next(iter(tasks))))
                        tasks[stage] = bars.add_task(stage_name(stage), total=1.0, note="")
                    bars.update(tasks[stage], completed=fraction, note=note)

                yield draw
        else:
            yield self._lines()

    def remark(self, sentence: str) -> None:
        """Says one sentence on stderr."""
        if not self.quiet:
            self._errors.print(sentence)

    def answer(self, sentences: list[str], facts: dict[str, Any], *, verdict: str = "") -> None:
        """Gives the answer on stdout: the facts as one JSON object, or the sentences.

        The verdict comes before everything else, so that no figure is read without it; on a
        terminal it stands out.
        """
        if self.json:
            from covey.io.summary import as_json

            print(json.dumps(as_json(facts), ensure_ascii=False, allow_nan=False))
        elif not self.quiet:
            if verdict:
                Console(highlight=False, markup=False, soft_wrap=True).print(verdict, style="bold")
            print("\n".join(sentences))
        sys.stdout.flush()

    def _bars(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._errors,
            transient=True,
        )

    def _lines(self) -> Tell:
        told: set[str] = set()
        silent_until = self.seconds + _SILENT_SECONDS

        def tell(stage: str, fraction: float, note: str = "") -> None:
            if stage not in told and fraction < 1 and self.seconds > silent_until:
                told.add(stage)
                self._errors.print(f"covey: {stage_name(stage)} ({self.seconds:.0f} s)")

        return tell
