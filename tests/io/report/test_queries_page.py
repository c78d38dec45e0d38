"""The page of example queries."""

from pathlib import Path

import numpy as np
import pytest

from covey.io.report.contact_sheet import ContactSheet
from covey.io.report.queries import Side, write_query_page
from covey.metrics.retrieval import STANDARD, Identities
from covey.retrieval.collection import Collection
from covey.retrieval.examples import pick_queries, show_queries
from covey.retrieval.reid import Ranker, score_retrieval


@pytest.mark.parametrize("kind", ["names", "images", "texts"])
def test_marks_hits_and_misses_and_escapes(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 5)
    x = rng.standard_normal((10, 6))[labels] + rng.standard_normal((50, 6))
    items = Identities(labels, rng.integers(0, 3, 50))
    ranker = Ranker(Collection.of(x))
    scores = score_retrieval(ranker, items)
    shown = {
        name: show_queries(ranker, which, items, items, STANDARD)
        for name, which in pick_queries(scores.per_query, labels, 2).items()
    }
    ids = [f"<b>{i}" for i in range(50)]
    sheet = ContactSheet(
        ids,
        rng.random((50, 8, 8)) if kind == "images" else None,
        ids if kind == "texts" else None,
    )
    side = Side(sheet, lambda item: f"id <i>{labels[item]}")
    path = tmp_path / "page.html"
    for _ in range(2):
        write_query_page(
            path,
            scores,
            shown,
            queries=side,
            gallery=side,
            title="<script>",
            ranking="By the cosine",
            command="covey reid <x>",
        )
    page = path.read_text("utf-8")
    for wild in ("<script", "<b>0", "id <i>", "<x>"):
        assert wild not in page
    assert "&lt;script&gt;" in page
    assert 'class="hit"' in page
    assert 'class="miss"' in page
    assert page.count("<article") == 6
    assert f'class="queries {kind}"' in page
    assert f"{100 * scores.mean_ap:.1f}" in page
    assert "$" not in page.split("</style>")[1]
