"""The published network."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.image.paper import (  # noqa: E402
    MaskedContext,
    PaperBody,
    PaperConfig,
    laplace_bits,
)
from covey.codec.image.paper_coding import decode_paper, encode_paper  # noqa: E402


def _body(places="all", seed=0) -> PaperBody:
    torch.manual_seed(seed)
    return PaperBody(PaperConfig(8, 12, places)).eval()


def test_published_sizes() -> None:
    with torch.device("meta"):
        body = PaperBody(PaperConfig())
    count = {name: sum(p.numel() for p in m.parameters()) for name, m in body.named_children()}
    transforms = count["analysis"] + count["synthesis"]
    attention = sum(p.numel() for name, p in body.named_parameters() if "attention" in name)
    assert attention == 18_590  # as counted in our notes
    assert 10e6 < transforms < 16e6
    assert count["context"] == 320 * 640 * 25 + 640
    assert [layer.out_channels for layer in body.head] == [1066, 853, 640]


@pytest.mark.parametrize("places", ["all", "one", "gain", "none"])
def test_shapes_and_rates(places) -> None:
    body = _body(places)
    x, t = torch.rand(2, 3, 64, 128), torch.tensor([0.5, 8.9])
    coded = body(x, t)
    assert coded.image.shape == x.shape
    assert coded.bits.shape == (2,)
    assert (coded.bits > 0).all()
    levels = sum("attention" in name or "gain" in name for name, _ in body.named_parameters())
    assert levels == {"all": 8, "one": 2, "gain": 2, "none": 0}[places]


def test_context_sees_what_comes_before_alone() -> None:
    torch.manual_seed(0)
    context = MaskedContext(3, 2)
    y = torch.randn(1, 3, 7, 8, requires_grad=True)
    context(y)[0, :, 4, 3].sum().backward()
    seen = y.grad[0].abs().sum(0) > 0
    expected = torch.zeros(7, 8, dtype=torch.bool)
    expected[0:4, 1:6] = True
    expected[4, 1:3] = True
    assert torch.equal(seen, expected)


def test_bits_of_laplace() -> None:
    x, mean, log_scale = torch.tensor([0.0, 3.0, -2.0]), torch.tensor(0.4), torch.tensor(0.3)
    b = np.exp(0.3)

    def law(v):
        return 0.5 * np.exp(v / b) if v < 0 else 1 - 0.5 * np.exp(-v / b)

    expected = [-np.log2(law(v - 0.4 + 0.5) - law(v - 0.4 - 0.5)) for v in (0.0, 3.0, -2.0)]
    np.testing.assert_allclose(laplace_bits(x, mean, log_scale), expected, rtol=1e-5)


def test_a_real_stream() -> None:
    body = _body()
    with torch.no_grad():
        for name, each in body.named_parameters():
            if "attention" in name:
                each.add_(2.0)  # latents worth coding
    x, t = torch.rand(1, 3, 64, 64), torch.tensor([4.25])
    coded = encode_paper(body, x, t)
    with torch.no_grad():
        expected = body(x, t)
    torch.testing.assert_close(decode_paper(body, coded, t), expected.image, atol=1e-5, rtol=1e-4)
    estimated = float(expected.bits)
    assert 32 * len(coded.words) == pytest.approx(estimated, rel=0.2)


def test_all_of_it_learns() -> None:
    body = _body().train()
    x = torch.rand(2, 3, 64, 64)
    coded = body(x, torch.tensor([0.5, 8.5]))
    (coded.bits.mean() + 100 * (coded.image - x).square().mean()).backward()
    for name, each in body.named_parameters():
        assert each.grad is not None, name
        assert torch.isfinite(each.grad).all(), name
