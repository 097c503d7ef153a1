"""A classifier whose first layer normalises, so that images are [0, 1] pixels everywhere."""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Preprocessing(NamedTuple):
    """What a network was trained to see: sizes in pixels, mean and std per channel in [0, 1].

    Both sides become `resize` where the network was shown images squashed, the shorter one if not.
    """

    size: int
    resize: int
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    squash: bool = False


class Normalize(nn.Module):
    """Subtract the mean and divide by the standard deviation, channel by channel."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        # not persistent: a checkpoint holds the weights that timm and torchvision know, no more
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Normalise images of shape (N, C, H, W) with values in [0, 1]."""
        return (images - self.mean) / self.std


class NormalizedNetwork(nn.Module):
    """A classifier from images in [0, 1], shape (N, 3, H, W), to logits, shape (N, K)."""

    def __init__(self, network: nn.Module, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self.normalize = Normalize(preprocessing.mean, preprocessing.std)
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Classify images of shape (N, 3, H, W) with values in [0, 1]; logits of shape (N, K)."""
        logits: Tensor = self.network(self.normalize(images))
        return logits


def bare(network: nn.Module) -> nn.Module:
    """The network as its library made it: its layer names and weight names are the user's."""
    return network.network if isinstance(network, NormalizedNetwork) else network
