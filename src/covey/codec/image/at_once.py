"""Work for each tile, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

import torch

from covey.threads import torch_threads

Tick = Callable[[float], None]
"""Called with the share done."""

One = TypeVar("One")
Done = TypeVar("Done")


def silent(done: float) -> None:
    """Nobody follows."""


def each(
    work: Callable[[One, Tick], Done], of: Sequence[One], threads: int, tick: Tick
) -> list[Done]:
    """Does some work for each, several at a time; on one thread each, a single one on all."""
    found: list[Done] = []
    workers = min(threads, len(of))
    shares = [0.0] * len(of)

    def alone(number: int) -> Done:
        def tell(done: float) -> None:
            shares[number] = done
            tick(sum(shares) / len(shares))

        with torch.inference_mode():
            return work(of[number], tell)

    with torch_threads(1 if workers > 1 else threads), ExitStack() as stack:
        results: Iterable[Done] = map(alone, range(len(of)))
        if workers > 1:
            pool = stack.enter_context(ThreadPoolExecutor(workers, initializer=_on_one_thread))
            results = pool.map(alone, range(len(of)))
        for number, result in enumerate(results):
            found.append(result)
            shares[number] = 1.0
            tick(sum(shares) / len(shares))
    return found


def _on_one_thread() -> None:
    torch.set_num_threads(1)
