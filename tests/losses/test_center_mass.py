"""Center-mass fooling against the formulas of Heo et al. (2019), section 3.2."""

import math

import pytest
import torch
from torch import Tensor

from losses import CenterMass, center_mass, center_shift
from losses.center_mass import center


def heatmaps(seed: int, height: int = 7, width: int = 7) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(3, 1, height, width, generator=random, dtype=torch.float64)


def slow_center(heatmap: Tensor) -> tuple[float, float]:
    """Sum over places p of h_p p over the sum of h_p, h min-max normalised."""
    low, high = float(heatmap.min()), float(heatmap.max())
    total = row_sum = column_sum = 0.0
    for row in range(heatmap.shape[-2]):
        for column in range(heatmap.shape[-1]):
            h = (float(heatmap[0, row, column]) - low) / (high - low)
            total, row_sum, column_sum = total + h, row_sum + h * row, column_sum + h * column
    return row_sum / total, column_sum / total


@pytest.mark.parametrize(("height", "width"), [(7, 7), (4, 9), (1, 5)])
def test_formulas(height: int, width: int) -> None:
    heatmap, reference = heatmaps(0, height, width), heatmaps(1, height, width)
    losses, measures = [], []
    for i in range(3):
        centers = slow_center(heatmap[i]), slow_center(reference[i])
        rows, columns = (abs(a - b) for a, b in zip(*centers, strict=True))
        losses.append(-(rows + columns))
        shares = (rows / max(1, height - 1), columns / (width - 1))
        measures.append(math.sqrt((shares[0] ** 2 + shares[1] ** 2) / 2))
    loss = CenterMass()
    torch.testing.assert_close(loss(heatmap, reference), torch.tensor(losses).double())
    torch.testing.assert_close(loss.measure(heatmap, reference), torch.tensor(measures).double())


def test_center_of_one_place() -> None:
    for row in range(4):
        for column in range(6):
            heatmap = torch.zeros(1, 1, 4, 6)
            heatmap[0, 0, row, column] = 3.0
            torch.testing.assert_close(center(heatmap), torch.tensor([[row, column]]).float())


def test_center_moves_with_the_map() -> None:
    heatmap = torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    heatmap[0, 0, 2:5, 1:4] = torch.rand(3, 3, dtype=torch.float64) + 0.1
    moved = heatmap.roll((2, 3), (2, 3))
    torch.testing.assert_close(center(moved) - center(heatmap), torch.tensor([[2.0, 3.0]]).double())
    torch.testing.assert_close(center_mass(moved, heatmap).item(), -5.0)


def test_from_corner_to_corner() -> None:
    first, last = torch.zeros(1, 1, 5, 8), torch.zeros(1, 1, 5, 8)
    first[0, 0, 0, 0], last[0, 0, 4, 7] = 1.0, 1.0
    torch.testing.assert_close(center_shift(first, last).item(), 1.0)
    torch.testing.assert_close(center_shift(first, first).item(), 0.0)
    torch.testing.assert_close(center_mass(first, last).item(), -11.0)


def test_scale_and_shift_do_not_matter() -> None:
    torch.testing.assert_close(center(12 * heatmaps(2) + 3), center(heatmaps(2)))


def test_constant_map_has_its_center_in_the_middle() -> None:
    heatmap = torch.full((1, 1, 5, 8), 0.3, requires_grad=True)
    torch.testing.assert_close(center(heatmap), torch.tensor([[2.0, 3.5]]))
    (gradient,) = torch.autograd.grad(center(heatmap).sum(), heatmap)
    assert not gradient.any()
