"""Heatmaps and their derivatives in float16: finite, and close to single precision."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from interpreters import (
    LRP,
    DeepLift,
    GradCam,
    InputXGradient,
    IntegratedGradients,
    Interpreter,
    SimpleGradient,
    SmoothGrad,
)
from interpreters.lrp import (
    Composite,
    EpsilonAlpha2Beta1,
    EpsilonEverywhere,
    EpsilonPlus,
    EpsilonPlusFlat,
)
from interpreters.lrp.ratio import ratio

COMPOSITES = [EpsilonPlus(), EpsilonEverywhere(), EpsilonPlusFlat(), EpsilonAlpha2Beta1()]
QUOTIENTS = [*(LRP(composite=each) for each in COMPOSITES), DeepLift(), DeepLift(0.5)]
GRADIENTS = [
    SimpleGradient(),
    InputXGradient(),
    GradCam("first"),
    IntegratedGradients(steps=4),
    SmoothGrad(samples=2),
]
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


class Attending(nn.Module):
    """Patches, LayerNorm and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 2, 2), nn.LayerNorm(8)
        self.mix, self.head = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, 3)."""
        tokens = self.first(images).flatten(2).transpose(1, 2)
        tokens = tokens + self.mix(*(self.norm(tokens),) * 3)[0]
        return self.head(nn.functional.gelu(self.norm(tokens)).mean(1))


def explained(
    interpreter: Interpreter, network: nn.Module, images: Tensor, half: bool = False
) -> tuple[Tensor, Tensor]:
    """The heatmap, and the gradient of a mean of it in all weights."""
    with torch.autocast("cpu", torch.float16, enabled=half):
        heatmap = interpreter(network, images, LABELS).heatmap.float()
    # a loss is scaled in half precision, or its gradients are 0
    scale = heatmap.detach().norm()
    loss = (heatmap / scale * torch.linspace(0, 1, heatmap.numel()).view_as(heatmap)).sum()
    # the backward pass runs outside autocast, as PyTorch asks for
    gradients = torch.autograd.grad(loss, list(network.parameters()), materialize_grads=True)
    return heatmap.detach(), scale * torch.cat([each.float().flatten() for each in gradients])


def distance(found: Tensor, expected: Tensor) -> float:
    assert found.isfinite().all()
    return float((found - expected).norm() / expected.norm())


every_network = pytest.mark.parametrize("kind", [Residual, Attending])
every_quotient = pytest.mark.parametrize("interpreter", QUOTIENTS, ids=repr)


@every_network
@every_quotient
def test_autocast_gives_single_precision(kind: type[nn.Module], interpreter: Interpreter) -> None:
    torch.manual_seed(0)
    network, images = kind(), torch.rand(2, 3, 8, 8)
    expected = explained(interpreter, network, images)
    torch.testing.assert_close(explained(interpreter, network, images, half=True), expected)
    with torch.autocast("cpu", torch.float16):
        assert interpreter(network, images.half(), LABELS).heatmap.dtype == torch.float32


@every_network
@every_quotient
def test_a_half_network_is_explained_in_single_precision(
    kind: type[nn.Module], interpreter: Interpreter
) -> None:
    torch.manual_seed(0)
    half, images = kind().half(), torch.rand(2, 3, 8, 8).half()
    heatmap, gradient = explained(interpreter, half, images)
    weights = {name: weight.clone() for name, weight in half.named_parameters()}
    twin = deepcopy(half).float()
    expected, slope = explained(interpreter, twin, images.float())
    torch.testing.assert_close(heatmap, expected)
    # of the gradients, the last step alone rounds to 11 bits
    assert distance(gradient, slope) < 1e-3
    for name, weight in half.named_parameters():
        assert weight.dtype == torch.float16
        assert weight.equal(weights[name])


@every_network
@pytest.mark.parametrize("half", [False, True], ids=["half network", "autocast"])
@pytest.mark.parametrize("interpreter", GRADIENTS, ids=lambda each: each.name)
def test_gradients_in_half_precision_are_close(
    kind: type[nn.Module], interpreter: Interpreter, half: bool
) -> None:
    """Heatmaps and their derivatives in the weights differ by at most 1 % of their norm."""
    # the seed 0 has a Grad-CAM of zeros
    torch.manual_seed(1)
    network, images = kind(), torch.rand(2, 3, 8, 8)
    expected = explained(interpreter, network, images)
    if half:
        found = explained(interpreter, network, images, half=True)
    else:
        found = explained(interpreter, deepcopy(network).half(), images.half())
    for one, other in zip(found, expected, strict=True):
        assert distance(one, other) < 0.01


@pytest.mark.parametrize("composite", COMPOSITES, ids=lambda each: type(each).__name__)
def test_a_half_network_is_close_to_single_precision(
    network: nn.Module, composite: Composite
) -> None:
    interpreter, images = LRP(composite=composite), torch.rand(2, 3, 8, 8)
    half = deepcopy(network).half()
    found = interpreter(half, images.half(), LABELS).heatmap.float()
    expected = interpreter(network, images, LABELS).heatmap
    assert found.isfinite().all()
    # weights and images are rounded to 11 bits
    assert (found - expected).norm() < 0.01 * expected.norm()


def test_the_quotient_of_zeros_and_tiny_values_is_finite() -> None:
    relevance = torch.tensor([[0.0, 1.0, -1.0, 0.5], [0.0, 0.0, 0.0, 0.0]]).half().requires_grad_()
    z = torch.tensor([[0.0, 1.0, 1e-7, -0.5], [0.0, 0.0, 0.0, 0.0]]).half().requires_grad_()
    out = ratio(relevance, z, 1e-6)
    assert out.dtype == torch.float16
    assert out.isfinite().all()
    for gradient in torch.autograd.grad(out.sum(), (relevance, z)):
        assert not gradient.isnan().any()
