"""Losses against sums over pairs, written out."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.training.losses import hinge, supervised_contrastive  # noqa: E402


def _batch(seed=0, n=9, groups=3):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, 4))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    labels = rng.integers(groups, size=n)
    return rows @ rows.T, labels[:, None] == labels


def _tensors(cosine, same):
    return torch.from_numpy(cosine), torch.from_numpy(same)


@pytest.mark.parametrize("negatives", ["hardest", "top", "all"])
def test_hinge(negatives):
    cosine, same = _batch()
    n = len(cosine)
    near = [max(0, 0.95 - cosine[i, j]) for i in range(n) for j in range(n) if same[i, j]]
    rows = [[1 + cosine[i, j] for j in range(n) if not same[i, j]] for i in range(n)]
    far = {
        "hardest": max(max(row) for row in rows),
        "all": np.mean([value for row in rows for value in row]),
        "top": np.mean([value for row in rows for value in sorted(row)[::-1][:2]]),
    }
    found = hinge(*_tensors(cosine, same), negatives=negatives, top=2)
    assert float(found) == pytest.approx(10 * np.mean(near) + far[negatives])


def test_top_of_more_than_there_are():
    cosine, same = _batch()
    every = hinge(*_tensors(cosine, same), negatives="all")
    assert float(hinge(*_tensors(cosine, same), negatives="top", top=99)) == pytest.approx(
        float(every)
    )


@pytest.mark.parametrize("negatives", ["hardest", "top", "all"])
def test_hinge_of_one_group(negatives):
    cosine, _ = _batch()
    same = np.ones_like(cosine, bool)
    wanted = 10 * np.maximum(0, 0.95 - cosine).mean()
    assert float(hinge(*_tensors(cosine, same), negatives=negatives)) == pytest.approx(wanted)


def test_supervised_contrastive():
    cosine, same = _batch(seed=4)
    same[0, :] = same[:, 0] = False  # an item alone
    same[0, 0] = True
    n, terms = len(cosine), []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        total = sum(exp(cosine[i, j] / 0.1) for j in others)
        own = [-log(exp(cosine[i, j] / 0.1) / total) for j in others if same[i, j]]
        if own:
            terms.append(np.mean(own))
    found = supervised_contrastive(*_tensors(cosine, same), temperature=0.1)
    assert float(found) == pytest.approx(np.mean(terms))


def test_supervised_contrastive_of_items_alone_has_a_gradient_of_zero():
    rows = torch.randn(4, 3, requires_grad=True)
    loss = supervised_contrastive(rows @ rows.T, torch.eye(4, dtype=torch.bool))
    loss.backward()
    assert float(loss.detach()) == 0
    assert not rows.grad.any()
