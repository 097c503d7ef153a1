"""Training on a network whose gradient turns less."""

from typing import Any

import pytest
import torch
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer
from torch import Tensor, nn

from lightning_modules import CurvatureRegularization
from lightning_modules.curvature_regularization import curvature
from networks import smoothed


def hessian_of(network: nn.Module, image: Tensor, label: Tensor) -> Tensor:
    hessian = torch.autograd.functional.hessian(lambda x: network(x)[0, label], image)
    assert isinstance(hessian, Tensor)
    return hessian.view(image.numel(), image.numel())


def test_curvature_is_the_length_of_the_hessian_times_a_direction() -> None:
    network = smoothed(tiny_network(4).double().eval(), beta=3.0)
    images, labels = torch.rand(2, 3, 4, 4, dtype=torch.float64), torch.tensor([2, 0])
    directions = torch.randn_like(images)
    logits, found = curvature(network, images, labels, directions, step=1e-5)
    torch.testing.assert_close(logits, network(images))
    for row in range(2):
        image, label = images[row : row + 1], labels[row]
        product = hessian_of(network, image, label) @ directions[row].flatten()
        # a forward difference is off by its step
        torch.testing.assert_close(found[row], product.square().sum(), rtol=1e-3, atol=0)


def test_its_mean_over_directions_is_the_norm_of_the_hessian() -> None:
    network = smoothed(tiny_network(4).double().eval(), beta=3.0)
    image = torch.rand(1, 3, 4, 4, dtype=torch.float64)
    hessian = hessian_of(network, image, torch.tensor(2))
    images, labels = image.expand(4000, -1, -1, -1), torch.full((4000,), 2)
    directions = torch.randn_like(images)
    found = curvature(network, images, labels, directions, step=1e-4)[1].detach()
    # four standard errors of the mean
    error = 4 * float(found.std()) / 4000**0.5
    torch.testing.assert_close(found.mean(), hessian.square().sum(), atol=error, rtol=0)


def test_it_has_a_gradient_in_the_weights() -> None:
    network = smoothed(tiny_network(4).double().eval(), beta=3.0)
    images, labels = torch.rand(2, 3, 4, 4, dtype=torch.float64), torch.tensor([2, 0])
    directions = torch.randn_like(images)
    names, weights = zip(*network.named_parameters(), strict=True)

    class WithWeights(nn.Module):
        def __init__(self, weights: tuple[Tensor, ...]) -> None:
            super().__init__()
            self.state = dict(zip(names, weights, strict=True))

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = torch.func.functional_call(network, self.state, images)
            return logits

    def penalty(*weights: Tensor) -> Tensor:
        return curvature(WithWeights(weights), images, labels, directions, step=0.1)[1]

    assert torch.autograd.gradcheck(penalty, weights)


def test_training_makes_it_fall() -> None:
    network = tiny_network()
    images, labels = torch.rand(16, 3, 64, 64), torch.arange(16) % 12
    directions = torch.randn_like(images)

    def curved() -> float:
        found = curvature(network.eval(), images, labels, directions, step=0.01)[1]
        return float(found.detach().mean())

    before = curved()
    module = CurvatureRegularization(
        network, lambda p: torch.optim.Adam(p, lr=0.01), weight=1000.0, fine_tuning=True
    )
    Trainer(**SILENT, max_epochs=4).fit(module, shapes())
    assert curved() < before / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": float("inf")}, "`weight` must be finite and not negative, got inf"),
        ({"step": 0.0}, r"`step` must lie in \(0, 1\), in units of pixels, got 0"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CurvatureRegularization(tiny_network(), **arguments)
