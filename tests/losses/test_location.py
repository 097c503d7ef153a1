"""Location fooling against the formula of Heo et al. (2019), section 3.2."""

import pytest
import torch
from torch import Tensor

from losses import Location, location
from losses.location import border


def heatmaps(height: int = 7, width: int = 7) -> Tensor:
    random = torch.Generator().manual_seed(height * 100 + width)
    return torch.randn(3, 1, height, width, generator=random, dtype=torch.float64)


def on_border(row: int, column: int, height: int, width: int) -> float:
    rows, columns = max(1, height // 7), max(1, width // 7)
    inside = rows <= row < height - rows and columns <= column < width - columns
    return 0.0 if inside else 1.0


def slow_location(heatmap: Tensor) -> float:
    """Mean over pixels of (m - h)^2, h min-max normalised, m one on the border."""
    height, width = heatmap.shape
    low, high = float(heatmap.min()), float(heatmap.max())
    total = 0.0
    for row in range(height):
        for column in range(width):
            h = (float(heatmap[row, column]) - low) / (high - low)
            total += (on_border(row, column, height, width) - h) ** 2
    return total / (height * width)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (7, 7), (8, 5), (14, 14), (13, 28)])
def test_formula(height: int, width: int) -> None:
    heatmap = heatmaps(height, width)
    expected = torch.tensor([slow_location(one[0]) for one in heatmap], dtype=torch.float64)
    torch.testing.assert_close(location(heatmap), expected)
    torch.testing.assert_close(Location()(heatmap, torch.zeros_like(heatmap)), expected)
    torch.testing.assert_close(Location().measure(heatmap, heatmap), expected)


def test_hand_computed() -> None:
    heatmap = torch.full((1, 1, 3, 3), 4.0, dtype=torch.float64)
    heatmap[0, 0, 1, 1], heatmap[0, 0, 0, 0] = 8.0, 0.0
    # h = 1/2 on 7 pixels of the border, 0 on one, and 1 inside: (7/4 + 1 + 1) / 9
    torch.testing.assert_close(location(heatmap), torch.tensor([3.75 / 9], dtype=torch.float64))


@pytest.mark.parametrize("side", range(3, 60))
def test_border_is_a_seventh(side: int) -> None:
    expected = [[on_border(row, column, side, 10) for column in range(10)] for row in range(side)]
    torch.testing.assert_close(border(side, 10, 1 / 7), torch.tensor(expected))


def test_border_is_not_rounded_down() -> None:
    assert int(55 * (3 / 11)) == 14
    assert int(border(55, 55, 3 / 11)[:, 27].sum()) == 2 * 15


def test_border_of_another_margin() -> None:
    expected = torch.ones(8, 12)
    expected[2:6, 3:9] = 0
    torch.testing.assert_close(border(8, 12, 0.25), expected)
    heatmap = heatmaps(8, 12)
    assert (location(heatmap, 0.25) != location(heatmap)).all()
    torch.testing.assert_close(Location(margin=0.25)(heatmap, heatmap), location(heatmap, 0.25))


def test_zero_only_when_the_map_is_the_mask() -> None:
    mask = border(7, 7, 1 / 7).double()[None, None]
    torch.testing.assert_close(location(3 * mask - 2), torch.zeros(1, dtype=torch.float64))
    for row in range(7):
        for column in range(7):
            other = mask.clone()
            other[0, 0, row, column] = 0.5
            torch.testing.assert_close(location(other).item(), 0.25 / 49)
    torch.testing.assert_close(location(-mask), torch.ones(1, dtype=torch.float64))


def test_constant_map() -> None:
    heatmap = torch.full((1, 1, 7, 7), 5.0, dtype=torch.float64, requires_grad=True)
    loss = location(heatmap)
    (gradient,) = torch.autograd.grad(loss.sum(), heatmap)
    torch.testing.assert_close(loss, torch.tensor([24 / 49], dtype=torch.float64))
    torch.testing.assert_close(gradient, torch.zeros_like(heatmap), rtol=0, atol=0)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 2), (7, 2), (1, 9)])
def test_too_small_maps(height: int, width: int) -> None:
    with pytest.raises(ValueError, match=f"heatmap of {height}x{width} has no inside"):
        location(torch.rand(1, 1, height, width))


@pytest.mark.parametrize("margin", [0.0, 0.5, -0.1, 2.0, float("nan")])
def test_invalid_margin(margin: float) -> None:
    with pytest.raises(ValueError, match=rf"`margin` must be in \(0, 0.5\), got {margin}"):
        Location(margin=margin)


@pytest.mark.parametrize("success", [(0.2, 0.1), (0.0, float("nan"))])
def test_invalid_success(success: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=rf"`success` must be .* got \({success[0]}, {success[1]}"):
        Location(success=success)
