"""B-Attention against plain loops, and what mending must bring."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.models.b_attention import (  # noqa: E402
    BAttentionConfig,
    BAttentionNetwork,
    centred_profiles,
    gather,
    refine,
    sets_at_a_time,
)

SETS, MEMBERS, WIDTH = 3, 7, 5


def _softmax(logits):
    weight = np.exp(logits - logits.max())
    return weight / weight.sum()


def _unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def _linear(layer, x):
    return x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()


def _norm(layer, x):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + layer.eps)
    return x * layer.weight.detach().numpy() + layer.bias.detach().numpy()


def naive(network, members, real):
    """The formulas of the module, one set and one row after another, every layer whole."""
    config, out = network.config, []
    for x, there in zip(members.numpy().astype(np.float64), real.numpy(), strict=True):
        m = len(x)
        for layer in network.layers:
            fuse = layer.fuse.detach().numpy()
            if config.faithful:
                profiles = x @ x.T
            else:
                profiles = np.zeros((m, config.tests))
                unit, first = _unit(x), min(config.tests, m)
                for i, j in product(range(m), range(first)):
                    if there[i] and there[j]:
                        others = [unit[i] @ unit[t] for t in range(first) if there[t]]
                        profiles[i, j] = unit[i] @ unit[j] - np.mean(others)
            new = np.zeros_like(x)
            for i in range(m):
                logits = np.full(m, -np.inf)
                for j in np.flatnonzero(there):
                    logits[j] = 0.0
                    if layer.single is not None:
                        query, key = (
                            _linear(layer.single.query, x[i]),
                            _linear(layer.single.key, x[j]),
                        )
                        scale = 1 if config.faithful else config.width**-0.5
                        logits[j] += fuse[0] * (query @ key) * scale
                    if layer.multiple is not None:
                        query = _unit(_linear(layer.multiple.query, profiles[i]))
                        key = _unit(_linear(layer.multiple.key, profiles[j]))
                        logits[j] += fuse[1] * (query @ key)
                weight = _softmax(logits) * there[i]
                if config.flavour == "gcn":
                    added = _linear(layer.out, np.concatenate([x[i], weight @ x]))
                    new[i] = _norm(layer.norm, added if config.faithful else x[i] + added)
                else:
                    new[i] = _norm(
                        layer.norm, x[i] + _linear(layer.out, weight @ _linear(layer.value, x))
                    )
                    first, _, second = layer.feed
                    hidden = np.maximum(_linear(first, new[i]), 0)
                    new[i] = _norm(layer.after, new[i] + _linear(second, hidden))
                if not config.faithful and not there[i]:
                    new[i] = 0
            x = new
        seed = _unit(x[0]) if config.faithful else x[0]
        seed = _linear(network.head, seed)
        if config.faithful:
            seed = np.where(seed > 0, seed, network.bend.weight.detach().numpy() * seed)
        out.append(_unit(seed))
    return np.array(out)


def _network(**changes):
    torch.manual_seed(3)
    sizes = {"inputs": WIDTH, "width": WIDTH, "outputs": 6, "tests": MEMBERS}
    network = BAttentionNetwork(BAttentionConfig(**{**sizes, **changes}))
    with torch.no_grad():  # away from zeros and identities, which would hide errors
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return network.eval()


def _refined(network, members, real):
    """What the network makes of sets that share no member."""
    rows = network.enter(members.reshape(-1, members.shape[-1]))
    numbers = torch.arange(len(rows)).reshape(real.shape)
    return network(rows, numbers.masked_fill(~real, -1)).detach()


def _sets(seed=0):
    generator = torch.Generator().manual_seed(seed)
    members = torch.randn(SETS, MEMBERS, WIDTH, generator=generator)
    real = torch.ones(SETS, MEMBERS, dtype=torch.bool)
    real[1, 4:] = False
    real[2, 1:] = False
    return members * real[..., None], real


@pytest.mark.parametrize("flavour", ["gcn", "transformer"])
@pytest.mark.parametrize(("single", "multiple"), [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("faithful", [False, True])
def test_same_as_plain_loops(flavour, single, multiple, faithful):
    network = _network(
        flavour=flavour, single=bool(single), multiple=bool(multiple), faithful=faithful
    )
    members, real = _sets()
    found = _refined(network, members, real).numpy()
    np.testing.assert_allclose(found, naive(network, members, real), atol=2e-4)


@pytest.mark.parametrize("changes", [{}, {"width": 4}, {"faithful": True}, {"layers": 1}])
@pytest.mark.parametrize("flavour", ["gcn", "transformer"])
@pytest.mark.parametrize(("single", "multiple"), [(False, False), (True, False), (True, True)])
def test_config_knows_all_shapes(changes, flavour, single, multiple):
    network = _network(flavour=flavour, single=single, multiple=multiple, **changes)
    found = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert network.config.shapes() == found


@pytest.mark.parametrize("flavour", ["gcn", "transformer"])
def test_places_without_member_change_nothing(flavour):
    network = _network(flavour=flavour)
    members, real = _sets()
    more = torch.cat([members, torch.zeros(SETS, 5, WIDTH)], dim=1)
    wider = torch.cat([real, torch.zeros(SETS, 5, dtype=torch.bool)], dim=1)
    np.testing.assert_allclose(
        _refined(network, members, real), _refined(network, more, wider), atol=1e-5
    )


def test_published_arithmetic_leaks_from_places_without_member():
    """Why the default is mended: the same sets, padded further, come out otherwise."""
    network = _network(faithful=True, tests=MEMBERS + 5)
    members, real = _sets()
    members[0, 3:], real[0, 3:] = 0, False
    wide = torch.cat([members, torch.zeros(SETS, 5, WIDTH)], dim=1)
    wider = torch.cat([real, torch.zeros(SETS, 5, dtype=torch.bool)], dim=1)
    narrow, wide = _refined(network, members, real), _refined(network, wide, wider)
    assert (narrow - wide).abs().max() > 1e-3


def test_sets_longer_and_shorter_than_the_tests():
    network = _network(tests=4)
    members, real = _sets()
    assert _refined(network, members, real).shape == (SETS, 6)
    short = _refined(network, members[:, :2], real[:, :2])
    assert torch.isfinite(short).all()


@pytest.mark.parametrize("without", ["single", "multiple"])
def test_each_test_matters_from_the_start(without):
    torch.manual_seed(0)
    config = BAttentionConfig(WIDTH, width=WIDTH, tests=MEMBERS)
    network = BAttentionNetwork(config).eval()
    less = BAttentionNetwork(replace(config, **{without: False})).eval()
    less.load_state_dict(network.state_dict(), strict=False)
    members, real = _sets()
    layer, fewer = network.layers[0], less.layers[0]
    both = layer.weights(members, real, MEMBERS).detach()
    one = fewer.weights(members, real, MEMBERS).detach()
    assert (both - one).abs()[real].max() > 0.01


def test_centred_profiles_have_mean_zero_over_members():
    members, real = _sets()
    profiles = centred_profiles(members, real, MEMBERS)
    np.testing.assert_allclose(profiles.sum(-1), 0, atol=1e-5)
    assert not profiles[1, 4:].any()
    assert not profiles[1, :, 4:].any()


def test_refine_equals_one_pass_and_tells_progress():
    network = _network()
    rng = np.random.default_rng(0)
    rows = _unit(rng.standard_normal((20, WIDTH))).astype(np.float32)
    sets = rng.integers(20, size=(20, MEMBERS))
    sets[:, 0] = np.arange(20)
    sets[3, 4:] = -1
    seen = []
    found = refine(network, rows, sets, batch=6, tick=seen.append)
    whole = network(torch.from_numpy(rows), torch.from_numpy(sets)).detach().numpy()
    np.testing.assert_allclose(found, whole, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert seen == [0.3, 0.6, 0.9, 1.0]


def test_refines_some_sets_of_many_rows_and_maps_to_another_width():
    network = _network(width=4)
    rows = _unit(np.random.default_rng(0).standard_normal((9, WIDTH))).astype(np.float32)
    sets = np.array([[5, 2, -1], [0, 8, 1]])
    members, real = gather(torch.from_numpy(rows), torch.from_numpy(sets))
    members = network.enter(members).detach()
    np.testing.assert_allclose(
        refine(network, rows, sets), naive(network, members, real), atol=2e-4
    )


def test_refine_writes_where_it_is_told():
    network = _network()
    rows = _unit(np.random.default_rng(0).standard_normal((20, WIDTH))).astype(np.float32)
    sets = np.random.default_rng(1).integers(20, size=(9, MEMBERS)).astype(np.int32)
    wide = np.full((9, 8), 7, np.float32)
    assert refine(network, rows, sets, out=wide[:, :6]).base is wide
    np.testing.assert_allclose(wide[:, :6], refine(network, rows, sets, batch=2), atol=1e-6)
    assert (wide[:, 6:] == 7).all()


def test_so_many_sets_at_a_time_as_fit():
    small, large = BAttentionConfig(512), BAttentionConfig.published(2048)
    assert sets_at_a_time(small, 32, "cpu") == 256
    assert 1 < sets_at_a_time(large, 240, "cpu") < 8
    huge = BAttentionConfig.published(100_000)
    assert sets_at_a_time(huge, 240, "cpu") == 1
    for config in (small, large):
        assert sets_at_a_time(config, 32, "cuda") == 16 * sets_at_a_time(config, 32, "cpu")


def test_gather_leaves_places_without_member_empty():
    rows = torch.ones(3, 2)
    members, real = gather(rows, torch.tensor([[2, -1, 0]]))
    assert real.tolist() == [[True, False, True]]
    assert members[0, 1].tolist() == [0, 0]


def test_several_threads_add_up_gradients_in_one_order() -> None:
    rng = np.random.default_rng(0)
    sets = rng.integers(-1, 50, (2000, 32))
    rows = torch.tensor(rng.standard_normal((50, 64), dtype=np.float32), requires_grad=True)
    weights = torch.tensor(rng.standard_normal((2000, 32, 64), dtype=np.float32))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = []
        for _ in range(8):
            rows.grad = None
            (gather(rows, torch.from_numpy(sets))[0] * weights).sum().backward()
            found.append(rows.grad.clone())
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(each, found[0]) for each in found)
    expected = np.zeros((50, 64))
    for one, weight in zip(sets.ravel(), weights.numpy().reshape(-1, 64), strict=True):
        expected[one] += weight * (one >= 0)
    np.testing.assert_allclose(found[0].numpy(), expected, atol=2e-3)
