"""LRP in float16: finite, and close to single precision."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from interpreters import LRP
from interpreters.lrp import (
    Composite,
    EpsilonAlpha2Beta1,
    EpsilonEverywhere,
    EpsilonPlus,
    EpsilonPlusFlat,
)
from interpreters.lrp.ratio import ratio

COMPOSITES = [EpsilonPlus(), EpsilonEverywhere(), EpsilonPlusFlat(), EpsilonAlpha2Beta1()]
LABELS = torch.tensor([2, 0])


class Residual(nn.Module):
    """A sum of two ReLU outputs, which is 0 at many positions."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(144, 3)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, 3)."""
        hidden = self.first(images).relu()
        return self.head((hidden + self.second(hidden).relu()).flatten(1))


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return Residual()


@pytest.mark.parametrize("composite", COMPOSITES, ids=lambda each: type(each).__name__)
def test_autocast_gives_single_precision(network: nn.Module, composite: Composite) -> None:
    interpreter, images = LRP(composite=composite), torch.rand(2, 3, 8, 8)
    weights = list(network.parameters())

    expected = interpreter(network, images, LABELS).heatmap
    with torch.autocast("cpu", torch.float16):
        found = interpreter(network, images, LABELS).heatmap
    # the backward pass runs outside autocast, as PyTorch asks for
    for heatmap in (expected, found):
        assert heatmap.dtype == torch.float32
    gradients = [
        torch.autograd.grad(each.square().sum(), weights, materialize_grads=True)
        for each in (expected, found)
    ]
    torch.testing.assert_close(gradients[1], gradients[0])
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("composite", COMPOSITES, ids=lambda each: type(each).__name__)
def test_a_half_network_is_close_to_single_precision(
    network: nn.Module, composite: Composite
) -> None:
    interpreter, images = LRP(composite=composite), torch.rand(2, 3, 8, 8)
    half = deepcopy(network).half()
    found = interpreter(half, images.half(), LABELS).heatmap.float()
    expected = interpreter(network, images, LABELS).heatmap
    assert found.isfinite().all()
    # rounding to 11 bits in every layer, and 0.001 as the least epsilon
    assert (found - expected).norm() < 0.05 * expected.norm()


def test_the_quotient_of_zeros_and_tiny_values_is_finite() -> None:
    relevance = torch.tensor([[0.0, 1.0, -1.0, 0.5], [0.0, 0.0, 0.0, 0.0]]).half().requires_grad_()
    z = torch.tensor([[0.0, 1.0, 1e-7, -0.5], [0.0, 0.0, 0.0, 0.0]]).half().requires_grad_()
    out = ratio(relevance, z, 1e-6)
    assert out.dtype == torch.float16
    assert out.isfinite().all()
    for gradient in torch.autograd.grad(out.sum(), (relevance, z)):
        assert not gradient.isnan().any()
