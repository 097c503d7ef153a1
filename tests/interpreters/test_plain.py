"""Compiled networks and networks with checkpointing are explained as the same networks without."""

from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from helpers import PREPROCESSING, TinyNetwork
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from benchmarks.shipped import DIFFERENTIABLE, SHIPPED
from interpreters import (
    LRP,
    Captum,
    DeepLift,
    FastIG,
    GradCam,
    IntegratedGradients,
    Interpreter,
    SimpleGradient,
    UnsupportedError,
)
from networks import NormalizedNetwork, features, fingerprint, timm_network
from networks.last_map import LayerError
from networks.layers import find_layer
from networks.normalized import bare

SWIN = {"img_size": 32, "window_size": 4, "embed_dim": 12, "depths": (1, 1), "num_heads": (1, 2)}
SOME: dict[str, Interpreter] = {
    "simple_gradient": SimpleGradient(),
    "grad_cam": GradCam(),
    "lrp": LRP(),
    "deep_lift": DeepLift(),
    "integrated_gradients": IntegratedGradients(layer="last", steps=2),
    "captum": Captum("LayerGradCam", layer="last"),
}


def never(*_: object) -> None:
    raise AssertionError("compiled")


def compiled(network: nn.Module, backend: Any = never) -> nn.Module:
    return cast(nn.Module, torch.compile(network, backend=backend))


def compiled_inside(network: NormalizedNetwork) -> nn.Module:
    return NormalizedNetwork(compiled(network.network), network.preprocessing).double()


def compiled_in_place(network: NormalizedNetwork) -> nn.Module:
    network.network.compile(backend=never)
    return network


def explained(interpreter: Interpreter, network: nn.Module, images: Tensor) -> list[Tensor]:
    """Logits, heatmap and its gradient in the weights."""
    weights = list(network.parameters())
    logits, heatmap = interpreter(network, images, torch.tensor([1, 3]))
    if not interpreter.differentiable:
        return [logits, heatmap]
    total = heatmap.square().sum()
    return [logits, heatmap, *torch.autograd.grad(total, weights, materialize_grads=True)]


@pytest.mark.parametrize("build", [compiled, compiled_inside, compiled_in_place])
@pytest.mark.parametrize("interpreter", SOME.values(), ids=SOME)
def test_compiled(
    interpreter: Interpreter, build: Callable[[NormalizedNetwork], nn.Module]
) -> None:
    network = NormalizedNetwork(TinyNetwork(), PREPROCESSING).double().eval()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    expected = explained(interpreter, network, images)
    torch.testing.assert_close(explained(interpreter, build(network), images), expected)


@pytest.mark.parametrize("build", [compiled, compiled_inside])
def test_names_and_features_of_a_compiled_network(
    build: Callable[[NormalizedNetwork], nn.Module],
) -> None:
    network = NormalizedNetwork(TinyNetwork(), PREPROCESSING).double().eval()
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    expected, names, inner = features(network, images), fingerprint(network), network.network
    other = build(network)
    assert fingerprint(other) == names
    assert bare(other) is inner
    torch.testing.assert_close(features(other, images), expected)


@pytest.mark.slow
def test_what_explores_runs_the_compiled_code() -> None:
    network = TinyNetwork().double().eval()
    images, labels = torch.rand(2, 3, 8, 8, dtype=torch.float64), torch.tensor([1, 3])
    expected = FastIG()(network, images, labels)
    found = FastIG()(compiled(network, "eager"), images, labels)
    torch.testing.assert_close(found, expected)


def assert_checkpointing_changes_nothing(
    name: str, interpreters: dict[str, Interpreter], size: int, **options: object
) -> None:
    torch.manual_seed(0)
    network = timm_network(name, num_classes=4, options=options).double().eval()
    images, labels = torch.rand(1, 3, size, size, dtype=torch.float64), torch.tensor([1])
    for grad in (False, True):
        for title, interpreter in interpreters.items():
            found: list[Any] = []
            for checkpointed in (False, True):
                cast(Any, network.network).set_grad_checkpointing(checkpointed)
                try:
                    with torch.set_grad_enabled(grad):
                        found.append(interpreter(network, images, labels))
                except UnsupportedError as error:
                    found.append((str(error),))
            refused = isinstance(found[0][0], str)
            assert found[0] == found[1] if refused else all(map(torch.allclose, *found)), title
            assert any(getattr(each, "grad_checkpointing", False) for each in network.modules())


@pytest.mark.slow
def test_every_interpreter_of_a_network_with_checkpointing() -> None:
    every = {name: each for name, each in DIFFERENTIABLE.items() if name in SHIPPED}
    every |= {"captum": Captum("Saliency"), "explored": FastIG()}
    assert_checkpointing_changes_nothing("test_vit", every, 32, img_size=32)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size", "options"),
    [
        ("test_resnet", 32, {}),
        ("test_convnext", 32, {}),
        ("swin_tiny_patch4_window7_224", 32, SWIN),
    ],
)
def test_checkpointing_of_other_networks(name: str, size: int, options: dict[str, object]) -> None:
    assert_checkpointing_changes_nothing(name, SOME, size, **options)


class Checkpointed(nn.Module):
    """A network that calls torch.utils.checkpoint by itself."""

    def __init__(self) -> None:
        super().__init__()
        first, norm, act, *rest = TinyNetwork()
        self.stem, self.block, self.rest = nn.Sequential(first, norm), act, nn.Sequential(*rest)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.rest(checkpoint(self.block, self.stem(images), use_reentrant=False))
        return logits


def test_a_layer_that_is_computed_again_is_refused() -> None:
    network, images = Checkpointed().double().eval(), torch.rand(2, 3, 8, 8, dtype=torch.float64)
    with pytest.raises(LayerError, match=r"`block` is computed again .* switch checkpointing off"):
        explained(IntegratedGradients(layer="block", steps=2), network, images)


def test_last_is_found_again_when_a_layer_was_replaced() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(64, 2))
    images = torch.rand(1, 3, 8, 8)
    assert find_layer(network, "last", images) is network[1]
    network[1] = nn.AvgPool2d(3, 1)
    assert find_layer(network, "last", images) is network[0]
