"""Softplus in the place of ReLU."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from networks import NormalizedNetwork, Preprocessing, cifar_resnet, smoothed
from networks.smoothed import SmoothedNetwork

PREPROCESSING = Preprocessing(8, 8, "bilinear", (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))


class Rectifiers(nn.Module):
    """ReLU in every way that it is called."""

    def forward(self, images: Tensor) -> Tensor:
        shortcut = F.relu(images - 0.1, inplace=True)
        shortcut = nn.ReLU(inplace=True)(shortcut - 0.1)
        shortcut = torch.relu(shortcut - 0.1).relu() - 0.1
        written = shortcut * 1
        written.relu_()
        return (written + F.relu(shortcut)).flatten(1)


def by_hand(images: Tensor, beta: float) -> Tensor:
    def soft(values: Tensor) -> Tensor:
        return F.softplus(values, beta)

    colours = (PREPROCESSING.mean, PREPROCESSING.std)
    mean, std = (torch.tensor(part).double()[:, None, None] for part in colours)
    shortcut = soft((images - mean) / std - 0.1)
    shortcut = soft(shortcut - 0.1)
    shortcut = soft(soft(shortcut - 0.1)) - 0.1
    return (2 * soft(shortcut)).flatten(1)


def network() -> NormalizedNetwork:
    return NormalizedNetwork(Rectifiers(), PREPROCESSING).double()


def test_every_relu_is_a_softplus(images: Tensor) -> None:
    torch.testing.assert_close(smoothed(network(), 3.0)(images), by_hand(images, 3.0))


def test_gradients_are_right(images: Tensor) -> None:
    image = images[:1, :, :2, :2].clone().requires_grad_()
    assert torch.autograd.gradgradcheck(smoothed(network(), 3.0), image)


def test_scaled_sharpness_is_in_units_of_what_enters(images: Tensor) -> None:
    """A ReLU of larger values is smoothed as much, each image by its own size."""

    class Scaled(nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, images: Tensor) -> Tensor:
            return F.relu(self.factor * images).flatten(1)

    def soft(factor: float, images: Tensor) -> Tensor:
        return smoothed(NormalizedNetwork(Scaled(factor), PREPROCESSING).double(), 2.0, True)(
            images
        )

    once = soft(1.0, images)
    torch.testing.assert_close(soft(50.0, images), 50 * once)
    torch.testing.assert_close(soft(1.0, images[1:2]), once[1:2])
    mean, std = (
        torch.tensor(p).double()[:, None, None] for p in (PREPROCESSING.mean, PREPROCESSING.std)
    )
    values = (images - mean) / std
    size = values.flatten(1).square().mean(1).sqrt()[:, None, None, None]
    expected = size * (1 + (2 * values / size).exp()).log() / 2
    torch.testing.assert_close(once, expected.flatten(1))


def test_relu_is_the_limit(images: Tensor) -> None:
    sharp = cifar_resnet().double().eval()
    with torch.no_grad():
        soft, expected = smoothed(sharp, 1e6)(images), sharp(images)
    # softplus is at most log(2) / beta above ReLU, in each of 19 layers
    torch.testing.assert_close(soft, expected, rtol=1e-4, atol=1e-4)


def test_relu_has_no_curvature_and_softplus_has(images: Tensor) -> None:
    def curved(network: nn.Module) -> bool:
        leaf = images.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(network(leaf)[:, 0].sum(), leaf, create_graph=True)
        (second,) = torch.autograd.grad(gradient.sum(), leaf, allow_unused=True)
        return second is not None and bool(second.any())

    sharp = cifar_resnet().double().eval()
    assert not curved(sharp)
    assert curved(smoothed(sharp))


def test_weights_and_layers_are_those_of_the_network() -> None:
    sharp = cifar_resnet()
    soft = smoothed(sharp)
    assert isinstance(soft, SmoothedNetwork)
    assert soft.network is sharp.network
    assert soft.preprocessing == sharp.preprocessing


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="`beta` must be above 0, got 0"):
        smoothed(cifar_resnet(), 0)
    with pytest.raises(ValueError, match="takes images that are normalised"):
        smoothed(nn.ReLU())
