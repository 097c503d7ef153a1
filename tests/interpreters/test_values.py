"""The heatmaps themselves: formulas by hand, and a second opinion."""

import pytest
import torch
import torch.nn.functional as F
from captum.attr import InputXGradient as CaptumInputXGradient
from captum.attr import LayerGradCam, Saliency
from torch import Tensor, nn

from interpreters import GradCam, InputXGradient, SimpleGradient
from networks import NormalizedNetwork, cifar_resnet


def test_simple_gradient_is_captums_saliency(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    actual = SimpleGradient()(network, images, labels).heatmap
    expected = Saliency(network).attribute(images.requires_grad_(), labels)
    torch.testing.assert_close(actual, expected.sum(1, keepdim=True))


def test_input_x_gradient_is_captums(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    actual = InputXGradient()(network, images, labels).heatmap
    expected = CaptumInputXGradient(network).attribute(images.requires_grad_(), labels)
    torch.testing.assert_close(actual, expected.sum(1, keepdim=True))


@pytest.mark.parametrize("layer", ["layer3", "layer2", "layer1.0"])
def test_grad_cam_is_captums(layer: str) -> None:
    network = cifar_resnet().double().eval()
    images, labels = torch.rand(2, 3, 32, 32, dtype=torch.float64), torch.tensor([4, 7])
    actual = GradCam(layer)(network, images, labels).heatmap
    module = network.network.get_submodule(layer)
    expected = LayerGradCam(network, module).attribute(images, labels, relu_attributions=True)
    torch.testing.assert_close(actual, expected)


def test_grad_cam_is_cam_over_area_for_a_pooled_linear_head() -> None:
    convolution, head = nn.Conv2d(3, 6, 3), nn.Linear(6, 4)
    network = nn.Sequential(convolution, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).double()
    images, labels = torch.rand(2, 3, 9, 9, dtype=torch.float64), torch.tensor([1, 2])
    weights = head.weight[labels][:, :, None, None]
    cam = (weights * convolution(images)).sum(1, keepdim=True)
    torch.testing.assert_close(GradCam("0")(network, images, labels).heatmap, (cam / 49).relu())


def test_input_x_gradient_sums_to_the_logit_without_biases() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, bias=False),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(54, 4, bias=False),
    ).double()
    images, labels = torch.rand(2, 3, 8, 8, dtype=torch.float64), torch.tensor([1, 2])
    logits, heatmap = InputXGradient()(network, images, labels)
    torch.testing.assert_close(heatmap.sum((1, 2, 3)), logits[[0, 1], labels])


class Functional(nn.Module):
    """The same computation with functional calls, in-place ReLUs, or one ReLU used twice."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.style = style
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3)
        self.head = nn.Linear(5, 3)
        self.relu = nn.ReLU(inplace=style != "reused")

    def forward(self, images: Tensor) -> Tensor:
        activation = {"functional": F.relu, "in place": F.relu_}.get(self.style, self.relu)
        features = activation(self.second(activation(self.first(images))))
        logits: Tensor = self.head(features.mean((2, 3)))
        return logits


@pytest.mark.parametrize("style", ["in place", "reused", "module in place"])
@pytest.mark.parametrize("layer", [None, "first", "second"])
def test_styles_of_the_same_network_agree(style: str, layer: str | None) -> None:
    plain, other = Functional("functional").double(), Functional(style).double()
    other.load_state_dict(plain.state_dict())
    images, labels = torch.rand(2, 3, 9, 9, dtype=torch.float64), torch.tensor([0, 2])
    for interpreter in (SimpleGradient(layer), InputXGradient(layer), GradCam(layer)):
        expected = interpreter(plain, images, labels).heatmap
        torch.testing.assert_close(interpreter(other, images, labels).heatmap, expected)


def test_network_that_changes_its_input_leaves_the_images_alone() -> None:
    head = nn.Linear(12, 2)
    network = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), head).double()
    images = torch.randn(1, 3, 2, 2, dtype=torch.float64)
    before = images.clone()
    heatmap = SimpleGradient()(network, images, torch.tensor([1])).heatmap
    expected = (head.weight[1].view(1, 3, 2, 2).abs() * (before > 0)).sum(1, keepdim=True)
    torch.testing.assert_close(heatmap, expected)
    assert images.equal(before)


def test_adding_one_map_to_all_logits_changes_the_logit_map() -> None:
    """The logit's map is arbitrary where softmax is not: what a facade exploits."""

    class Facade(nn.Module):
        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.network(images) + images[:, 0].sum((1, 2))[:, None]
            return logits

    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).double()
    images, labels = torch.rand(1, 3, 2, 2, dtype=torch.float64), torch.tensor([0])
    plain = SimpleGradient()(network, images, labels)
    facade = SimpleGradient()(Facade(network), images, labels)
    torch.testing.assert_close(facade.logits.softmax(1), plain.logits.softmax(1))
    assert (facade.heatmap - plain.heatmap).abs().min() > 0


def test_adding_one_map_to_all_logits_changes_grad_cam() -> None:
    """The same at a layer: every logit alike may read its activations."""

    class Facade(nn.Module):
        def __init__(self, added: float) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.layer, self.head, self.added = nn.Conv2d(3, 2, 1), nn.Linear(2, 3), added

        def forward(self, images: Tensor) -> Tensor:
            maps = self.layer(images)
            logits: Tensor = self.head(maps.mean((2, 3))) + self.added * maps[:, :1].sum((2, 3))
            return logits

    images, labels = torch.rand(1, 3, 4, 4, dtype=torch.float64), torch.tensor([0])
    plain, facade = (
        GradCam("layer")(Facade(added).double(), images, labels) for added in (0.0, 1.0)
    )
    torch.testing.assert_close(facade.logits.softmax(1), plain.logits.softmax(1))
    assert (facade.heatmap - plain.heatmap).abs().max() > 0.1


def test_name_is_snake_case() -> None:
    names = [interpreter.name for interpreter in (GradCam(), InputXGradient(), SimpleGradient())]
    assert names == ["grad_cam", "input_x_gradient", "simple_gradient"]


def test_normalised_network_explains_pixels(network: NormalizedNetwork) -> None:
    """The gradient is that of [0, 1] pixels: the inner one over the standard deviation."""
    images, labels = torch.rand(1, 3, 8, 8, dtype=torch.float64), torch.tensor([2])
    normalised = network.normalize(images).detach().requires_grad_()
    (inner,) = torch.autograd.grad(network.network(normalised)[0, 2], normalised)
    expected = (inner / network.normalize.std).abs().sum(1, keepdim=True)
    torch.testing.assert_close(SimpleGradient()(network, images, labels).heatmap, expected)
