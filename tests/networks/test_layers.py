"""Finding layers: "last" in convolutional families, refusal elsewhere, and no trace left."""

import gc
import weakref
from collections.abc import Callable
from copy import deepcopy

import pytest
import timm
import torch
from torch import Tensor, nn
from torchvision import models

from interpreters import InputXGradient
from networks import NormalizedNetwork, cifar_resnet, find_layer, torchvision_network
from networks.cifar_resnet import PREPROCESSING
from networks.last_map import LayerError

IMAGES = torch.rand(2, 3, 64, 64)


def small_swin() -> nn.Module:
    options = {"depths": (1, 1), "num_heads": (1, 2), "embed_dim": 8, "window_size": 4}
    return timm.create_model("swin_tiny_patch4_window7_224", img_size=64, **options)


def hooks(network: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: models.resnet18(), "layer4"),
        (lambda: models.vgg11_bn(init_weights=False, num_classes=3), "features"),
        (lambda: models.densenet121(), "features"),
        (lambda: models.squeezenet1_1(), "classifier.1"),  # its classes are read off a map
        (lambda: models.googlenet(init_weights=False), "inception5b"),
        (lambda: timm.create_model("test_convnext"), "stages"),
        (lambda: timm.create_model("test_resnet"), "layer4"),
        (lambda: cifar_resnet(20).network, "layer3"),
        # the class token takes from the others in the attention of the last block
        (lambda: timm.create_model("test_vit", img_size=64), "blocks.5.norm1"),
        (lambda: timm.create_model("test_vit", img_size=64, global_pool="avg"), "norm"),
        (lambda: small_swin(), "norm"),
    ],
    ids=[
        "resnet",
        "vgg",
        "densenet",
        "squeezenet",
        "googlenet",
        "convnext",
        "timm_resnet",
        "cifar_resnet",
        "vit",
        "vit_pooled",
        "swin",
    ],
)
def test_last(build: Callable[[], nn.Module], name: str) -> None:
    network = build().eval()
    wrapped = NormalizedNetwork(network, PREPROCESSING).eval()
    assert find_layer(network, "last", IMAGES) is network.get_submodule(name)
    assert find_layer(wrapped, "last", IMAGES) is network.get_submodule(name)
    assert hooks(wrapped) == 0


def test_last_of_oblong_images() -> None:
    network = models.resnet18().eval()
    assert find_layer(network, "last", torch.rand(1, 3, 64, 96)) is network.layer4


def test_last_depends_on_the_size_of_the_images() -> None:
    network = models.resnet18().eval()
    assert find_layer(network, "last", torch.rand(1, 3, 32, 32)) is network.layer3
    assert find_layer(network, "last", IMAGES) is network.layer4


def test_no_last_without_a_map() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 3)).eval()
    with pytest.raises(LayerError, match="Sequential has no layer with a map"):
        find_layer(network, "last", IMAGES)
    assert hooks(network) == 0


def test_last_is_read_by_the_logits() -> None:
    class Side(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.side, self.head = (
                nn.Conv2d(3, 4, 3),
                nn.Conv2d(4, 4, 3),
                nn.Linear(4, 2),
            )

        def forward(self, images: Tensor) -> Tensor:
            features = self.first(images)
            self.side(features)
            logits: Tensor = self.head(features.mean((2, 3)))
            return logits

    network = Side()
    assert find_layer(network, "last", IMAGES) is network.first


def test_dotted_name() -> None:
    network = cifar_resnet(20)
    found = find_layer(network, "layer2.1.conv1", IMAGES)
    assert found is network.network.get_submodule("layer2.1.conv1")


def test_names_need_no_forward_pass() -> None:
    network = nn.Sequential(nn.Linear(7, 1))
    assert find_layer(network, "0", IMAGES) is network[0]


@pytest.mark.parametrize("name", ["layer5", "", "network.layer4"])
def test_unknown_name_lists_right_ones(name: str) -> None:
    network = torchvision_network("resnet18")
    match = (
        f"no layer `{name}` .* choose last, conv1, bn1, relu, maxpool, layer1, .*layer4, avgpool"
    )
    with pytest.raises(LayerError, match=match):
        find_layer(network, name, IMAGES)


def test_unknown_name_suggests_the_closest() -> None:
    with pytest.raises(LayerError, match=r"`layer3.5.conv1` .*did you mean `layer3\.\d\.conv1`"):
        find_layer(cifar_resnet(20), "layer3.5.conv1", IMAGES)


def test_no_hook_left_after_an_exception() -> None:
    class Broken(nn.Sequential):
        def forward(self, images: Tensor) -> Tensor:
            self[0](images)
            raise RuntimeError("broken")

    network = Broken(nn.Conv2d(3, 4, 3), nn.ReLU())
    with pytest.raises(RuntimeError, match="broken"):
        find_layer(network, "last", IMAGES)
    assert hooks(network) == 0


@pytest.mark.parametrize("training", [False, True])
def test_network_is_left_as_found(training: bool) -> None:
    network = cifar_resnet(20).train(training)
    state, grad_mode = deepcopy(network.state_dict()), torch.is_grad_enabled()
    assert find_layer(network, "last", IMAGES) is network.network.layer3
    torch.testing.assert_close(network.state_dict(), state, rtol=0, atol=0)
    assert hooks(network) == 0
    assert all(module.training is training for module in network.modules())
    assert all(p.requires_grad and p.grad is None for p in network.parameters())
    assert torch.is_grad_enabled() is grad_mode


def test_answers_are_not_shared_and_keep_nothing_alive() -> None:
    network = cifar_resnet(20).eval()
    copy = deepcopy(network)
    assert find_layer(network, "last", IMAGES) is network.network.layer3
    assert find_layer(copy, "last", IMAGES) is copy.network.layer3
    gone = weakref.ref(copy)
    del copy
    gc.collect()
    assert gone() is None


class Attending(nn.Module):
    """A block whose queries, keys and values are three layers, read by a class token alone."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.first = nn.Conv2d(3, 8, 16, 16), nn.Linear(8, 8)
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 3)
        self.query, self.key, self.value = (nn.Linear(8, 8) for _ in range(3))

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patches(images).flatten(2).mT
        tokens = self.first(torch.cat([patches[:, :1], patches], 1))
        x = self.norm(tokens)
        scores = (self.query(x) @ self.key(x).mT).softmax(2)
        logits: Tensor = self.head((tokens + scores @ self.value(x))[:, 0])
        return logits


def test_last_carries_all_that_patches_contribute() -> None:
    """Of the tokens behind the normalisation, each is a part: weights of attention, or values."""
    network = Attending().double().eval()
    images = IMAGES.double()
    assert find_layer(network, "last", images) is network.norm
    norm, values = (
        InputXGradient(layer=layer)(network, images, torch.tensor([0, 2])).heatmap
        for layer in ("norm", "value")
    )
    assert not torch.allclose(norm, values)
