"""Heatmaps under autocast, in channels-last memory, and in accumulated gradients."""

import pytest
import torch
from families import images_for, member
from torch import Tensor

from benchmarks.shipped import DIFFERENTIABLE

LABELS = torch.tensor([0, 2])
FAMILY = "ResNet, basic"
# with BatchNorm that is folded, and that is not
BOTH = [FAMILY, "DenseNet"]


@pytest.mark.slow
@pytest.mark.parametrize("family", BOTH)
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_bf16_autocast(name: str, family: str) -> None:
    """Eight bits of mantissa: maps stay near those of float32, and gradients finite."""
    network, images = member(family).float(), images_for(family).float()
    expected = DIFFERENTIABLE[name](network, images, LABELS).heatmap
    with torch.autocast("cpu", torch.bfloat16):
        actual = DIFFERENTIABLE[name](network, images, LABELS).heatmap
    # signed maps of pixels are differences, of which rounding takes the larger share; at the last
    # layer, that of DeepLift on DenseNet is 5.3 %
    distance = 0.06 if "last" in name or name == "grad_cam" else 0.45
    error = (actual.float() - expected).flatten(1).norm(dim=1)
    assert (error <= distance * expected.flatten(1).norm(dim=1)).all(), error
    actual.float().square().mean().backward()
    assert all(w.grad is None or w.grad.isfinite().all() for w in network.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("family", BOTH)
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_channels_last(name: str, family: str) -> None:
    network, images = member(family), images_for(family)
    weights = [*network.parameters()]

    def gradients(pixels: Tensor) -> tuple[Tensor, ...]:
        heatmap = DIFFERENTIABLE[name](network, pixels, LABELS).heatmap
        found = torch.autograd.grad(
            heatmap.square().sum(), weights, allow_unused=True, materialize_grads=True
        )
        return (heatmap, *found)

    expected = gradients(images)
    network.to(memory_format=torch.channels_last)
    actual = gradients(images.to(memory_format=torch.channels_last))
    torch.testing.assert_close(actual, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_accumulated_gradients(name: str) -> None:
    """Two halves of a batch, one after the other, have the gradient of the whole."""
    network, images = member(FAMILY), images_for(FAMILY)

    def gradient(*pieces: slice) -> list[Tensor | None]:
        network.zero_grad()
        for piece in pieces:
            heatmap = DIFFERENTIABLE[name](network, images[piece], LABELS[piece]).heatmap
            heatmap.square().sum().backward()
        return [weight.grad for weight in network.parameters()]

    expected = gradient(slice(0, 2))
    torch.testing.assert_close(gradient(slice(0, 1), slice(1, 2)), expected)
