"""The embedded classifier is the one that its configurations used to spell out."""

from pathlib import Path

import pytest
import torch

from networks import fingerprint, save_weights, shapes_network, timm_network
from networks.shapes_network import EMBEDDED

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def spelled_out(weights: str | None) -> torch.nn.Module:
    options = {"channels": [16, 32, 64, 128], "output_stride": 8}
    return timm_network("resnet10t", weights=weights, num_classes=12, options=options)


def test_same_function_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    expected, network = spelled_out(str(EMBEDDED)).eval(), shapes_network().eval()
    assert fingerprint(network) == fingerprint(expected)
    assert network.preprocessing == expected.preprocessing
    with torch.no_grad():
        torch.testing.assert_close(network(IMAGES), expected(IMAGES), rtol=0, atol=0)


def test_own_weights_replace_the_embedded_ones(tmp_path: Path) -> None:
    other = spelled_out(None)
    save_weights(other, tmp_path / "weights.safetensors")
    network = shapes_network(weights=str(tmp_path / "weights.safetensors"))
    assert fingerprint(network) == fingerprint(other)


def test_random_weights_are_those_of_the_seed() -> None:
    torch.manual_seed(0)
    expected = spelled_out(None)
    torch.manual_seed(0)
    assert fingerprint(shapes_network(pretrained=False)) == fingerprint(expected)
    assert fingerprint(expected) != fingerprint(shapes_network())
