"""Convolutions of every kind follow every rule as the linear layer of their matrix does."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from interpreters import LRP, DeepLift
from interpreters.lrp import AlphaBeta, ByKind, Epsilon, Flat, Gamma, Rule, WSquare, ZBox, ZPlus
from interpreters.lrp.propagation import DECOMPOSED, KNOWN
from interpreters.tape import record
from interpreters.tape.folding import folded

LABELS = torch.tensor([2, 0])
TRANSPOSED: list[dict[str, Any]] = [
    {"kernel_size": 3},
    {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
    {"kernel_size": 3, "dilation": 3, "output_padding": 2},
    {"kernel_size": (2, 3), "stride": (2, 1), "padding": (0, 2), "groups": 3},
]
VOLUMES: list[dict[str, Any]] = [
    {"kernel_size": (2, 3, 3), "padding": (1, 0, 1)},
    {"kernel_size": 2, "stride": (1, 2, 2), "padding": "valid"},
]
LAYERS: list[Callable[[], nn.Module]] = [
    *(partial(nn.ConvTranspose2d, 3, 6, **options) for options in TRANSPOSED),
    *(partial(nn.Conv3d, 1, 2, **options) for options in VOLUMES),
    partial(nn.ConvTranspose3d, 1, 2, 2, stride=(1, 2, 2), padding=(0, 1, 1)),
]
every_layer = pytest.mark.parametrize("build", LAYERS, ids=lambda build: repr(build()))


def layer(build: Callable[[], nn.Module]) -> nn.Sequential:
    """The layer, which takes the channels of images as the depth of volumes if it needs any."""
    torch.manual_seed(0)
    made = build()
    volumes = isinstance(made, nn.Conv3d | nn.ConvTranspose3d)
    arranged = nn.Unflatten(1, (1, 3)) if volumes else nn.Identity()
    return nn.Sequential(arranged, made).double()


def matrix(convolution: nn.Module, size: int) -> nn.Linear:
    """The layer as a matrix of all pixels, column by column."""
    images = torch.eye(3 * size**2, dtype=torch.float64).view(-1, 3, size, size)
    with torch.no_grad():
        bias = convolution(torch.zeros_like(images[:1])).flatten()
        linear = nn.Linear(len(images), len(bias)).double()
        linear.weight.copy_((convolution(images).flatten(1) - bias).T)
        linear.bias.copy_(bias)
    return linear


def explained(network: nn.Module, rule: Rule, images: Tensor) -> Tensor:
    composite = ByKind(convolution=rule, linear=rule, first=rule)
    return LRP(composite=composite)(network, images, LABELS).heatmap


@every_layer
@pytest.mark.parametrize(
    "rule", [Epsilon(), ZPlus(), Gamma(), AlphaBeta(), WSquare(), ZBox()], ids=repr
)
def test_rules_are_those_of_the_matrix(build: Callable[[], nn.Module], rule: Rule) -> None:
    images, convolution = torch.rand(2, 3, 4, 4, dtype=torch.float64), layer(build)
    found = explained(nn.Sequential(convolution, nn.Flatten()), rule, images)
    twin = nn.Sequential(nn.Flatten(), matrix(convolution, 4))
    torch.testing.assert_close(found, explained(twin, rule, images))


@every_layer
def test_flat_counts_the_pixels_that_an_output_reads(build: Callable[[], nn.Module]) -> None:
    images, convolution = torch.rand(2, 3, 4, 4, dtype=torch.float64), layer(build)
    logits = convolution(images).flatten(1)[[0, 1], LABELS]
    reads = (matrix(convolution, 4).weight[LABELS] != 0).double()
    expected = (logits / reads.sum(1))[:, None] * reads
    found = explained(nn.Sequential(convolution, nn.Flatten()), Flat(), images)
    torch.testing.assert_close(found, expected.view(2, 3, 4, 4).sum(1, keepdim=True))


@every_layer
def test_batch_norm_is_folded(build: Callable[[], nn.Module]) -> None:
    first = layer(build)
    channels = 6 if isinstance(first[1], nn.ConvTranspose2d) else 2
    norm = (nn.BatchNorm2d if channels == 6 else nn.BatchNorm3d)(channels)
    for tensor in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(tensor)  # type: ignore[arg-type]  # it has statistics
    network = nn.Sequential(first, norm, nn.Flatten()).double()
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    recording = record(network.eval(), images, None, KNOWN, DECOMPOSED, gates=True)
    calls = folded(recording.calls)
    assert "batch_norm" in {call.name for call in recording.calls}
    assert "batch_norm" not in {call.name for call in calls}
    for call in calls:
        torch.testing.assert_close(call.on(call.inputs), call.outputs)


@every_layer
def test_deep_lift_is_the_gradient_of_an_affine_function(build: Callable[[], nn.Module]) -> None:
    network = nn.Sequential(layer(build), nn.Flatten())
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    heatmap = DeepLift(0.4)(network, images, LABELS).heatmap
    weight = matrix(network[0], 4).weight[LABELS].view(2, 3, 4, 4)
    torch.testing.assert_close(heatmap, (weight * (images - 0.4)).sum(1, keepdim=True))


def test_a_transposed_convolution_over_one_dimension() -> None:
    network = nn.Sequential(
        nn.Flatten(2), nn.ConvTranspose1d(3, 2, 4, stride=2, padding=1), nn.Flatten()
    ).double()
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    twin = nn.Sequential(nn.Flatten(), matrix(network, 4))
    for rule in (Epsilon(), ZPlus(), Gamma()):
        torch.testing.assert_close(explained(network, rule, images), explained(twin, rule, images))
