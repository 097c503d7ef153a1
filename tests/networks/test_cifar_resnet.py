"""CIFAR ResNets against the tables of He et al. (2016)."""

from pathlib import Path

import pytest
import torch
from torch import nn

from networks import cifar_resnet, find_layer, fingerprint, save_weights
from networks.cifar_resnet import Block, ShortcutA


@pytest.mark.parametrize(
    ("depth", "millions"), [(20, "0.27"), (32, "0.46"), (44, "0.66"), (56, "0.85"), (110, "1.7")]
)
def test_parameters_of_table_6(depth: int, millions: str) -> None:
    network = cifar_resnet(depth)
    count = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    assert f"{count:.{len(millions) - 2}f}" == millions
    weighted = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(weighted) == depth


def test_names_of_public_checkpoints() -> None:
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = {"conv1.weight", "linear.weight", "linear.bias", *(f"bn1.{part}" for part in norm)}
    for stage in (1, 2, 3):
        for block in (0, 1, 2):
            for i in (1, 2):
                place = f"layer{stage}.{block}"
                expected |= {f"{place}.conv{i}.weight", *(f"{place}.bn{i}.{p}" for p in norm)}
    assert set(cifar_resnet(20).network.state_dict()) == expected


def test_sizes_of_maps() -> None:
    network = cifar_resnet(20, num_classes=7).eval()
    images = torch.rand(2, 3, 32, 32)
    assert network(images).shape == (2, 7)
    for name, shape in (
        ("layer1", (2, 16, 32, 32)),
        ("layer2", (2, 32, 16, 16)),
        ("layer3", (2, 64, 8, 8)),
    ):
        shapes: list[torch.Size] = []
        find_layer(network, name, images).register_forward_hook(
            lambda _module, _inputs, output, shapes=shapes: shapes.append(output.shape)
        )
        network(images)
        assert shapes == [shape]


@pytest.mark.parametrize(("height", "width"), [(4, 4), (5, 6)])
def test_shortcut_is_option_a(height: int, width: int) -> None:
    features = torch.rand(2, 4, height, width, dtype=torch.float64)
    expected = torch.zeros(2, 8, (height + 1) // 2, (width + 1) // 2, dtype=torch.float64)
    for channel in range(4):
        for row in range(0, height, 2):
            for column in range(0, width, 2):
                expected[:, channel + 2, row // 2, column // 2] = features[:, channel, row, column]
    torch.testing.assert_close(ShortcutA(8)(features), expected, rtol=0, atol=0)


@pytest.mark.parametrize("channels", [4, 8])
def test_block_adds_the_shortcut(channels: int) -> None:
    block = Block(4, channels).double()
    features = torch.randn(2, 4, 6, 6, dtype=torch.float64)
    residual = block.bn2(block.conv2(block.bn1(block.conv1(features)).relu()))
    shortcut = features if channels == 4 else ShortcutA(channels)(features)
    torch.testing.assert_close(block(features), (residual + shortcut).relu())


def test_weights(tmp_path: Path) -> None:
    network = cifar_resnet(20)
    save_weights(network, tmp_path / "weights.safetensors")
    again = cifar_resnet(20, weights=str(tmp_path / "weights.safetensors"))
    assert fingerprint(again) == fingerprint(network) != fingerprint(cifar_resnet(20))


@pytest.mark.parametrize("depth", [0, 18, 21])
def test_wrong_depth(depth: int) -> None:
    with pytest.raises(ValueError, match=f"must be one of 20, 32, 44, 56, 110, got {depth}"):
        cifar_resnet(depth)
