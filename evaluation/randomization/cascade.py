"""Copies of a network with more and more random layers (Adebayo et al. 2018)."""

from copy import deepcopy
from typing import NamedTuple

import torch
from torch import nn

from seeds import generator


class Stage(NamedTuple):
    """A copy of a network with random layers, their number, and the name of the first of them."""

    layers: int
    down_to: str
    network: nn.Module


def cascade(network: nn.Module, stages: int, seed: int = 0) -> list[Stage]:
    """Return copies of a network with random layers, from the last down (Adebayo et al. 2018, 3.1).

    A layer is a module with parameters of its own, in the order in which they are defined. Each
    tensor is sampled from a normal distribution with its own mean and deviation.

    Args:
        network: it is not changed.
        stages: number of copies; all layers of the last one are random.
        seed: of the random values; a layer's are the same in all copies.

    Raises: ValueError: there are fewer layers than stages.
    """
    layers = [name for name, module in network.named_modules() if [*module.parameters(False)]][::-1]
    if not 1 <= stages <= len(layers):
        raise ValueError(
            f"`stages` must be from 1 to {len(layers)}, the layers of the network with weights, "
            f"got {stages}"
        )
    found: list[Stage] = []
    behind = 0
    for stage in range(1, stages + 1):
        network, count = deepcopy(network), round(len(layers) * stage / stages)
        for position in range(behind, count):
            resample(network.get_submodule(layers[position]), generator(seed, position))
        found.append(Stage(count, layers[count - 1], network))
        behind = count
    return found


@torch.no_grad()
def resample(layer: nn.Module, source: torch.Generator) -> None:
    """Sample each parameter of a layer from a normal distribution of its own mean and deviation."""
    for parameter in layer.parameters(recurse=False):
        deviation, mean = torch.std_mean(parameter, correction=0)
        noise = torch.randn(parameter.shape, generator=source, dtype=torch.float64)
        parameter.copy_(mean + deviation * noise.to(parameter))
