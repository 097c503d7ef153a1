"""What the last layer reads, and another one in its place."""

import pytest
import torch
from helpers import state, tiny_network
from torch import nn

from networks import Refitted, UnsupportedError, features, timm_network, torchvision_network
from networks.last_map import LayerError

NETWORKS = [
    lambda: timm_network("resnet10t", num_classes=5),
    lambda: timm_network("regnetx_002", num_classes=5),
    lambda: torchvision_network("mobilenet_v3_small", num_classes=5),
]


@pytest.mark.parametrize("make", NETWORKS)
def test_logits_are_linear_in_the_features(make: object) -> None:
    network = make().double().eval()  # type: ignore[operator]
    images = torch.rand(2, 3, 32, 32, dtype=torch.double)
    logits, read = features(network, images)
    torch.testing.assert_close(logits, network(images))
    heads = [module for module in network.modules() if isinstance(module, nn.Linear)]
    assert any(
        head.in_features == read.shape[1] and torch.allclose(head(read), logits) for head in heads
    )
    assert not any(module._forward_hooks for module in network.modules())


def test_another_last_layer_on_the_same_features() -> None:
    network = tiny_network().eval()
    images = torch.rand(3, 3, 8, 8)
    _, read = features(network, images)
    weight, bias = torch.randn(2, read.shape[1]), torch.randn(2)
    refitted = Refitted(network, weight, bias)
    logits, again = features(refitted, images)
    torch.testing.assert_close(logits, read @ weight.T + bias)
    torch.testing.assert_close(again, read)
    assert not refitted.training
    shared = {id(parameter) for parameter in refitted.parameters()}
    assert {id(parameter) for parameter in network.parameters()} < shared


def test_a_network_in_training_mode_is_refused_as_found() -> None:
    network = tiny_network().train()
    before = state(network)
    with pytest.raises(UnsupportedError, match="in training mode"):
        features(network, torch.rand(2, 3, 8, 8))
    assert state(network) == before


@pytest.mark.parametrize(
    "network",
    [
        torchvision_network("squeezenet1_1", num_classes=5),
        nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 2), nn.ReLU()),
    ],
)
def test_a_network_that_ends_in_something_else_is_refused(network: nn.Module) -> None:
    with pytest.raises(LayerError, match="do not come straight out of a linear layer"):
        features(network.eval(), torch.rand(1, 3, 64, 64))
    assert not any(module._forward_hooks for module in network.modules())
