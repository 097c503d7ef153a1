"""What every interpreter promises, on every kind of network."""

from collections.abc import Callable

import pytest
import torch
from conftest import PREPROCESSING
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call
from torchvision.models.densenet import DenseNet
from torchvision.models.vgg import make_layers

from interpreters import GradCam, InputXGradient, Interpreter, SimpleGradient
from networks import NormalizedNetwork, cifar_resnet, timm_network, torchvision_network

INTERPRETERS: list[Interpreter] = [
    SimpleGradient(),
    SimpleGradient("last"),
    InputXGradient(),
    InputXGradient("last"),
    GradCam(),
]
all_interpreters = pytest.mark.parametrize("interpreter", INTERPRETERS, ids=repr)


def smooth(network: nn.Module) -> nn.Module:
    """The network with Softplus for ReLU, in float64, with weights that make no unit dead."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU | nn.ReLU6):
                setattr(module, name, nn.Softplus(beta=5))
    return network.double().eval()


def small_resnet(name: str) -> NormalizedNetwork:
    # a last BatchNorm of zero, timm's default, leaves gradients of exactly 0, where |.| has a kink
    options = {"channels": (4, 4, 4, 4), "layers": (1, 1, 1, 1), "stem_width": 2}
    options |= {"output_stride": 8, "zero_init_last": False}
    return timm_network(name, num_classes=3, options=options)


def resnet() -> NormalizedNetwork:
    return small_resnet("resnet18")


def bottleneck() -> NormalizedNetwork:
    return small_resnet("resnet50")


def densenet() -> NormalizedNetwork:
    return NormalizedNetwork(DenseNet(2, (1, 1, 1, 1), 2, num_classes=3), PREPROCESSING)


def vgg() -> NormalizedNetwork:
    features = make_layers([2, "M", 3, "M", 3], batch_norm=True)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3))
    return NormalizedNetwork(nn.Sequential(features, head), PREPROCESSING)


FAMILIES: list[Callable[[], NormalizedNetwork]] = [resnet, bottleneck, densenet, vgg]


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
        return interpreter(explained, images, labels).heatmap

    assert gradcheck(heatmap, weights)


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
    assert gradcheck(lambda x: interpreter(network, x, labels).heatmap, images)
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


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.__name__)
@all_interpreters
def test_weight_gradient_on_families(
    interpreter: Interpreter, family: Callable[[], NormalizedNetwork]
) -> None:
    """Along random directions of every single parameter, against central differences."""
    network = smooth(family())
    images, labels = torch.rand(2, 3, 32, 32, dtype=torch.float64), torch.tensor([0, 2])
    weights = dict(network.named_parameters())
    heatmap = interpreter(network, images, labels).heatmap
    mixture = torch.randn_like(heatmap)
    gradients = torch.autograd.grad(
        (heatmap * mixture).sum(), [*weights.values()], allow_unused=True
    )
    for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
        direction = torch.randn_like(weight)
        with torch.no_grad():
            values = []
            for step in (1e-7, -2e-7):
                weight.add_(direction, alpha=step)
                values.append((interpreter(network, images, labels).heatmap * mixture).sum())
            weight.add_(direction, alpha=1e-7)
        expected = (values[0] - values[1]) / 2e-7
        actual = torch.zeros(()) if gradient is None else (gradient * direction).sum()
        # rounding divided by the step leaves central differences seven digits or so
        torch.testing.assert_close(
            actual.double(),
            expected,
            rtol=1e-4,
            atol=1e-7,
            msg=f"{name}: {float(actual)} against {float(expected)}",
        )


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


@all_interpreters
def test_frozen_network(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    expected = interpreter(network, images, labels).heatmap
    frozen = network.requires_grad_(False)
    torch.testing.assert_close(interpreter(frozen, images, labels).heatmap, expected)


@all_interpreters
def test_batch_is_exact(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    batch = interpreter(network, images, labels).heatmap
    singles = [interpreter(network, images[i : i + 1], labels[i : i + 1]).heatmap for i in range(3)]
    torch.testing.assert_close(batch, torch.cat(singles))
    order = torch.tensor([2, 0, 1])
    shuffled = interpreter(network, images[order], labels[order]).heatmap
    torch.testing.assert_close(shuffled, batch[order])


def state(network: nn.Module) -> dict[str, object]:
    """Everything an interpreter could leave behind on a network."""
    found: dict[str, object] = {}
    for name, module in network.named_modules():
        hooks = [getattr(module, kind) for kind in vars(module) if kind.endswith("_hooks")]
        found[name] = (module.training, sum(map(len, hooks)))
    for name, parameter in network.named_parameters():
        found[f"parameter {name}"] = (id(parameter), parameter.requires_grad, parameter.grad)
        found[f"value {name}"] = parameter.tolist()
    for name, buffer in network.named_buffers():
        found[f"buffer {name}"] = (id(buffer), buffer.tolist())
    return found


@all_interpreters
@pytest.mark.parametrize("label", [1, 99], ids=["right", "raising"])
def test_network_untouched(
    interpreter: Interpreter, label: int, network: nn.Module, images: Tensor
) -> None:
    before, pixels = state(network), images.clone()
    labels = torch.full((3,), label)
    if label == 99:
        with pytest.raises((IndexError, RuntimeError), match="out of bounds"):
            interpreter(network, images, labels)
    else:
        interpreter(network, images, labels).heatmap.sum().item()
    assert state(network) == before
    assert not images.requires_grad
    assert images.equal(pixels)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("interpreter", [*INTERPRETERS[1::2], GradCam("0")], ids=repr)
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
    heatmap.sum().backward()  # type: ignore[no-untyped-call]  # torch's own
    without = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert without == ["network.linear.bias"]


@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet", "mobilenet_v3_small"])
def test_torchvision_families_explain_as_they_are(name: str) -> None:
    network = torchvision_network(name, num_classes=5).eval()
    images, labels = torch.rand(1, 3, 64, 64), torch.tensor([3])
    for interpreter in INTERPRETERS:
        assert interpreter(network, images, labels).heatmap.isfinite().all()
