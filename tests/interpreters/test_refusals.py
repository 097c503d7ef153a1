"""What interpreters refuse, and how they say so."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from interpreters import LRP, Captum, GradCam, Interpreter, SimpleGradient, SmoothGrad
from networks.last_map import LayerError


def test_unknown_layer_names_the_right_ones(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    with pytest.raises(LayerError, match=r"no layer `layer5` in the network; choose last, 0, 1, 2"):
        GradCam("layer5")(network, images, labels)


def test_a_composite_by_name() -> None:
    with pytest.raises(TypeError, match="a file of configs/composites, got 'heo'"):
        LRP(composite="heo")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [GradCam, LRP, SmoothGrad, partial(Captum, "Saliency")])
def test_an_unknown_target(kind: Callable[..., Interpreter]) -> None:
    with pytest.raises(ValueError, match=r"one of \('label', 'prediction', 'other'\), got 'lable'"):
        kind(target="lable")


def test_layer_without_a_map(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    with pytest.raises(LayerError, match=r"`6` returns \(3, 3\), expected a map"):
        GradCam("6")(network, images, labels)


def test_network_without_convolution(images: Tensor, labels: Tensor) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 4)).double()
    with pytest.raises(LayerError, match="Sequential has no layer with a map"):
        GradCam()(network, images, labels)


def test_layer_that_runs_twice(images: Tensor, labels: Tensor) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.head = nn.Conv2d(3, 3, 1), nn.Linear(3, 4)

        def forward(self, images: Tensor) -> Tensor:
            features = self.convolution(self.convolution(images))
            logits: Tensor = self.head(features.mean((2, 3)))
            return logits

    with pytest.raises(LayerError, match="`convolution` runs more than once"):
        SimpleGradient("convolution")(Twice().double(), images, labels)


class SideBranch(nn.Module):
    """A layer that runs but that the logits do not depend on, and one that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.side, self.idle, self.head = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Linear(192, 4)

    def forward(self, images: Tensor) -> Tensor:
        self.side(images)
        logits: Tensor = self.head(images.flatten(1))
        return logits


def test_layer_beside_the_logits(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(LayerError, match="logits do not depend on the chosen layer"):
        GradCam("side")(SideBranch().double(), images, labels)


def test_layer_that_never_runs(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(LayerError, match="`idle` did not run"):
        GradCam("idle")(SideBranch().double(), images, labels)


def test_batch_norm_in_training_mode(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    with pytest.raises(ValueError, match=r"BatchNorm `network.1` is in training mode"):
        GradCam()(network.train(), images, labels)


def test_inference_mode(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    with torch.inference_mode(), pytest.raises(ValueError, match="inference mode forbids"):
        SimpleGradient()(network, images, labels)


def test_network_without_logits(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(ValueError, match=r"returns \(3, 3, 8, 8\), expected logits"):
        SimpleGradient()(nn.Conv2d(3, 3, 1).double(), images, labels)
