"""Networks of timm and torchvision: the library's weights behind its own preprocessing."""

from pathlib import Path
from urllib.error import URLError

import pytest
import timm
import torch
from jsonargparse import ArgumentParser
from torchvision import models
from torchvision.models import WeightsEnum

from networks import fingerprint, save_weights, timm_network, torchvision_network
from networks.sound import WeightFileError

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_timm_preprocessing() -> None:
    # timm's configuration: 160 pixels, crop 0.95
    preprocessing = timm_network("test_resnet").preprocessing
    assert preprocessing == (160, 168, "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), False)
    assert timm_network("resnet18.tv_in1k").preprocessing[3:5] == IMAGENET
    # 224 pixels, crop 0.9: timm rounds 248.9 down
    assert timm_network("levit_128s.fb_dist_in1k").preprocessing.resize == 248


def test_torchvision_preprocessing() -> None:
    expected = (224, 256, "bilinear", *IMAGENET, False)
    assert torchvision_network("squeezenet1_1").preprocessing == expected
    assert torchvision_network("efficientnet_b0").preprocessing.interpolation == "bicubic"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pretrained", "entry", "resize"),
    [
        ("IMAGENET1K_V1", "IMAGENET1K_V1", 256),
        ("IMAGENET1K_V2", "IMAGENET1K_V2", 232),
        ("DEFAULT", "IMAGENET1K_V2", 232),
        (True, "IMAGENET1K_V2", 232),
    ],
)
def test_weights_of_torchvision(
    pretrained: bool | str, entry: str, resize: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []

    def state_dict(entry: WeightsEnum, **options: object) -> dict[str, torch.Tensor]:
        fetched.append(entry)
        return dict(plain.state_dict())

    plain = models.resnet50()
    monkeypatch.setattr(WeightsEnum, "get_state_dict", state_dict)
    network = torchvision_network("resnet50", pretrained)
    assert network.preprocessing == (224, resize, "bilinear", *IMAGENET, False)
    assert fetched == [models.ResNet50_Weights[entry]]
    assert fingerprint(network) == fingerprint(plain)


def test_weights_that_torchvision_lacks() -> None:
    message = (
        r"no weights `IMAGENET1K_V3` of resnet50 \(did you mean `IMAGENET1K_V2`\?\); `pretrained` "
        "must be true, false or one of IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT"
    )
    with pytest.raises(ValueError, match=message):
        torchvision_network("resnet50", "IMAGENET1K_V3")


@pytest.mark.parametrize(("text", "value"), [("false", False), ("true", True), ("DEFAULT",) * 2])
def test_pretrained_on_the_command_line(text: str, value: bool | str) -> None:
    parser = ArgumentParser()
    parser.add_function_arguments(torchvision_network)
    given = parser.parse_args(["--name", "resnet50", "--pretrained", text]).pretrained
    assert (given, type(given)) == (value, type(value))


def test_logits_of_timm_network() -> None:
    network = timm_network("test_resnet", num_classes=3).eval()
    images = torch.rand(2, 3, 64, 64)
    assert network(images).shape == (2, 3)
    torch.testing.assert_close(network(images), network.network((images - 0.5) / 0.5))


def test_default_classes() -> None:
    images = torch.rand(1, 3, 64, 64)
    assert timm_network("test_resnet").eval()(images).shape == (1, 1000)
    assert torchvision_network("squeezenet1_1").eval()(images).shape == (1, 1000)
    assert torchvision_network("squeezenet1_1", num_classes=3).eval()(images).shape == (1, 3)


def test_timm_options() -> None:
    network = timm_network("test_vit", options={"img_size": 64}).eval()
    size = network.preprocessing.size
    assert size == 64
    assert network(torch.rand(1, 3, size, size)).shape == (1, 1000)


def test_timm_weights(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    plain = timm.create_model("test_resnet", num_classes=3)
    save_weights(plain, path)
    network = timm_network("test_resnet", weights=str(path), num_classes=3)
    assert fingerprint(network) == fingerprint(plain)
    with pytest.raises(WeightFileError, match="set `num_classes`"):
        timm_network("test_resnet", weights=str(path))


def test_torchvision_weights(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    first = torchvision_network("squeezenet1_1", num_classes=3)
    save_weights(first, path)
    again = torchvision_network("squeezenet1_1", weights=str(path), num_classes=3)
    assert fingerprint(again) == fingerprint(first)
    with pytest.raises(WeightFileError, match="set `num_classes`"):
        torchvision_network("squeezenet1_1", weights=str(path))


def test_unknown_names_suggest_the_closest() -> None:
    with pytest.raises(ValueError, match=r"no model `resnt18` \(did you mean `resnet18`\?\)"):
        timm_network("resnt18")
    with pytest.raises(ValueError, match=r"`resnt18` \(did you mean `resnet18`\?\)"):
        torchvision_network("resnt18")
    with pytest.raises(ValueError, match="no classifier `fcn_resnet50`"):  # segments, no logits
        torchvision_network("fcn_resnet50")


def test_pretrained_torchvision_has_1000_classes() -> None:
    with pytest.raises(ValueError, match="1000 classes, `num_classes` is 10; give `head: new`"):
        torchvision_network("resnet18", pretrained=True, num_classes=10)


def test_pretrained_weights_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("no such host")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    with pytest.raises(ValueError, match=r"`resnet18` could not be downloaded: .*no such host.*"):
        torchvision_network("resnet18", pretrained=True)
    with pytest.raises(ValueError, match=r"`resnet10t\.no` could not be downloaded: Invalid pre"):
        timm_network("resnet10t.no", pretrained=True)
    # what else goes wrong is nobody's connection
    with pytest.raises(RuntimeError, match="Invalid pretrained tag"):
        timm_network("resnet10t.no")


def test_attention_biases_that_timm_caches_follow_the_weights() -> None:
    network = timm_network("levit_128s", num_classes=3).eval()
    images = torch.rand(1, 3, 224, 224)
    for _ in range(2):  # a cached graph would be gone the second time
        network(images).sum().backward()
    before = network(images)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "attention_biases" in name:
                weight.add_(torch.rand_like(weight))
    assert not network(images).allclose(before)
