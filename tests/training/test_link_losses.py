"""Losses of links against sums over links, written out."""

from __future__ import annotations

from math import exp, log
from typing import get_args

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.models.linkage_gcn_config import LinkLoss  # noqa: E402
from covey.training.link_losses import link_loss  # noqa: E402

NAMES = get_args(LinkLoss)


def cross_entropy(odds, same):
    return -log(1 / (1 + exp(-odds)) if same else 1 - 1 / (1 + exp(-odds)))


def naive(name, odds, same, density):
    each = [cross_entropy(o, s) for o, s in zip(odds, same, strict=True)]
    near = [e for e, s in zip(each, same, strict=True) if s]
    far = [e for e, s in zip(each, same, strict=True) if not s]
    if name == "ohem":
        return np.mean(sorted(each)[::-1][: max(1, len(each) // 2)])
    if name == "ohem-3-1":
        return np.mean(near + sorted(far)[::-1][: 3 * len(near)]) if near else np.mean(each)
    if name == "class-balanced":
        return sum(np.mean(side) if side else 0 for side in (near, far)) / 2
    if name == "focal":
        return np.mean(
            [
                (0.75 if s else 0.25) * (1 - exp(-e)) ** 2 * e
                for e, s in zip(each, same, strict=True)
            ]
        )
    if name == "density":
        return np.mean([(d if d >= 0.6 else 1) * e for d, e in zip(density, each, strict=True)])
    return np.mean(each)


def _links(m=17, share=0.3, seed=0):
    rng = np.random.default_rng(seed)
    return 2 * rng.standard_normal(m), rng.random(m) < share, rng.random(m)


def _loss(name, odds, same, density):
    return link_loss(name, torch.tensor(odds), torch.tensor(same), torch.tensor(density))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0, 0.05, 0.3, 0.9, 1])
@pytest.mark.parametrize("m", [1, 2, 17, 50])
def test_same_as_written_out(name, share, m):
    links = _links(m, share, seed=m)
    assert float(_loss(name, *links)) == pytest.approx(naive(name, *links))


@pytest.mark.parametrize("name", NAMES)
def test_order_of_links_does_not_matter(name):
    links = _links(40)
    order = np.random.default_rng(1).permutation(40)
    assert float(_loss(name, *links)) == pytest.approx(
        float(_loss(name, *(each[order] for each in links)))
    )


@pytest.mark.parametrize("name", NAMES)
def test_descending_its_gradient_makes_it_smaller(name):
    odds, same, density = _links(30)
    odds = torch.tensor(odds, requires_grad=True)
    loss = link_loss(name, odds, torch.tensor(same), torch.tensor(density))
    loss.backward()
    lower = link_loss(name, odds - odds.grad, torch.tensor(same), torch.tensor(density))
    assert float(lower.detach()) < float(loss.detach())
    toward = torch.where(torch.tensor(same), -odds.grad, odds.grad)
    assert (toward >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_odds_beyond_measure(name):
    odds = torch.tensor([200.0, -200.0, 200.0, -200.0], requires_grad=True)
    same = torch.tensor([True, False, False, True])
    loss = link_loss(name, odds, same, torch.ones(4))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(odds.grad).all()


def test_names_are_of_different_losses():
    values = {round(float(_loss(name, *_links(60, 0.1))), 9) for name in NAMES}
    assert len(values) == len(NAMES)


def test_a_rare_kind_weighs_as_much_as_the_other_once_balanced():
    same = np.zeros(100, bool)
    same[0] = True
    one = torch.zeros(100, dtype=torch.float64, requires_grad=True)
    link_loss("class-balanced", one, torch.tensor(same), torch.ones(100)).backward()
    assert abs(float(one.grad[0])) == pytest.approx(float(one.grad[1:].sum()))
