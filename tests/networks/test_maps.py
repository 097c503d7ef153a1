"""Outputs of layers as maps, whatever their proportions."""

import pytest
import torch
from helpers import PREPROCESSING
from torch import Tensor, nn

from interpreters import (
    Captum,
    DeepLift,
    GradCam,
    InputXGradient,
    IntegratedGradients,
    Interpreter,
    SimpleGradient,
)
from interpreters.lrp import LRP
from networks import NormalizedNetwork, UnsupportedError
from networks.last_map import LayerError, last_map
from networks.maps import spatial_map
from networks.token_grids import grids_of_pass

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
    assert spatial_map(output, nn.Conv2d(3, 4, 1), 32, 128) is output
    permuted = spatial_map(output, nn.Linear(1, 1), 32, 128)
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


class Tokens(nn.Module):
    """A transformer of small patches behind prefix tokens, which are means of the patches."""

    def __init__(self, patches: nn.Module, prefix: int) -> None:
        super().__init__()
        self.patches, self.prefix = patches, prefix
        self.mix, self.head = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patches(images)
        tokens = patches.flatten(2).mT if patches.ndim == 4 else patches
        first = tokens.mean(1, keepdim=True).expand(-1, self.prefix, -1)
        tokens = self.mix(torch.cat([first, tokens], 1))
        logits: Tensor = self.head(tokens.square().mean(1))
        return logits


class Unfolded(nn.Module):
    """Patches of 8 x 8 pixels that no convolution makes."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3 * 8 * 8, 8)

    def forward(self, images: Tensor) -> Tensor:
        tokens: Tensor = self.embed(nn.functional.unfold(images, 8, stride=8).mT)
        return tokens


@pytest.mark.parametrize(
    ("patch", "prefix", "size", "grid"),
    [
        (8, 5, (16, 16), (2, 2)),  # 9 tokens are no 3 x 3 patches
        (8, 0, (32, 32), (4, 4)),  # nor 16 tokens 3 x 3 patches behind 7 prefix tokens
        (8, 7, (24, 24), (3, 3)),
        ((4, 8), 1, (16, 16), (4, 2)),  # patches that are no squares
        (8, 1, (16, 48), (2, 6)),
    ],
)
@pytest.mark.parametrize("layer", ["last", "mix"])
def test_tokens_have_the_grid_of_the_patches(
    patch: int | tuple[int, int],
    prefix: int,
    size: tuple[int, int],
    grid: tuple[int, int],
    layer: str,
) -> None:
    torch.manual_seed(0)
    network = Tokens(nn.Conv2d(3, 8, patch, patch), prefix).double()
    images = torch.rand(2, 3, *size, dtype=torch.float64)
    heatmap = SimpleGradient(layer=layer)(network, images, LABELS).heatmap
    # d logit / d token = 2 head token / tokens, transcribed
    tokens = network.patches(images).flatten(2).mT
    tokens = network.mix(tokens)
    gradient = 2 * tokens * network.head.weight[LABELS][:, None] / (tokens.shape[1] + prefix)
    expected = gradient.abs().sum(2).unflatten(1, grid)[:, None]
    torch.testing.assert_close(heatmap, expected)


@pytest.mark.parametrize(
    "explain", [GradCam(layer="mix"), LRP(layer="mix"), Captum("LayerGradientXActivation", "mix")]
)
def test_tokens_that_may_be_either_are_refused(explain: Interpreter) -> None:
    network, images = Tokens(Unfolded(), 5).double(), torch.rand(2, 3, 16, 16).double()
    message = "9 tokens may be 3x3 patches and 0 prefix tokens or 2x2 patches and 5 prefix tokens"
    with pytest.raises(UnsupportedError, match=message):
        explain(network, images, LABELS)
    # unless the network says which
    network.num_prefix_tokens = 5  # type: ignore[assignment]  # no module
    assert explain(network, images, LABELS).heatmap.shape == (2, 1, 2, 2)
    network.num_prefix_tokens = 0  # type: ignore[assignment]  # no module
    assert explain(network, images, LABELS).heatmap.shape == (2, 1, 3, 3)


def test_the_number_is_also_read_from_the_wrapper() -> None:
    network = NormalizedNetwork(Tokens(Unfolded(), 5), PREPROCESSING)
    network.num_prefix_tokens = 5  # type: ignore[assignment]  # no module
    heatmap = GradCam(layer="mix")(network, torch.rand(2, 3, 16, 16), LABELS).heatmap
    assert heatmap.shape == (2, 1, 2, 2)


def test_a_stated_number_decides_between_maps_of_the_pass() -> None:
    outputs = [(nn.Conv2d(1, 1, 1), torch.rand(1, 1, side, side)) for side in (3, 2)]
    network, images = nn.Module(), torch.rand(1, 1, 16, 16)
    with pytest.raises(UnsupportedError, match="2x2 patches and 5 prefix tokens or 3x3 "):
        grids_of_pass(network, images, outputs).grid(9)
    # 3 is neither; tokens that prefix tokens have not joined yet are those of a map
    for stated, expected in ((5, (2, 2, 5)), (0, (3, 3, 0)), (3, (3, 3, 0))):
        network.num_prefix_tokens = stated  # type: ignore[assignment]  # no module
        assert grids_of_pass(network, images, outputs).grid(9) == expected
    network.num_prefix_tokens = 1  # type: ignore[assignment]  # no module
    assert grids_of_pass(network, images, outputs).grid(8) is None


def test_a_stated_number_is_kept_where_the_pass_shows_another() -> None:
    # 21 values of channels before positions look as 16 patches and 5 prefix tokens
    outputs = [
        (nn.Conv2d(1, 1, 1), torch.rand(1, 1, 4, 4)),
        (nn.Identity(), torch.rand(1, 17, 8)),
        (nn.Identity(), torch.rand(1, 21, 1)),
    ]
    network, images = nn.Module(), torch.rand(1, 1, 16, 16)
    assert grids_of_pass(network, images, outputs).grid(5) is None
    network.num_prefix_tokens = 1  # type: ignore[assignment]  # no module
    # 5 tokens are merged to 2 x 2
    assert grids_of_pass(network, images, outputs).grid(5) == (2, 2, 1)


def test_merged_tokens_keep_the_prefix_of_the_pass() -> None:
    class Merging(Tokens):
        def forward(self, images: Tensor) -> Tensor:
            tokens = self.mix(self.patches(images).flatten(2).mT)
            rows = tokens.unflatten(1, (8, 8))
            merged = self.head(rows[:, ::2, ::2].flatten(1, 2).square())
            return merged.mean(1)

    network = Merging(nn.Conv2d(3, 8, 4, 4), 0)
    assert GradCam(layer="head")(network, torch.rand(2, 3, 32, 32), LABELS).heatmap.shape[2:] == (
        4,
        4,
    )


def test_channels_before_positions_are_no_tokens() -> None:
    class Pooled(Tokens):
        """As the Swin of transformers: the mean of the tokens by AdaptiveAvgPool1d, (N, C, 1)."""

        def __init__(self) -> None:
            super().__init__(nn.Conv2d(3, 9, 8, 8), 0)
            self.mix, self.head = nn.Linear(9, 9), nn.Linear(9, 3)
            self.pool = nn.AdaptiveAvgPool1d(1)

        def forward(self, images: Tensor) -> Tensor:
            tokens = self.mix(self.patches(images).flatten(2).mT)
            logits: Tensor = self.head(self.pool(tokens.mT).flatten(1))
            return logits

    network, images = Pooled().double(), torch.rand(2, 3, 32, 32, dtype=torch.float64)
    # its 9 channels are no 3 x 3 patches
    assert last_map(network, images[:1]) == "mix"
    with pytest.raises(LayerError, match=r"`pool` returns \(2, 9, 1\), expected a map"):
        GradCam(layer="pool")(network, images, LABELS)
    attribution = network.mix(network.patches(images).flatten(2).mT)
    attribution = attribution * network.head.weight[LABELS][:, None] / 16
    expected = attribution.sum(2).unflatten(1, (4, 4))[:, None]
    for explain in (LRP(layer="mix"), InputXGradient(layer="mix")):
        torch.testing.assert_close(explain(network, images, LABELS).heatmap, expected)
    black = torch.zeros_like(images)
    baseline = network.mix(network.patches(black).flatten(2).mT)
    baseline = baseline * network.head.weight[LABELS][:, None] / 16
    rises = (expected.flatten(2) - baseline.sum(2)[:, None]).view(2, 1, 4, 4)
    torch.testing.assert_close(DeepLift(layer="mix")(network, images, LABELS).heatmap, rises)
