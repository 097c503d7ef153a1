"""Transposed convolutions follow every rule as the linear layer of their matrix does."""

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
OPTIONS: list[dict[str, Any]] = [
    {"kernel_size": 3},
    {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
    {"kernel_size": 3, "dilation": 3, "output_padding": 2},
    {"kernel_size": (2, 3), "stride": (2, 1), "padding": (0, 2), "groups": 3},
]
every_option = pytest.mark.parametrize("options", OPTIONS, ids=repr)


def layer(options: dict[str, Any]) -> nn.ConvTranspose2d:
    torch.manual_seed(0)
    return nn.ConvTranspose2d(3, 6, **options).double()


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


@every_option
@pytest.mark.parametrize(
    "rule", [Epsilon(), ZPlus(), Gamma(), AlphaBeta(), WSquare(), ZBox()], ids=repr
)
def test_rules_are_those_of_the_matrix(options: dict[str, Any], rule: Rule) -> None:
    images, convolution = torch.rand(2, 3, 4, 4, dtype=torch.float64), layer(options)
    found = explained(nn.Sequential(convolution, nn.Flatten()), rule, images)
    twin = nn.Sequential(nn.Flatten(), matrix(convolution, 4))
    torch.testing.assert_close(found, explained(twin, rule, images))


@every_option
def test_flat_counts_the_pixels_that_an_output_reads(options: dict[str, Any]) -> None:
    images, convolution = torch.rand(2, 3, 4, 4, dtype=torch.float64), layer(options)
    logits = convolution(images).flatten(1)[[0, 1], LABELS]
    reads = (matrix(convolution, 4).weight[LABELS] != 0).double()
    expected = (logits / reads.sum(1))[:, None] * reads
    found = explained(nn.Sequential(convolution, nn.Flatten()), Flat(), images)
    torch.testing.assert_close(found, expected.view(2, 3, 4, 4).sum(1, keepdim=True))


@every_option
def test_batch_norm_is_folded(options: dict[str, Any]) -> None:
    network = nn.Sequential(layer(options), nn.BatchNorm2d(6), nn.Flatten()).double()
    for tensor in (network[1].weight, network[1].bias, network[1].running_mean):
        nn.init.normal_(tensor)
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    recording = record(network.eval(), images, None, KNOWN, DECOMPOSED, gates=True)
    calls = folded(recording.calls)
    assert [call.name for call in calls] == ["conv_transpose2d", "flatten"]
    for call in calls:
        torch.testing.assert_close(call.on(call.inputs), call.outputs)


@every_option
def test_deep_lift_is_the_gradient_of_an_affine_function(options: dict[str, Any]) -> None:
    network = nn.Sequential(layer(options), nn.Flatten())
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    heatmap = DeepLift(0.4)(network, images, LABELS).heatmap
    weight = matrix(network[0], 4).weight[LABELS].view(2, 3, 4, 4)
    torch.testing.assert_close(heatmap, (weight * (images - 0.4)).sum(1, keepdim=True))


def test_one_dimension() -> None:
    network = nn.Sequential(
        nn.Flatten(2), nn.ConvTranspose1d(3, 2, 4, stride=2, padding=1), nn.Flatten()
    ).double()
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    twin = nn.Sequential(nn.Flatten(), matrix(network, 4))
    for rule in (Epsilon(), ZPlus(), Gamma()):
        torch.testing.assert_close(explained(network, rule, images), explained(twin, rule, images))
