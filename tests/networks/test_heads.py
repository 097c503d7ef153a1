"""New last layers on trained weights: all else is loaded, the log says so, nothing is silent."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision import models
from torchvision.models import WeightsEnum

from networks import (
    NormalizedNetwork,
    cifar_resnet,
    fingerprint,
    save_weights,
    timm_network,
    torchvision_network,
)
from networks.normalized import bare
from networks.sound import WeightFileError

Build = Callable[..., NormalizedNetwork]
NETWORKS: dict[str, tuple[Build, set[str]]] = {
    "timm": (partial(timm_network, "test_resnet"), {"fc.weight", "fc.bias"}),
    "distilled": (
        partial(timm_network, "deit_tiny_distilled_patch16_224", options={"depth": 1}),
        {"head.weight", "head.bias", "head_dist.weight", "head_dist.bias"},
    ),
    "torchvision": (
        partial(torchvision_network, "squeezenet1_1"),
        {"classifier.1.weight", "classifier.1.bias"},
    ),
    "cifar": (cifar_resnet, {"linear.weight", "linear.bias"}),
}


@pytest.mark.parametrize(("build", "head"), NETWORKS.values(), ids=NETWORKS)
def test_all_but_the_head_is_loaded(
    build: Build, head: set[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, trained = tmp_path / "weights.safetensors", build(num_classes=7)
    save_weights(trained, path)
    with caplog.at_level(logging.INFO):
        network = build(weights=str(path), num_classes=3, head="new")
    found, expected = bare(network).state_dict(), bare(trained).state_dict()
    assert {name for name in found if not found[name].equal(expected[name])} == head
    assert all(len(found[name]) == 3 for name in head)
    assert "starts at random with 3 classes" in caplog.text
    assert f"{path} has 7" in caplog.text
    assert all(f"`{name}`" in caplog.text for name in head)
    with pytest.raises(WeightFileError, match="set `num_classes` to 7, or give `head: new` for"):
        build(weights=str(path), num_classes=3)


def test_a_head_that_is_not_new(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(timm_network("test_resnet", num_classes=3), path)
    with pytest.raises(WeightFileError, match=r"does not differ from ResNet in the number of cl"):
        timm_network("test_resnet", weights=str(path), num_classes=3, head="new")


def test_another_architecture_has_no_new_head(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(timm_network("test_vit", num_classes=7, options={"mlp_ratio": 2}), path)
    with pytest.raises(WeightFileError, match=r"does not differ .* in the number of classes alone"):
        timm_network("test_vit", weights=str(path), num_classes=3, head="new")
    with pytest.raises(WeightFileError, match="give the weights of the same architecture"):
        timm_network("test_vit", weights=str(path), num_classes=3)


def test_an_unknown_head() -> None:
    with pytest.raises(ValueError, match=r"`head` must be one of \('loaded', 'new'\), got 'old'"):
        torchvision_network("squeezenet1_1", head="old")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "head"), [("resnet18", {"fc"}), ("squeezenet1_1", {"classifier.1"})]
)
def test_torchvisions_own_weights(
    name: str, head: set[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def state_dict(entry: WeightsEnum, **options: object) -> dict[str, Tensor]:
        return dict(plain.state_dict())

    plain = models.get_model(name)
    monkeypatch.setattr(WeightsEnum, "get_state_dict", state_dict)
    with caplog.at_level(logging.INFO):
        network = torchvision_network(name, pretrained=True, num_classes=3, head="new").eval()
    assert network(torch.rand(1, 3, 64, 64)).shape == (1, 3)
    found, expected = bare(network).state_dict(), plain.state_dict()
    differing = {each for each in found if not found[each].equal(expected[each])}
    assert {each.rpartition(".")[0] for each in differing} == head
    assert f"new head: `{next(iter(head))}` starts at random with 3 classes" in caplog.text
    # the same number of classes needs no new head
    assert fingerprint(torchvision_network(name, pretrained=True)) == fingerprint(plain)
