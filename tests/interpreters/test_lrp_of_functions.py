"""LRP's values at every function without weights, against a transcription of its rule.

Relevance is input times the gradient of a network in which each rule is written with `detach`, if
all denominators are exact (Achtibat et al. 2024, appendix).
"""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreters import LRP, DeepLift, InputXGradient
from interpreters.lrp import Epsilon, EpsilonEverywhere
from interpreters.lrp.operations import OPERATIONS
from interpreters.lrp.propagation import DECOMPOSED
from interpreters.lrp.ratio import ratio
from interpreters.lrp.sums import Proportional
from interpreters.tape import ATTENTION
from interpreters.tape.names import ACTIVATIONS, MAXIMA, PRODUCTS, QUOTIENTS, REARRANGEMENTS

LABELS = torch.tensor([2, 0])
Function = Callable[[Tensor], Tensor]
EXACT = LRP(
    composite=EpsilonEverywhere(
        convolution=Epsilon(1e-13), linear=Epsilon(1e-13), sums=Proportional(epsilon=1e-13)
    )
)
MASK = torch.ones(6, 6, dtype=torch.bool).tril()
ORDER = torch.tensor([3, 0, 2, 0])
PLACES = (2, 3)


def passed(x: Tensor, y: Tensor) -> Tensor:
    """Pass the relevance of y on to x, element by element."""
    return x * (y / x).detach()


def shared(x: Tensor, y: Tensor) -> Tensor:
    """Share the relevance of a product equally."""
    return (x * y.detach() + x.detach() * y) / 2


def over(x: Tensor, y: Tensor) -> Tensor:
    """Give all relevance to the numerator."""
    return x / y.detach()


def centred(x: Tensor, dim: tuple[int, ...] = PLACES) -> Tensor:
    return x - x.mean(dim, keepdim=True)


def variance(x: Tensor) -> Tensor:
    return (centred(x) * centred(x).detach()).sum(PLACES, keepdim=True) / 35


def standardised(x: Tensor, dim: tuple[int, ...]) -> Tensor:
    scale = (x.var(dim, unbiased=False, keepdim=True) + 1e-5).sqrt()
    return over(centred(x, dim), scale)


def length(x: Tensor) -> Tensor:
    squares = (x * x.detach()).sum(1, keepdim=True)
    return passed(squares, squares.sqrt())


def neighbours(x: Tensor) -> Tensor:
    """The mean square of each channel, the one before it and the one behind it."""
    square = F.pad(x * x, (0, 0, 0, 0, 1, 1))
    return (square[:, :-2] + square[:, 1:-1] + square[:, 2:]) / 3


# by the function's name: as a network writes it, and its rule transcribed
CASES: dict[str, tuple[Function, Function]] = {
    "instance_norm": (
        lambda x: F.instance_norm(x, weight=x.new_ones(4) * 2, bias=x.new_ones(4)),
        lambda x: standardised(x, PLACES) * 2 + 1,
    ),
    "layer_norm": (
        lambda x: F.layer_norm(x, (4, 6, 6), bias=x.new_ones(4, 6, 6)),
        lambda x: standardised(x, (1, 2, 3)) + 1,
    ),
    "group_norm": (
        lambda x: F.group_norm(x, 2),
        lambda x: standardised(x.unflatten(1, (2, 2)), (2, 3, 4)).flatten(1, 2),
    ),
    "rms_norm": (
        lambda x: F.rms_norm(x, (6, 6), eps=1e-3),
        lambda x: over(x, ((x * x).mean(PLACES, keepdim=True) + 1e-3).sqrt()),
    ),
    "local_response_norm": (
        lambda x: F.local_response_norm(x, 3, alpha=0.5),
        lambda x: over(x, (1 + 0.5 * neighbours(x)) ** 0.75),
    ),
    "glu": (
        lambda x: F.glu(torch.cat([x, x * 3], 1), 1),
        lambda x: shared(x, passed(x, (3 * x).sigmoid())),
    ),
    "abs": (lambda x: x.abs(), lambda x: x.abs()),
    "clip": (lambda x: x.clip(-0.2, 0.1), lambda x: passed(x, x.clip(-0.2, 0.1))),
    "minimum": (
        lambda x: torch.minimum(x, x * 3 - 0.1),
        lambda x: torch.where(x < x * 3 - 0.1, x, x * 3 - 0.1),
    ),
    "min": (
        lambda x: x + x.min(1, keepdim=True).values,
        lambda x: x + x.gather(1, x.argmin(1, keepdim=True)),
    ),
    "amin": (
        lambda x: x + x.amin(PLACES, keepdim=True),
        lambda x: x + x.sort(2).values[:, :, :1].sort(3).values[..., :1],
    ),
    "softmin": (lambda x: F.softmin(x, 1), lambda x: (-x).exp() / (-x).exp().sum(1, True)),
    "softmax": (lambda x: x.softmax(1), lambda x: x.exp() / x.exp().sum(1, True)),
    "log_softmax": (lambda x: x.log_softmax(1), lambda x: x - x.exp().sum(1, True).log()),
    "index_select": (lambda x: x.index_select(1, ORDER), lambda x: x[:, ORDER]),
    "addmm": (
        lambda x: torch.addmm(x.new_ones(6), x.reshape(-1, 6), x.new_ones(6, 6)).view_as(x),
        lambda x: x.sum(3, True).expand_as(x) + 1,
    ),
    "baddbmm": (
        lambda x: torch.baddbmm(x[:, 0], x[:, 1], x[:, 2], alpha=2)[:, None] + x,
        lambda x: (x[:, 0] + 2 * shared(x[:, 1, :, :, None], x[:, 2, None]).sum(2))[:, None] + x,
    ),
    "norm": (lambda x: x + x.norm(dim=1, keepdim=True), lambda x: x + length(x)),
    "normalize": (lambda x: F.normalize(x, dim=1), lambda x: over(x, length(x))),
    "addcmul": (
        lambda x: torch.addcmul(x, x, x, value=0.5),
        lambda x: x + 0.5 * shared(x, x),
    ),
    "var": (lambda x: x + x.var(PLACES, keepdim=True), lambda x: x + variance(x)),
    "std": (
        lambda x: x + x.std(PLACES, keepdim=True),
        lambda x: x + passed(variance(x), variance(x).sqrt()),
    ),
    "pow": (lambda x: x**3, lambda x: passed(x, x**3)),
    "div": (lambda x: x / (2 + x.sigmoid()), lambda x: over(x, 2 + x.sigmoid())),
    "matmul": (
        lambda x: x @ x.transpose(2, 3),
        lambda x: shared(x[:, :, :, None], x[:, :, None]).sum(4),
    ),
    "mul": (lambda x: x * x.tanh(), lambda x: shared(x, passed(x, x.tanh()))),
    "where": (lambda x: torch.where(MASK, x, 1.0), lambda x: x * MASK + 1.0 * ~MASK),
    "threshold": (
        lambda x: F.threshold(x, 0.1, 0.2),
        lambda x: passed(x, torch.where(x > 0.1, x, 0.2)),
    ),
    "mm": (
        lambda x: torch.mm(x.reshape(-1, 6), x.new_ones(6, 6)).view_as(x),
        lambda x: x.sum(3, True).expand_as(x),
    ),
    "adaptive_avg_pool1d": (
        lambda x: x + F.adaptive_avg_pool1d(x.flatten(2), 1)[..., None],
        lambda x: x + x.mean(PLACES, keepdim=True),
    ),
    "adaptive_avg_pool3d": (
        lambda x: x + F.adaptive_avg_pool3d(x[:, None], 1)[:, 0],
        lambda x: x + x.mean((1, 2, 3), keepdim=True),
    ),
    "adaptive_max_pool1d": (
        lambda x: x + F.adaptive_max_pool1d(x.flatten(2), 1)[..., None],
        lambda x: x + x.flatten(2).sort(2).values[:, :, -1:, None],
    ),
    "adaptive_max_pool3d": (
        lambda x: x + F.adaptive_max_pool3d(x[:, None], 1)[:, 0],
        lambda x: x + x.flatten(1).sort(1).values[:, -1, None, None, None],
    ),
    "amax": (lambda x: x + x.amax(1, True), lambda x: x + x.sort(1).values[:, 3:]),
}


ACTIVATION_MODULES = [
    nn.CELU(),
    nn.Dropout2d(),
    nn.Dropout3d(),
    nn.ELU(),
    nn.FeatureAlphaDropout(),
    nn.GELU(),
    nn.Hardshrink(0.1),
    nn.Hardsigmoid(),
    nn.Hardswish(),
    nn.Hardtanh(-0.1, 0.2),
    nn.LeakyReLU(),
    nn.LogSigmoid(),
    nn.Mish(),
    nn.PReLU(4),
    nn.RReLU(),
    nn.ReLU(),
    nn.ReLU6(),
    nn.SELU(),
    nn.SiLU(),
    nn.Sigmoid(),
    nn.Softplus(),
    nn.Softshrink(0.1),
    nn.Softsign(),
    nn.Tanh(),
    nn.Tanhshrink(),
    nn.Threshold(0.1, 0.2),
]


class Network(nn.Module):
    """A convolution, the function, a linear layer."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.function = function
        self.first, self.head = nn.Conv2d(3, 4, 3), nn.Linear(144, 3)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, 3)."""
        return self.head(self.function(self.first(images)).flatten(1))


@pytest.mark.parametrize("name", CASES)
def test_relevance_is_the_rule_transcribed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # products and norms keep their denominators from 0 by more than a composite says
    monkeypatch.setattr("interpreters.lrp.operations.ratio", lambda r, z, _: ratio(r, z, 1e-13))
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    written, transcribed = (Network(function).double() for function in CASES[name])
    torch.testing.assert_close(written(images), transcribed(images))
    expected = InputXGradient()(transcribed, images, LABELS).heatmap.detach()
    actual = EXACT(written, images, LABELS).heatmap.detach()
    size = float(expected.abs().max())
    torch.testing.assert_close(actual, expected, rtol=1e-6, atol=1e-6 * size)


@pytest.mark.parametrize("activation", ACTIVATION_MODULES, ids=lambda each: type(each).__name__)
def test_an_activation_passes_relevance_and_keeps_the_sum(activation: nn.Module) -> None:
    images, activation = torch.rand(2, 3, 8, 8, dtype=torch.float64), activation.double().eval()
    network = Network(activation).double()
    passing = Network(lambda x: passed(x, activation(x))).double()
    expected = InputXGradient()(passing, images, LABELS).heatmap
    torch.testing.assert_close(EXACT(network, images, LABELS).heatmap, expected)
    rise = (network(images) - network(torch.zeros_like(images)))[[0, 1], LABELS]
    lifted = DeepLift()(network, images, LABELS).heatmap.sum((1, 2, 3))
    torch.testing.assert_close(lifted, rise, rtol=1e-6, atol=1e-8)


def test_every_function_is_here() -> None:
    """Functions of one kind have one rule; attention is transcribed elsewhere."""
    kinds = (ACTIVATIONS, REARRANGEMENTS, MAXIMA, PRODUCTS, QUOTIENTS)
    assert all(kind & {*CASES} for kind in kinds)
    alike = frozenset().union(*kinds, ATTENTION)
    assert {*OPERATIONS, *DECOMPOSED} - alike - {"absolute", "__abs__"} <= {*CASES}
