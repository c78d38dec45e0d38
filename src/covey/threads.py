"""Bounds on libraries that start threads of their own: numba, OpenMP (FAISS), BLAS, and torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numba
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


@contextmanager
def bounded_threads(threads: int) -> Iterator[None]:
    """Lets compiled loops, FAISS and matrix products use at most so many threads each.

    Settings are only lowered, so what the user's environment (`OMP_NUM_THREADS`, a worker of
    joblib) has set lower stands, and put back at the end. The bound on numba and OpenMP is that
    of the calling thread; that on BLAS holds for the whole process, because BLAS has no other:
    where blocks overlap in two threads of Python, the one that ends first lifts it for the other,
    and the last to end may leave it at a bound that the other had asked for. Only the speed of
    matrix products depends on it. Nested blocks of one thread are undone in order.

    Args:
        threads: At least 1.
    """
    kernels = numba.get_num_threads()
    lowered = [
        (library, library.num_threads)
        for library in ThreadpoolController().lib_controllers
        if (library.num_threads or 0) > threads
    ]
    numba.set_num_threads(min(threads, kernels))
    for library, _ in lowered:
        library.set_num_threads(threads)
    try:
        yield
    finally:
        numba.set_num_threads(kernels)
        for library, before in lowered:
            library.set_num_threads(before)


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Lets torch use at most so many threads while the block runs, here and in threads begun there.

    Torch counts by thread, and what was last set anywhere is what threads that it has not seen yet
    start from; both are put back. Where blocks overlap in several threads, the last to end decides
    for those that are yet to come.

    Args:
        threads: At least 1; as many as it may if None.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(min(threads or before, before))
    try:
        yield
    finally:
        torch.set_num_threads(before)
