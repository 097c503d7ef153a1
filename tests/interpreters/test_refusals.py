"""What interpreters refuse, and how they say so."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import deepcopy
from functools import partial

import pytest
import torch
from timm.layers import DropPath
from torch import Tensor, nn
from torch.nn.functional import dropout
from torchvision.ops import StochasticDepth

from interpreters import (
    LRP,
    MFABA,
    Captum,
    DeepLift,
    Explanation,
    FastIG,
    GradCam,
    Interpreter,
    SimpleGradient,
    SmoothGrad,
    UnsupportedError,
)
from interpreters.lrp import ByKind, Rule
from interpreters.tape import TapeError
from interpreters.tape.affine import Affine
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
    with pytest.raises(UnsupportedError, match=r"BatchNorm `network.1` is in training mode"):
        GradCam()(network.train(), images, labels)


def test_inference_mode(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    with torch.inference_mode(), pytest.raises(ValueError, match="inference mode forbids"):
        SimpleGradient()(network, images, labels)


@pytest.mark.parametrize("dropping", [nn.Dropout(0.5), DropPath(0.1), StochasticDepth(0.1, "row")])
def test_dropout_in_training_mode(dropping: nn.Module, images: Tensor, labels: Tensor) -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3), dropping, nn.Flatten(), nn.Linear(72, 4)).double()
    name = type(dropping).__name__
    for explain in (SimpleGradient(), GradCam(), LRP(), DeepLift(), FastIG(), Captum("Saliency")):
        with pytest.raises(UnsupportedError, match=f"{name} `1` is in training mode, which drops"):
            explain(network, images, labels)
        explain(network.eval(), images, labels)
        network.train()


def test_functional_dropout(images: Tensor, labels: Tensor) -> None:
    """Units that a function drops by chance are found by behaviour."""

    class Dropping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.head = nn.Conv2d(3, 2, 3), nn.Linear(72, 4)

        def forward(self, images: Tensor) -> Tensor:
            kept = dropout(self.convolution(images).flatten(1), 0.5, self.training)
            logits: Tensor = self.head(kept)
            return logits

    network, before = Dropping().double(), torch.get_rng_state()
    for explain in (SimpleGradient(), GradCam(), LRP(), DeepLift(), FastIG(), Captum("Saliency")):
        with pytest.raises(UnsupportedError, match=r"or by chance: call network\.eval\(\)"):
            explain(network, images, labels)
        explain(network.eval(), images, labels)
        network.train()
    assert torch.equal(torch.get_rng_state(), before)


def test_tensors_of_inference_mode(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    with torch.inference_mode():
        made, other = images.clone(), deepcopy(network)
    for explain in (SimpleGradient(), GradCam(), LRP(), FastIG(), Captum("Saliency")):
        with pytest.raises(ValueError, match=r"`images` were made in inference mode.*\.clone\(\)"):
            explain(network, made, labels)
        explain(network, made.clone(), labels)
        with pytest.raises(UnsupportedError, match=r"`network.0.weight` was made in inference mo"):
            explain(other, images, labels)
    # which copies the images, beside its baseline
    expected = DeepLift()(network, images, labels)
    torch.testing.assert_close(DeepLift()(network, made, labels), expected)


class Backbone(nn.Module):
    """A classifier whose convolution runs inside a context."""

    def __init__(self, context: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__()
        self.context, self.body = context, nn.Conv2d(3, 2, 3)
        self.after, self.head = nn.Conv2d(2, 3, 3), nn.Linear(48, 4)

    def forward(self, images: Tensor) -> Tensor:
        with self.context():
            seen = self.body(images)
        logits: Tensor = self.head(self.after(seen).flatten(1))
        return logits


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("grad", [False, True])
def test_backbone_without_gradient(
    context: Callable[[], AbstractContextManager[None]],
    grad: bool,
    images: Tensor,
    labels: Tensor,
) -> None:
    network = Backbone(context).double().eval()
    for explain in (SimpleGradient(), LRP(), DeepLift(), FastIG(), MFABA(), Captum("Saliency")):
        with pytest.raises(UnsupportedError), torch.set_grad_enabled(grad):
            explain(network, images, labels)
    if context is torch.inference_mode:
        with pytest.raises(UnsupportedError, match="runs a part in inference mode, whose outputs"):
            SimpleGradient()(network, images, labels)
        network.after.requires_grad_(False)
    with pytest.raises(LayerError, match=r"gradient by torch.no_grad\(\)"):
        SimpleGradient()(network, images, labels)
    # behind the part without gradient there is one
    assert GradCam("after")(network, images, labels).heatmap.shape == (3, 1, 4, 4)
    if context is torch.inference_mode:
        with pytest.raises(LayerError, match="runs the layer `body` in inference mode"):
            GradCam("body")(network, images, labels)


INTERPRETERS = [SimpleGradient(), GradCam(), LRP(), DeepLift(), FastIG(), Captum("Saliency")]


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=lambda each: each.name)
def test_videos_and_volumes(interpreter: Interpreter, labels: Tensor) -> None:
    network = nn.Sequential(nn.Conv3d(3, 2, 3), nn.Flatten(), nn.LazyLinear(4)).double()
    volumes = torch.rand(3, 3, 4, 8, 8, dtype=torch.float64)
    network(volumes)
    with pytest.raises(ValueError, match=r"shape \(\d, 3, 4, 8, 8\), expected \(N, C, H, W\), one"):
        interpreter(network, volumes, labels)


@pytest.mark.parametrize("channels", [2, 3])
@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=lambda each: each.name)
def test_images_that_are_taken_for_one_volume(
    interpreter: Interpreter, channels: int, images: Tensor, labels: Tensor
) -> None:
    """Two images are one volume of two channels, as Conv3d takes it."""
    network = nn.Sequential(nn.Conv3d(channels, 5, 1), nn.Flatten(), nn.Linear(192, 4)).double()
    with pytest.raises(UnsupportedError, match=r"such as Conv3d takes|not take a batch of 2"):
        interpreter(network, images, labels)


def test_network_without_logits(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(
        UnsupportedError, match=r"a tensor of shape \(\d, 3, 8, 8\), expected logits"
    ):
        SimpleGradient()(nn.Conv2d(3, 3, 1).double(), images, labels)


@pytest.mark.parametrize("error", [LayerError, TapeError])
def test_every_named_error_is_one_of_what_is_unsupported(error: type[Exception]) -> None:
    assert issubclass(error, UnsupportedError)
    assert issubclass(UnsupportedError, ValueError)


class Detached(nn.Module):
    """A classifier whose logits have no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Conv2d(3, 3, 1), nn.Linear(192, 4)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(images).flatten(1))
        return logits.detach()


@pytest.mark.parametrize(
    "interpreter",
    [SimpleGradient(), GradCam(), GradCam("body"), SmoothGrad(), FastIG(), MFABA()],
    ids=repr,
)
def test_a_network_without_a_gradient(
    interpreter: Interpreter, images: Tensor, labels: Tensor
) -> None:
    with pytest.raises(UnsupportedError, match="autograd cannot differentiate the network"):
        interpreter(Detached().double(), images, labels)


class Fused(torch.autograd.Function):
    """A function without a derivative, as fused kernels are."""

    @staticmethod
    def forward(ctx: object, values: Tensor) -> Tensor:
        return values.clone()


class WithKernel(Detached):
    """A classifier that calls a kernel without a derivative."""

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(Fused.apply(self.body(images)).flatten(1))
        return logits


def test_a_kernel_without_a_derivative(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(UnsupportedError, match="cannot differentiate the network: You must"):
        SimpleGradient()(WithKernel().double(), images, labels)


def test_what_captum_does_not_support(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    with pytest.raises(UnsupportedError, match="captum's LRP cannot explain this network") as found:
        Captum("LRP")(network, images, labels)
    assert found.value.__cause__ is not None


def test_a_batch_in_another_dimension(images: Tensor, labels: Tensor) -> None:
    class Sequences(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(24, 4)

        def forward(self, images: Tensor) -> Tensor:
            rows = images.movedim(2, 0).flatten(2).relu()
            logits: Tensor = self.head(rows.mean(0))
            return logits

    with pytest.raises(UnsupportedError, match="first dimension does not hold the images"):
        DeepLift()(Sequences().double(), images[:2], labels[:2])


class Broken(Interpreter):
    """An interpreter with a bug."""

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        logits = network(images)
        return Explanation(logits, logits @ logits)


class BrokenRule(Rule):
    """A rule with a bug."""

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        return relevance + None  # type: ignore[operator]


@pytest.mark.parametrize(
    ("interpreter", "error"),
    [
        (Broken(), RuntimeError),
        (SmoothGrad(Broken()), RuntimeError),
        (LRP(composite=ByKind(linear=BrokenRule())), TypeError),
    ],
    ids=["interpreter", "inside another", "rule"],
)
def test_a_bug_is_not_taken_for_a_limitation(
    interpreter: Interpreter,
    error: type[Exception],
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
) -> None:
    with pytest.raises(error) as found:
        interpreter(network, images, labels)
    assert not isinstance(found.value, UnsupportedError)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, torch.AcceleratorError])
def test_an_error_of_the_device_passes(
    error: type[RuntimeError], images: Tensor, labels: Tensor
) -> None:
    class Exhausted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, values: Tensor) -> Tensor:
            return values.clone()

        @staticmethod
        def backward(ctx: object, gradient: Tensor) -> Tensor:
            raise error("no memory left")

    class Large(Detached):
        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.head(Exhausted.apply(self.body(images)).flatten(1))
            return logits

    for interpreter in (SimpleGradient(), FastIG(), Captum("Saliency")):
        with pytest.raises(error, match="no memory left"):
            interpreter(Large().double(), images, labels)
