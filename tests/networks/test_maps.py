"""Outputs of layers as maps, whatever their proportions."""

import pytest
import torch
from torch import Tensor, nn

from interpreters import DeepLift, GradCam, InputXGradient, IntegratedGradients, Interpreter
from interpreters.lrp import LRP
from networks.last_map import LayerError, last_map
from networks.maps import as_map

LABELS = torch.tensor([0, 2])


def flattening(*layers: nn.Module) -> nn.Module:
    """A network of layers with 8 channels at the end, in double precision."""
    torch.manual_seed(0)
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    return nn.Sequential(*layers, *head).double()


def text_lines() -> nn.Module:
    """Pooled over height alone, as networks that read lines of text are."""
    return flattening(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d((2, 1)),
        nn.Conv2d(4, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d((4, 1)),
    )


@pytest.mark.parametrize(
    "interpreter",
    [
        *(GradCam(layer=layer) for layer in ("last", "3", "5")),
        *(kind(layer="5") for kind in (LRP, DeepLift, InputXGradient)),
        IntegratedGradients(2, layer="5"),
    ],
    ids=repr,
)
def test_pooling_of_one_side(interpreter: Interpreter) -> None:
    images = torch.rand(2, 3, 8, 32, dtype=torch.float64)
    heatmap = interpreter(text_lines(), images, LABELS).heatmap
    layer = getattr(interpreter, "layer", "")
    assert heatmap.shape[2:] == ((1, 32) if layer == "5" else (4, 32))


def test_a_wide_image_loses_its_proportions_without_padding() -> None:
    network = flattening(nn.Conv2d(3, 4, 5), nn.ReLU(), nn.Conv2d(4, 8, 5), nn.ReLU())
    images = torch.rand(2, 3, 16, 96, dtype=torch.float64)
    assert last_map(network, images[:1]) == "2"
    assert GradCam()(network, images, LABELS).heatmap.shape == (2, 1, 8, 88)


class ChannelsLast(nn.Module):
    """A map whose channels come last, as those of Swin do."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.mix(x.permute(0, 2, 3, 1))
        return mixed


class ChannelsFirst(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 3, 1, 2)


@pytest.mark.parametrize("kind", [LRP, DeepLift, InputXGradient])
def test_channels_last_are_those_of_the_twin(kind: type[LRP | DeepLift | InputXGradient]) -> None:
    """A map at a layer that returns (N, h, w, C) is that behind its permutation."""
    network = flattening(
        nn.Conv2d(3, 8, 2, 2), nn.ReLU(), ChannelsLast(), ChannelsFirst(), nn.Tanh()
    )
    images = torch.rand(2, 3, 8, 16, dtype=torch.float64)
    last, first = (kind(layer=layer)(network, images, LABELS).heatmap for layer in ("2", "3"))
    assert last.shape == (2, 1, 4, 8)
    torch.testing.assert_close(last, first)


def test_a_convolution_is_channels_first_whatever_its_channels() -> None:
    # 4 channels by 16 have the proportions of the image, 16 by 128 have not
    output = torch.rand(1, 4, 16, 128)
    assert as_map(output, 32, 128, nn.Conv2d(3, 4, 1)) is output
    permuted = as_map(output, 32, 128, nn.Linear(1, 1))
    assert permuted is not None
    assert permuted.shape == (1, 128, 4, 16)


def test_weights_of_attention_are_no_map() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.Softmax(-1)

        def forward(self, x: Tensor) -> Tensor:
            tokens = x.flatten(2).transpose(1, 2)[:, None]
            mixed = self.weights(tokens @ tokens.transpose(2, 3)) @ tokens
            return mixed[:, 0].transpose(1, 2).unflatten(2, x.shape[2:])

    network = flattening(nn.Conv2d(3, 8, 2, 2), Attention())
    with pytest.raises(LayerError, match=r"`1.weights` returns \(2, 1, 32, 32\), expected a map"):
        GradCam(layer="1.weights")(network, torch.rand(2, 3, 8, 16).double(), LABELS)
