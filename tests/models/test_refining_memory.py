"""What refining is told to take, against the arrays that there are."""

from __future__ import annotations

import pytest

from covey.graph import symmetric_sets
from covey.knn import build_knn_graph
from covey.models.b_attention_config import BATCH_BYTES, BAttentionConfig
from covey.models.refining_memory import refining_bytes, require_refining_memory
from covey.retrieval.collection import Collection
from covey.types import MemoryLimitError
from covey.vectors import as_rows


@pytest.mark.parametrize("whitening", [False, True])
@pytest.mark.parametrize("own", [0.0, 0.4])
@pytest.mark.parametrize("queries", [0, 30, 200])
def test_it_is_that_of_the_arrays(any_refiner, hidden, own, whitening, queries) -> None:
    pytest.importorskip("torch")
    from covey.models.b_attention import BAttentionNetwork
    from covey.retrieval.refined import refine_collection

    model = any_refiner(own, whitening)
    rows = as_rows(hidden(90 + queries)[0])
    gallery, asked = rows[:90], rows[90:]
    knn = build_knn_graph(gallery, model.neighbours_among(90))
    lists = knn.indices.nbytes + knn.similarities.nbytes + symmetric_sets(knn, 5).nbytes
    found = refine_collection(Collection(gallery, asked), model)
    arrays = [
        lists * max(1, queries / 90),
        4 * 90 * BAttentionNetwork(model.network).enter.out_features,
        found.gallery.nbytes,
        found.queries.nbytes,
    ]
    if whitening:
        arrays.append(model.prepare(rows).nbytes)
    told = refining_bytes(model, 90, queries) - BATCH_BYTES
    assert sum(arrays) <= told <= 1.1 * sum(arrays)


def test_where_nothing_is_refined_only_whitening_takes_anything(any_refiner) -> None:
    assert refining_bytes(any_refiner(1.0), 1000, 10) == 0
    assert refining_bytes(any_refiner(1.0, True), 1000, 10) == 4 * 1010 * 16


def test_it_grows_with_the_items_and_not_with_their_square(any_refiner) -> None:
    model = any_refiner()
    one, two, four = (refining_bytes(model, n) - BATCH_BYTES for n in (1000, 2000, 4000))
    assert (two, four) == (2 * one, 4 * one)


def test_more_than_there_is_is_refused_and_said_why(any_refiner) -> None:
    model = any_refiner()
    needed = refining_bytes(model, 10**6, 5)
    require_refining_memory(model, 10**6, 5, limit=needed)
    told = (
        r"refining 1,000,005 items needs about .* MB, the limit is .* MB: take fewer items .*, or"
    )
    with pytest.raises(MemoryLimitError, match=told):
        require_refining_memory(model, 10**6, 5, limit=needed - 1)
    with pytest.raises(MemoryLimitError, match=told):
        require_refining_memory(model, 10**6, 5, limit=needed, held=1)
    require_refining_memory(model, 100, held=1 << 60)  # what is held is not available any more
    with pytest.raises(MemoryLimitError, match="the system has"):
        require_refining_memory(model, 10**12)


def test_a_set_of_the_published_network_is_counted(any_refiner) -> None:
    """2,048 dimensions and 240 members: 256 of such sets at a time took many gigabytes."""
    small, large = BAttentionConfig(512), BAttentionConfig.published(2048)
    assert small.bytes_of_set(32) * 256 < BATCH_BYTES < large.bytes_of_set(240) * 256
    assert large.bytes_of_set(240) > 6 * 4 * 240 * 2048
    wide = BAttentionConfig.published(2048, flavour="transformer")
    assert wide.bytes_of_set(240) > 2 * large.bytes_of_set(240)
