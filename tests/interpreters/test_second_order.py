"""Layers with a fast second derivative are PyTorch's layers, and spare the passes they promise."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from helpers import tiny_network
from torch import Tensor
from torch.autograd import gradgradcheck
from torch.utils._python_dispatch import TorchDispatchMode

from interpreters import LRP, Interpreter, SimpleGradient
from interpreters.lrp import EpsilonEverywhere
from interpreters.second_order import SecondOrder

MEAN, VARIANCE = torch.rand(2, 4, dtype=torch.float64) + 0.5

LAYERS: dict[str, tuple[Callable[..., Tensor], list[tuple[int, ...]]]] = {
    "convolution": (
        partial(F.conv2d, stride=2, padding=(1, 0)),
        [(2, 4, 7, 6), (3, 4, 3, 2), (3,)],
    ),
    "convolution in groups": (
        partial(F.conv2d, dilation=2, groups=2),
        [(2, 4, 6, 5), (6, 2, 3, 2)],
    ),
    "convolution, same size": (partial(F.conv2d, padding="same"), [(2, 4, 5, 5), (3, 4, 2, 2)]),
    "convolution without batch": (F.conv2d, [(4, 5, 5), (3, 4, 2, 2)]),
    "convolution over one dimension": (partial(F.conv1d, stride=2), [(2, 4, 7), (3, 4, 3), (3,)]),
    "convolution over volumes": (
        partial(F.conv3d, stride=(1, 2, 1), padding=(1, 0, 1)),
        [(2, 2, 3, 4, 3), (3, 2, 2, 2, 3), (3,)],
    ),
    "BatchNorm": (
        lambda x, w, b: F.batch_norm(x, MEAN.to(x), VARIANCE.to(x), w, b, eps=0.1),
        [(2, 4, 3, 3), (4,), (4,)],
    ),
    "BatchNorm without places": (
        lambda x, w, b: F.batch_norm(x, MEAN.to(x), VARIANCE.to(x), w, b),
        [(3, 4), (4,), (4,)],
    ),
    "BatchNorm without weights": (
        lambda x: F.batch_norm(x, MEAN.to(x), VARIANCE.to(x)),
        [(2, 4, 3, 3)],
    ),
    "concatenation": (lambda *x: torch.cat(x, dim=-3), [(2, 1, 2, 2), (2, 3, 2, 2), (2, 2, 2, 2)]),
    "concatenation by axis": (lambda *x: torch.cat(x, axis=1), [(2, 1), (2, 3)]),  # type: ignore[call-arg]
    "concatenation of images": (lambda *x: torch.cat(x), [(1, 3), (2, 3)]),
}


@pytest.fixture(params=LAYERS)
def layer(
    request: pytest.FixtureRequest, device: torch.device
) -> tuple[Callable[..., Tensor], list[Tensor]]:
    function, shapes = LAYERS[request.param]
    inputs = [torch.randn(s, dtype=torch.float64, device=device) for s in shapes]
    return function, [given.requires_grad_() for given in inputs]


def fast(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def run(*inputs: Tensor) -> Tensor:
        with SecondOrder():
            return function(*inputs)

    return run


@pytest.mark.slow
def test_values_and_derivatives(layer: tuple[Callable[..., Tensor], list[Tensor]]) -> None:
    """To the second order, in the inputs and in the weights."""
    function, inputs = layer
    results = []
    for run in (function, fast(function)):
        out = run(*inputs)
        torch.manual_seed(0)
        cotangent = torch.randn_like(out, requires_grad=True)
        first = torch.autograd.grad(out, inputs, cotangent, create_graph=True)
        seconds = torch.autograd.grad(
            torch.stack([g.sin().sum() for g in first]).sum(),
            [*inputs, cotangent],
            materialize_grads=True,
        )
        results.append([out, *torch.autograd.grad(out, inputs, cotangent), *first, *seconds])
    torch.testing.assert_close(results[1], results[0])
    # a GPU adds up in any order
    assert gradgradcheck(fast(function), inputs, nondet_tol=1e-12 if inputs[0].is_cuda else 0)


OTHERS = {
    "convolution, same size",
    "convolution without batch",
    "BatchNorm without weights",
    "concatenation by axis",
}


@pytest.mark.parametrize("name", LAYERS)
def test_whose_layer_it_is(name: str) -> None:
    """Our own layers where they can do what is asked, and PyTorch's elsewhere."""
    function, shapes = LAYERS[name]
    out = fast(function)(*(torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes))
    assert type(out.grad_fn).__name__.startswith("_") == (name not in OTHERS)


def test_only_what_is_asked_for(layer: tuple[Callable[..., Tensor], list[Tensor]]) -> None:
    """A gradient in one input alone, leaf or not, and in an input that needs none."""
    function, inputs = layer
    for place, wanted in enumerate(inputs):
        alone = [x if x is wanted else x.detach() for x in inputs]
        for given in (inputs, alone, [x * 1 for x in inputs]):
            expected, actual = (
                torch.autograd.grad(run(*given).square().sum(), given[place])
                for run in (function, fast(function))
            )
            torch.testing.assert_close(actual, expected)


class Counted(TorchDispatchMode):
    """How many convolutions, and gradients of convolutions in inputs and in weights, were taken."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts = {"forward": 0, "input": 0, "weight": 0}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function is torch.ops.aten.convolution.default:
            self.counts["forward"] += 1
        if function is torch.ops.aten.convolution_backward.default:
            self.counts["input"] += args[-1][0]
            self.counts["weight"] += args[-1][1]
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    ("interpreter", "heatmap", "step"),
    [
        (SimpleGradient(), (2, 2, 0), (4, 4, 4)),
        # the pixels need no gradient
        (LRP(composite=EpsilonEverywhere()), (2, 2, 0), (4, 3, 4)),
        # pixels have two signs, and the first layer a convolution for each
        (LRP(), (5, 3, 0), (8, 5, 8)),
    ],
    ids=["SimpleGradient", "LRP, epsilon", "LRP, epsilon plus"],
)
def test_passes(interpreter: Interpreter, heatmap: tuple[int, ...], step: tuple[int, ...]) -> None:
    """Of two convolutions: forward, gradients in inputs, gradients in weights.

    Behind a heatmap each convolution and each transposed one has both gradients, and no more.
    """
    network, images = tiny_network().eval(), torch.rand(2, 3, 16, 16)
    labels = torch.tensor([0, 1])
    # what is tried out once for each network does not count
    interpreter(network, images, labels)
    with Counted() as passes:
        logits, maps = interpreter(network, images, labels)
    assert tuple(passes.counts.values()) == heatmap
    with passes:
        (F.cross_entropy(logits, labels) + maps.square().mean()).backward()
    assert tuple(passes.counts.values()) == step


def test_an_attack_on_the_images_takes_no_gradients_in_weights() -> None:
    network, images = tiny_network().eval(), torch.rand(2, 3, 16, 16, requires_grad=True)
    for interpreter in (SimpleGradient(), LRP(composite=EpsilonEverywhere())):
        with Counted() as passes:
            maps = interpreter(network, images, torch.tensor([0, 1])).heatmap
            torch.autograd.grad(maps.square().mean(), images)
        assert passes.counts["weight"] == 0


def test_in_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far from single precision as PyTorch's own layers are."""
    network, images = tiny_network().eval(), torch.rand(2, 3, 16, 16)

    def gradients(autocast: bool) -> Tensor:
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            _, maps = SimpleGradient()(network, images, torch.tensor([0, 1]))
        maps.square().mean().backward()
        given = [p.grad for p in network.parameters() if p.grad is not None]
        assert all(gradient.dtype == torch.float32 for gradient in given)
        return torch.cat([gradient.flatten() for gradient in given])

    whole, fast = gradients(autocast=False), gradients(autocast=True)
    monkeypatch.setattr("interpreters.passes.SecondOrder", nullcontext)
    native = gradients(autocast=True)
    assert not fast.equal(whole)
    assert (fast - whole).norm() < 1.5 * (native - whole).norm() < 0.1 * whole.norm()


def test_autocast_leaves_double_precision_alone() -> None:
    image, weight = torch.randn(1, 2, 4, 4).double(), torch.randn(3, 2, 3, 3).double()
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(fast(F.conv2d)(image, weight), F.conv2d(image, weight))


def test_one_image_in_channels_last_memory() -> None:
    """Its strides are ambiguous, and PyTorch's own gradient takes some of them wrongly."""
    images = torch.randn(1, 4, 2, 2, dtype=torch.float64).to(memory_format=torch.channels_last)
    mean, var, cotangent = (
        torch.randn(4).double(),
        torch.rand(4).double() + 0.5,
        torch.randn(1, 4, 2, 2),
    )
    leaves = [images, torch.randn(4).double(), torch.randn(4).double()]

    def gradients(function: Callable[..., Tensor], *inputs: Tensor) -> tuple[Tensor, ...]:
        value, weight, bias = (leaf.clone().requires_grad_() for leaf in inputs)
        out = function(value, mean, var, weight, bias)
        return torch.autograd.grad((out * cotangent).sum(), (value, weight, bias))

    expected = gradients(F.batch_norm, images.contiguous(), *leaves[1:])
    torch.testing.assert_close(gradients(fast(F.batch_norm), *leaves), expected)
