"""Entropy against scipy, its limits, and finite gradients everywhere."""

import pytest
import torch
from scipy.stats import entropy as scipy_entropy

from losses import Entropy, entropy


def test_entropy_is_scipys_over_that_of_equal_shares() -> None:
    heatmap = torch.rand(4, 1, 5, 7, dtype=torch.float64)
    low = heatmap.amin((2, 3), keepdim=True)
    shares = (heatmap - low).flatten(1).numpy()
    expected = scipy_entropy(shares, axis=1) / scipy_entropy([1.0] * 35)
    torch.testing.assert_close(entropy(heatmap), torch.from_numpy(expected))
    torch.testing.assert_close(Entropy()(heatmap, heatmap), 1 - torch.from_numpy(expected))


def test_one_high_place_has_none_and_a_constant_heatmap_has_all() -> None:
    heatmap = torch.zeros(2, 1, 4, 4, dtype=torch.float64)
    heatmap[0, 0, 1, 2] = 3.0
    torch.testing.assert_close(entropy(heatmap), torch.tensor([0.0, 1.0]).double())


def test_gradients() -> None:
    constant = torch.ones(1, 1, 4, 4, requires_grad=True)
    entropy(constant).sum().backward()
    assert constant.grad is not None
    assert constant.grad.eq(0).all()
    empty = torch.zeros(1, 1, 8, 8)
    empty[0, 0, :2] = 1.0
    empty.requires_grad_()
    (gradient,) = torch.autograd.grad(entropy(empty).sum(), empty)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("peaks", [2, 5])
def test_equal_peaks_have_the_logarithm_of_their_number(peaks: int) -> None:
    heatmap = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    heatmap.view(-1)[:peaks] = 1.0
    expected = torch.tensor([float(peaks)]).double().log() / torch.tensor(25.0).double().log()
    torch.testing.assert_close(entropy(heatmap), expected)


def test_one_place_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 positions, got 1x1"):
        entropy(torch.rand(2, 1, 1, 1))
