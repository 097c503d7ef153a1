"""The gradient of every heatmap in every weight, on every family of networks."""

from collections.abc import Callable
from functools import cache

import families_table
import pytest
import torch
from families import FAMILIES, images_for, member
from torch import Tensor, nn

from benchmarks.shipped import DIFFERENTIABLE
from interpreters import Interpreter
from interpreters.tape import TapeError
from networks.last_map import LayerError

LABELS = torch.tensor([0, 2])
# what an interpreter finds out about a network is found out once
shared_member = cache(member)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_pair(
    name: str,
    family: str,
    record_property: Callable[[str, object], None],
    pytestconfig: pytest.Config,
) -> None:
    """The weight gradient is exact, or the interpreter refuses, as the table in the docs says."""
    try:
        check_weight_gradient(DIFFERENTIABLE[name], shared_member(family), images_for(family))
        outcome = "exact"
    except (TapeError, LayerError):
        outcome = "refused"
    # from these, `pytest --write-docs` makes the table
    record_property("pair", (family, name, outcome))
    if not pytestconfig.getoption("--write-docs"):
        assert families_table.read()[family, name] == outcome


def check_weight_gradient(interpreter: Interpreter, network: nn.Module, images: Tensor) -> None:
    """Along a direction in which every weight tensor has its say, against differences."""
    heatmap = interpreter(network, images, LABELS).heatmap
    mixture = torch.randn_like(heatmap)
    weights = [*network.parameters()]
    gradients = torch.autograd.grad(
        (heatmap * mixture).sum(), weights, materialize_grads=True, allow_unused=True
    )
    # a kink, where a gradient jumps, may lie between two points, but not close by and everywhere
    for step in (1e-6, 1e-7, 1e-8):
        directions = [unit(weight) for weight in weights]
        shares = torch.stack([(g * d).sum() for g, d in zip(gradients, directions, strict=True)])
        # each tensor's share is brought to 1, small ones as far as the digits last
        scales = shares.abs().clamp(min=max(1e-3 * float(shares.abs().max()), 1e-9))
        directions = [d / s for d, s in zip(directions, scales, strict=True)]
        expected = difference(interpreter, network, images, mixture, directions, step)
        actual = (shares / scales).sum()
        # rounding divided by the step leaves central differences five digits or so
        if torch.isclose(actual, expected, rtol=1e-5, atol=1e-3):
            return
    pytest.fail(f"{float(actual)} along a direction, differences say {float(expected)}")


def unit(weight: Tensor) -> Tensor:
    """A random direction of length 1."""
    direction = torch.randn_like(weight)
    return direction / direction.norm()


@torch.no_grad()
def difference(
    interpreter: Interpreter,
    network: nn.Module,
    images: Tensor,
    mixture: Tensor,
    directions: list[Tensor],
    step: float,
) -> Tensor:
    """The central difference of the mixed heatmap along a direction in weight space."""
    length = torch.stack([d.square().sum() for d in directions]).sum().sqrt()
    step = step / float(length)
    weights, values = [*network.parameters()], []
    before = [weight.clone() for weight in weights]
    for sign in (1, -1):
        for weight, value, direction in zip(weights, before, directions, strict=True):
            weight.copy_(value + sign * step * direction)
        values.append((interpreter(network, images, LABELS).heatmap * mixture).sum())
    for weight, value in zip(weights, before, strict=True):
        weight.copy_(value)
    return (values[0] - values[1]) / (2 * step)
