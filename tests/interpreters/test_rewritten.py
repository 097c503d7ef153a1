"""Layers that are explained as simpler functions: the same function, the sum of DeepLift."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreters import LRP, DeepLift
from interpreters.tape.rewritten import REWRITTEN

LABELS = torch.tensor([2, 0])
INDEX = torch.tensor([3, 0, 2, 0])
CASES: dict[str, Callable[..., Tensor]] = {
    "instance_norm": lambda x: F.instance_norm(x, weight=x.new_ones(4) * 2, bias=x.new_ones(4)),
    "rms_norm": lambda x: F.rms_norm(x, (6, 6), eps=1e-3),
    "local_response_norm": lambda x: F.local_response_norm(x, 3, alpha=0.5),
    "local_response_norm, even": lambda x: F.local_response_norm(x, 2, alpha=0.5, k=2.0),
    "glu": lambda x: F.glu(torch.cat([x, x * 3], 1), 1),
    "abs": lambda x: x.abs(),
    "clip": lambda x: x.clip(-0.2, 0.1),
    "minimum": lambda x: torch.minimum(x, x * 3 - 0.1),
    "min": lambda x: x + x.min(1, keepdim=True).values,
    "min, of two tensors": lambda x: torch.min(x, x * 3 - 0.1),
    "amin": lambda x: x + x.amin((2, 3), keepdim=True),
    "softmin": lambda x: F.softmin(x, 1),
    "index_select": lambda x: x.index_select(1, INDEX),
    "addmm": lambda x: torch.addmm(
        x.new_ones(144), x.flatten(1), 2 * torch.eye(144, dtype=x.dtype)
    ).view_as(x),
    "addmm, with factors": lambda x: torch.addmm(
        x.new_ones(144), x.flatten(1), torch.eye(144, dtype=x.dtype), beta=0.5, alpha=3
    ).view_as(x),
    "baddbmm": lambda x: torch.baddbmm(x[:, 0], x[:, 1], x[:, 2], alpha=2)[:, None] + x,
}
every_case = pytest.mark.parametrize("function", CASES.values(), ids=CASES)


class Network(nn.Module):
    """A convolution, the function, a linear layer."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function
        self.first, self.head = nn.Conv2d(3, 4, 3), nn.Linear(144, 3)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, 3)."""
        return self.head(self.function(self.first(images)).flatten(1))


def test_every_function_is_here() -> None:
    assert set(REWRITTEN) - {"absolute", "__abs__"} == {name.split(",")[0] for name in CASES}


@every_case
def test_deep_lift_and_lrp(function: Callable[..., Tensor]) -> None:
    torch.manual_seed(0)
    network, images = Network(function).double(), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    expected = network(images)
    lifted = DeepLift(0.4)(network, images, LABELS)
    torch.testing.assert_close(lifted.logits, expected)
    rise = (expected - network(torch.full_like(images, 0.4)))[[0, 1], LABELS]
    torch.testing.assert_close(lifted.heatmap.sum((1, 2, 3)), rise)
    relevance = LRP()(network, images, LABELS)
    torch.testing.assert_close(relevance.logits, expected)
    assert relevance.heatmap.isfinite().all()


@every_case
@pytest.mark.parametrize("interpreter", [LRP(), DeepLift(0.4)], ids=["LRP", "DeepLift"])
def test_gradients_in_the_weights(
    function: Callable[..., Tensor], interpreter: LRP | DeepLift
) -> None:
    torch.manual_seed(0)
    network, images = Network(function).double(), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    weight = network.first.weight
    cotangent = torch.rand(2, 1, 8, 8, dtype=torch.float64)

    def value() -> Tensor:
        return (interpreter(network, images, LABELS).heatmap * cotangent).sum()

    (gradient,) = torch.autograd.grad(value(), weight)
    direction, size = torch.randn_like(weight), 1e-7
    with torch.no_grad():
        weight += size * direction
        above = value()
        weight -= 2 * size * direction
        below = value()
    slope = (above - below) / (2 * size)
    # differences of 1e-7 leave half the digits, and fewer where denominators are small
    torch.testing.assert_close((gradient * direction).sum(), slope, rtol=1e-4, atol=1e-5)
