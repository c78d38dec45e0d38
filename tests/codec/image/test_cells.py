"""The four steps."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from covey.codec.image.cells import ORDER, STEPS, from_cells, to_cells  # noqa: E402


def test_same_as_plain_loops() -> None:
    y = torch.arange(2 * 8 * 4 * 6.0).reshape(2, 8, 4, 6)
    found = to_cells(y)
    assert found.shape == (2, 4, 8, 2, 3)
    for s in range(STEPS):
        for c in range(8):
            place = ORDER[s] ^ (c // 2)
            for i in range(2):
                for j in range(3):
                    expected = y[:, c, 2 * i + place // 2, 2 * j + place % 2]
                    assert found[:, s, c, i, j].tolist() == expected.tolist()


@pytest.mark.parametrize("shape", [(1, 4, 2, 2), (3, 16, 6, 2), (1, 8, 2, 10)])
def test_back_again(shape) -> None:
    y = torch.randn(shape)
    assert torch.equal(from_cells(to_cells(y)), y)
    cells = torch.randn(shape[0], 4, shape[1], shape[2] // 2, shape[3] // 2)
    assert torch.equal(to_cells(from_cells(cells)), cells)


def test_the_second_step_lies_across_the_diagonal() -> None:
    for g in range(STEPS):
        assert (ORDER[0] ^ g) ^ (ORDER[1] ^ g) == 3
        assert sorted(order ^ g for order in ORDER) == [0, 1, 2, 3]
