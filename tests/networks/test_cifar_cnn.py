"""The plain CIFAR-10 network: its shapes, its weights, its preprocessing."""

from pathlib import Path

import pytest
import torch

from networks import cifar_cnn, save_weights


def test_layers() -> None:
    network = cifar_cnn().eval()
    convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [m.out_channels for m in convolutions] == [96, 96, 96, 192, 192, 192]
    assert [m.stride[0] for m in convolutions] == [1, 1, 2, 1, 1, 2]
    seen: list[torch.Size] = []
    network.get_submodule("network.features").register_forward_hook(
        lambda _module, _inputs, output: seen.append(output.shape)
    )
    with torch.no_grad():
        assert network(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    assert seen == [(2, 192, 8, 8)]


def test_weights_from_a_file(tmp_path: Path) -> None:
    saved = cifar_cnn(num_classes=4).eval()
    save_weights(saved, tmp_path / "cnn.safetensors")
    loaded = cifar_cnn(str(tmp_path / "cnn.safetensors"), num_classes=4).eval()
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(loaded(images), saved(images), rtol=0, atol=0)
    with pytest.raises(ValueError, match="does not fit"):
        cifar_cnn(str(tmp_path / "cnn.safetensors"))


def test_only_the_mean_is_taken_away() -> None:
    network = cifar_cnn()
    images = torch.rand(1, 3, 32, 32)
    mean = torch.tensor([0.4914, 0.4822, 0.4465])[:, None, None]
    torch.testing.assert_close(network.normalize(images), images - mean)
