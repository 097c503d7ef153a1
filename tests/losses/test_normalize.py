"""Min-max normalisation: range, invariance, and constant maps."""

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from losses import normalize


def heatmaps(seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(4, 1, 5, 6, generator=random, dtype=torch.float64)


def test_hand_computed() -> None:
    heatmap = torch.tensor([[-2.0, 0.0], [1.0, 2.0]], dtype=torch.float64)[None, None]
    expected = torch.tensor([[0.0, 0.5], [0.75, 1.0]], dtype=torch.float64)[None, None]
    torch.testing.assert_close(normalize(heatmap), expected)


def test_each_image_by_its_own_range() -> None:
    result = normalize(heatmaps())
    torch.testing.assert_close(result.amin((1, 2, 3)), torch.zeros(4, dtype=torch.float64))
    torch.testing.assert_close(result.amax((1, 2, 3)), torch.ones(4, dtype=torch.float64))
    for i in range(4):
        torch.testing.assert_close(normalize(heatmaps()[i : i + 1]), result[i : i + 1])


def test_scale_and_shift_do_not_matter() -> None:
    torch.testing.assert_close(normalize(37 * heatmaps() - 5), normalize(heatmaps()))
    torch.testing.assert_close(normalize(-heatmaps()), 1 - normalize(heatmaps()))


def test_gradient() -> None:
    assert gradcheck(normalize, heatmaps().requires_grad_())


def test_constant_maps_are_zero_with_zero_gradients() -> None:
    heatmap = heatmaps()
    heatmap[1], heatmap[2] = 0.0, 7.0
    heatmap.requires_grad_()
    result = normalize(heatmap)
    (gradient,) = torch.autograd.grad(result.square().sum(), heatmap)
    assert not result[1:3].any()
    assert not gradient[1:3].any()
    assert gradient.isfinite().all()
    assert gradient[0].any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_subnormal_range_is_none(dtype: torch.dtype) -> None:
    least = torch.finfo(dtype).tiny
    # a span of 1e-40 in single precision
    heatmap = least * torch.tensor([0.0, 0.008, 0.002, 0.004], dtype=dtype).view(1, 1, 2, 2)
    assert heatmap.amax() > 0
    heatmap.requires_grad_()
    result = normalize(heatmap)
    (gradient,) = torch.autograd.grad(result.square().sum(), heatmap)
    assert not result.any()
    assert not gradient.any()


def test_the_least_range() -> None:
    least = torch.finfo(torch.float32).tiny
    heatmap = (least * torch.tensor([0.0, 1.0, 0.5, 0.25])).view(1, 1, 2, 2).requires_grad_()
    result = normalize(heatmap)
    (gradient,) = torch.autograd.grad(result.square().mean(), heatmap)
    torch.testing.assert_close(result.flatten(), torch.tensor([0.0, 1.0, 0.5, 0.25]))
    assert gradient.isfinite().all()
    assert gradient.any()


def test_nan_stays_nan() -> None:
    heatmap = heatmaps()
    heatmap[0, 0, 2, 3] = torch.nan
    assert normalize(heatmap)[0].isnan().any()
    torch.testing.assert_close(normalize(heatmap)[1:], normalize(heatmaps())[1:])
