"""One bound holds numba, FAISS and BLAS, and leaves no trace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import faiss
import numba
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from covey.threads import bounded_threads, torch_threads


def settings() -> tuple[int, int, list[tuple[str, int]]]:
    libraries = [(library["filepath"], library["num_threads"]) for library in threadpool_info()]
    return numba.get_num_threads(), faiss.omp_get_max_threads(), sorted(libraries)


def test_every_library_is_bounded_and_put_back() -> None:
    numba.get_num_threads()  # loads its threading layer, which is then one of the libraries
    before = settings()
    with bounded_threads(1):
        kernels, search, libraries = settings()
        assert (kernels, search) == (1, 1)
        assert {threads for _, threads in libraries} == {1}
    assert settings() == before


def test_what_is_set_lower_stands() -> None:
    with threadpool_limits(1), bounded_threads(7):
        assert faiss.omp_get_max_threads() == 1
        assert {library["num_threads"] for library in threadpool_info()} == {1}
    with bounded_threads(1), bounded_threads(5):
        assert numba.get_num_threads() == 1


def test_put_back_after_a_failure() -> None:
    before = settings()
    with pytest.raises(RuntimeError), bounded_threads(1):
        raise RuntimeError
    assert settings() == before


def test_torch_is_bounded_here_and_in_new_threads() -> None:
    torch = pytest.importorskip("torch")

    def elsewhere() -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(torch.get_num_threads).result()

    outside = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with torch_threads(2):
            assert (torch.get_num_threads(), elsewhere()) == (2, 2)
            with torch_threads(7):
                assert torch.get_num_threads() == 2
        with torch_threads(None):
            assert torch.get_num_threads() == 3
        with pytest.raises(RuntimeError, match="it"), torch_threads(1):
            raise RuntimeError("it")
        assert (torch.get_num_threads(), elsewhere()) == (3, 3)
    finally:
        torch.set_num_threads(outside)
