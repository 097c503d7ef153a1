"""A GPU finds the heatmaps, gradients and attacked images that a CPU finds."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from helpers import GPU, PREPROCESSING, TinyNetwork
from torch import Tensor, nn

from attacks import PGD, Attack, MassCenterAttack, RandomSign, TopKAttack
from benchmarks.shipped import DIFFERENTIABLE
from interpreters import Interpreter, SimpleGradient
from networks import NormalizedNetwork
from seeds import generators

pytestmark = GPU
LARGE: dict[str, Any] = {"epsilon": 0.3, "step_size": 0.05, "steps": 5}
LABELS = torch.tensor([0, 3])


@pytest.fixture
def networks() -> tuple[nn.Module, nn.Module]:
    """The same network on both, smooth, so that attacks on heatmaps need no surrogate."""
    network = NormalizedNetwork(TinyNetwork(), PREPROCESSING).double().eval()
    return network, deepcopy(network).to("cuda")


@pytest.fixture
def images() -> Tensor:
    return torch.rand(2, 3, 16, 16, dtype=torch.float64)


def found(interpreter: Interpreter, network: nn.Module, images: Tensor) -> list[Tensor | None]:
    """Logits, heatmaps, and the gradient of these in every weight."""
    here = images.to(next(network.parameters()).device)
    explanation = interpreter(network, here, LABELS.to(here.device))
    explanation.heatmap.sin().sum().backward()
    gradients = [p.grad for p in network.parameters()]
    return [None if value is None else value.cpu() for value in (*explanation, *gradients)]


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_heatmaps_and_their_gradients(
    name: str, networks: tuple[nn.Module, nn.Module], images: Tensor
) -> None:
    there, here = (found(DIFFERENTIABLE[name], network, images) for network in reversed(networks))
    torch.testing.assert_close(there, here)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_heatmaps_without_gradients(
    name: str, networks: tuple[nn.Module, nn.Module], images: Tensor
) -> None:
    network, copied = (each.requires_grad_(False) for each in networks)
    here = DIFFERENTIABLE[name](network, images, LABELS).heatmap
    there = DIFFERENTIABLE[name](copied, images.cuda(), LABELS.cuda()).heatmap
    torch.testing.assert_close(there.cpu(), here)


@pytest.mark.parametrize(
    "attack",
    [
        RandomSign(),
        PGD(**LARGE),
        TopKAttack(interpreter=SimpleGradient(), k=20, beta=None, **LARGE),
        MassCenterAttack(interpreter=SimpleGradient(), beta=None, **LARGE),
    ],
    ids=lambda attack: type(attack).__name__,
)
def test_attacked_images(
    attack: Attack, networks: tuple[nn.Module, nn.Module], images: Tensor
) -> None:
    network, copied = (each.requires_grad_(False) for each in networks)
    indices = torch.arange(2)
    labels = network(images).argmax(1)
    here = attack(network, images, labels, generators(indices, 0))
    there = attack(copied, images.cuda(), labels.cuda(), generators(indices, 0))
    assert not here.equal(images)
    torch.testing.assert_close(there.cpu(), here)
