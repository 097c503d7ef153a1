"""Top-k fooling against the formula of Heo et al. (2019), section 3.2."""

import pytest
import torch
from torch import Tensor

from losses import TopK, top_k


def heatmaps(seed: int, height: int = 7, width: int = 7) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(3, 1, height, width, generator=random, dtype=torch.float64)


def slow_top_k(heatmap: Tensor, reference: Tensor, places: int) -> float:
    """Mean over the largest places of the reference of h^2, h min-max normalised."""
    low, high = float(heatmap.min()), float(heatmap.max())
    values = [(float(value) - low) / (high - low) for value in heatmap.flatten()]
    order = sorted(range(len(values)), key=lambda place: -float(reference.flatten()[place]))
    return sum(values[place] ** 2 for place in order[:places]) / places


@pytest.mark.parametrize(("height", "width", "places"), [(7, 7, 4), (2, 5, 1), (14, 14, 19)])
def test_formula(height: int, width: int, places: int) -> None:
    heatmap, reference = heatmaps(0, height, width), heatmaps(1, height, width)
    expected = [slow_top_k(heatmap[i], reference[i], places) for i in range(3)]
    torch.testing.assert_close(TopK()(heatmap, reference), torch.tensor(expected).double())
    torch.testing.assert_close(TopK().measure(heatmap, reference), TopK()(heatmap, reference))


def test_hand_computed() -> None:
    heatmap = torch.tensor([[0.0, 2.0], [4.0, 1.0]], dtype=torch.float64)[None, None]
    reference = torch.tensor([[9.0, 1.0], [8.0, 0.0]], dtype=torch.float64)[None, None]
    # the two highest places of the reference hold 0 and 1 of the normalised heatmap
    torch.testing.assert_close(top_k(heatmap, reference, 0.5).item(), 0.5)


def test_range() -> None:
    reference = heatmaps(2)
    chosen = (reference.flatten(1).argsort(1, descending=True).argsort(1) < 4).view_as(reference)
    zero, one = torch.zeros(3).double(), torch.ones(3).double()
    torch.testing.assert_close(top_k(chosen.double(), reference), one)
    torch.testing.assert_close(top_k(-chosen.double(), reference), zero)


def test_only_the_order_of_the_reference_matters() -> None:
    heatmap, reference = heatmaps(3), heatmaps(4)
    expected = top_k(heatmap, reference)
    torch.testing.assert_close(top_k(5 * heatmap - 2, reference.exp()), expected)
    assert (top_k(heatmap, -reference) != expected).all()


def test_equal_places_are_taken_in_order() -> None:
    heatmap = torch.arange(49.0, dtype=torch.float64).view(1, 1, 7, 7)
    expected = (heatmap[0, 0, 0, :4] / 48).square().mean()
    torch.testing.assert_close(top_k(heatmap, torch.zeros(1, 1, 7, 7))[0], expected)


def test_a_share_is_not_rounded_down() -> None:
    assert int(55 * (3 / 11)) == 14
    reference = torch.arange(55.0, 0, -1).view(1, 1, 5, 11)
    heatmap = (reference > 40).float()
    assert top_k(heatmap, reference, 3 / 11) == 1
    assert top_k(heatmap, reference, 16 / 55) == 15 / 16


def test_constant_maps() -> None:
    heatmap = torch.full((3, 1, 7, 7), 2.0, dtype=torch.float64, requires_grad=True)
    loss = top_k(heatmap, heatmaps(7))
    (gradient,) = torch.autograd.grad(loss.sum(), heatmap)
    assert not loss.any()
    assert not gradient.any()


def test_too_small_maps() -> None:
    with pytest.raises(ValueError, match="heatmap of 3x3 is less than one position"):
        top_k(torch.rand(1, 1, 3, 3), torch.rand(1, 1, 3, 3))


@pytest.mark.parametrize("fraction", [0.0, 1.1, -0.1, float("nan")])
def test_invalid_fraction(fraction: float) -> None:
    with pytest.raises(ValueError, match=rf"`fraction` must be in \(0, 1\], got {fraction}"):
        TopK(fraction=fraction)
