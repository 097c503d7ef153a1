"""What every interpreter promises, on every kind of network."""

from inspect import isabstract

import pytest
import torch
from families import FAMILIES, images_for, member
from helpers import state
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call

import interpreters
from benchmarks.shipped import DIFFERENTIABLE, SHIPPED, SMALL
from interpreters import (
    LRP,
    DeepLift,
    ExpectedGradients,
    GradCam,
    InputXGradient,
    IntegratedGradients,
    Interpreter,
    SimpleGradient,
)
from interpreters.lrp import Epsilon, EpsilonEverywhere
from interpreters.lrp.sums import Proportional
from networks import NormalizedNetwork, UnsupportedError, cifar_resnet, torchvision_network

VARIANTS: list[Interpreter] = [
    GradCam(target="other"),
    InputXGradient(absolute=True),
    IntegratedGradients(steps=2, score="probability", absolute=True),
    DeepLift(absolute=True),
    LRP(absolute=True),
]
INTERPRETERS = DIFFERENTIABLE | {repr(variant): variant for variant in VARIANTS}
ALL = SMALL | INTERPRETERS
all_interpreters = pytest.mark.parametrize("interpreter", INTERPRETERS.values(), ids=INTERPRETERS)
also_those_without_gradients = pytest.mark.parametrize("interpreter", ALL.values(), ids=ALL)


def test_every_interpreter_has_a_configuration() -> None:
    """By which it comes into this list; pictures to compare with are the user's own."""
    classes = {each for each in vars(interpreters).values() if isinstance(each, type)}
    made = {each for each in classes if issubclass(each, Interpreter) and not isabstract(each)}
    assert made - {type(each) for each in SHIPPED.values()} == {ExpectedGradients}


@all_interpreters
def test_shapes(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    logits, heatmap = interpreter(network, images, labels)
    torch.testing.assert_close(logits, network(images))
    assert heatmap.shape[:2] == (3, 1)
    assert heatmap.requires_grad
    assert logits.requires_grad


@all_interpreters
def test_gradient_in_every_weight(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    names, weights = zip(*network.named_parameters(), strict=True)

    def heatmap(*values: Tensor) -> Tensor:
        explained = Substituted(network, dict(zip(names, values, strict=True)))
        return interpreter(explained, images[:2], labels[:2]).heatmap

    # each weight by itself passes too, and takes 17 times as long
    assert gradcheck(heatmap, weights, fast_mode=True)


@pytest.mark.slow
@all_interpreters
def test_second_gradient_in_the_weights(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    names, weights = zip(*network.named_parameters(), strict=True)

    def heatmap(*values: Tensor) -> Tensor:
        explained = Substituted(network, dict(zip(names, values, strict=True)))
        return interpreter(explained, images[:1], labels[:1]).heatmap

    assert gradgradcheck(heatmap, weights, fast_mode=True)


@all_interpreters
def test_gradient_in_the_images(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    images.requires_grad_()
    assert gradcheck(lambda x: interpreter(network, x, labels).heatmap, images, fast_mode=True)
    assert gradgradcheck(
        lambda x: interpreter(network, x, labels[:1]).heatmap, images[:1], fast_mode=True
    )


class Substituted(nn.Module):
    """A network whose weights are other tensors: gradcheck moves those."""

    def __init__(self, network: nn.Module, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.network, self.weights = network, weights

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = functional_call(self.network, self.weights, (images,))
        return logits


@also_those_without_gradients
def test_a_network_in_training_mode_is_refused_as_found(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    """A pass would change its BatchNorm, and mix the images."""
    network.train()
    before = state(network)
    with pytest.raises(UnsupportedError, match=r"BatchNorm .* network\.eval\(\)"):
        interpreter(network, images, labels)
    with pytest.raises(UnsupportedError, match=r"BatchNorm .* network\.eval\(\)"):
        interpreter.attribution(network, images, labels)
    assert state(network) == before


@all_interpreters
def test_without_grad_mode_the_same_values(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    expected = interpreter(network, images, labels)
    with torch.no_grad():
        actual = interpreter(network, images, labels)
        assert not torch.is_grad_enabled()
    assert not actual.heatmap.requires_grad
    assert not actual.logits.requires_grad
    torch.testing.assert_close(actual, expected)


@also_those_without_gradients
def test_frozen_network(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    expected = interpreter(network, images, labels).heatmap
    frozen = network.requires_grad_(False)
    torch.testing.assert_close(interpreter(frozen, images, labels).heatmap, expected)


@also_those_without_gradients
def test_batch_is_exact(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    batch = interpreter(network, images, labels).heatmap
    singles = [interpreter(network, images[i : i + 1], labels[i : i + 1]).heatmap for i in range(3)]
    torch.testing.assert_close(batch, torch.cat(singles))
    order = torch.tensor([2, 0, 1])
    shuffled = interpreter(network, images[order], labels[order]).heatmap
    torch.testing.assert_close(shuffled, batch[order])


@pytest.mark.parametrize("family", FAMILIES)
def test_batch_is_exact_however_a_network_lays_it_out(family: str) -> None:
    """With an epsilon that is felt, which is in units of each image's size."""
    network, images = member(family).double(), images_for(family)
    felt = Epsilon(0.1)
    interpreter = LRP(composite=EpsilonEverywhere(felt, felt, sums=Proportional(epsilon=0.1)))
    labels = torch.arange(len(images)) % 3
    with torch.no_grad():
        batch = interpreter(network, images, labels).heatmap
        singles = [
            interpreter(network, image[None], label[None]).heatmap
            for image, label in zip(images, labels, strict=True)
        ]
    # convolutions round differently in batches of another size
    torch.testing.assert_close(batch, torch.cat(singles), rtol=1e-6, atol=1e-10)


@also_those_without_gradients
@pytest.mark.parametrize("label", [1, 99], ids=["right", "raising"])
def test_network_untouched(
    interpreter: Interpreter, label: int, network: nn.Module, images: Tensor
) -> None:
    before, pixels = state(network), images.clone()
    labels = torch.full((3,), label)
    if label == 99:
        with pytest.raises(ValueError, match="out of bounds"):
            interpreter(network, images, labels)
    else:
        interpreter(network, images, labels).heatmap.sum().item()
    assert state(network) == before
    assert not images.requires_grad
    assert images.equal(pixels)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    "interpreter", [SimpleGradient("last"), LRP("last"), LRP(), GradCam("0")], ids=repr
)
def test_network_untouched_when_its_forward_raises(
    interpreter: Interpreter, network: NormalizedNetwork, images: Tensor, labels: Tensor
) -> None:
    interpreter(network, images, labels)

    class Broken(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            raise FloatingPointError("broken")

    assert isinstance(network.network, nn.Sequential)
    network.network[6] = Broken()
    before = state(network)
    with pytest.raises(FloatingPointError, match="broken"), torch.no_grad():
        interpreter(network, images, labels)
    assert state(network) == before
    assert torch.is_grad_enabled()


def test_cifar_resnet_learns_from_its_heatmap() -> None:
    network = cifar_resnet().eval()
    heatmap = GradCam()(network, torch.rand(2, 3, 32, 32), torch.tensor([0, 1])).heatmap
    assert heatmap.shape == (2, 1, 8, 8)
    heatmap.sum().backward()
    without = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert without == ["network.linear.bias"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet", "mobilenet_v3_small"])
def test_torchvision_families_explain_as_they_are(name: str) -> None:
    network = torchvision_network(name, num_classes=5).eval()
    images, labels = torch.rand(1, 3, 64, 64), torch.tensor([3])
    for interpreter in INTERPRETERS.values():
        assert interpreter(network, images, labels).heatmap.isfinite().all()
