"""Classifiers whose first layer normalises, so that images are in [0, 1] everywhere else."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from networks.logits import read_logits


class Preprocessing(NamedTuple):
    """Preprocessing of the images that a network was trained on.

    `size` is the side of the central crop and `resize` the side before it, in pixels. With `squash`
    both sides become `resize`, otherwise the shorter side does. `mean` and `std` are per channel,
    for images in [0, 1]. `interpolation` is a name of torchvision's InterpolationMode.

    Example:
        >>> Preprocessing(32, 36, "bilinear", (0.5, 0.5, 0.5), (0.2, 0.2, 0.2)).squash
        False
    """

    size: int
    resize: int
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    squash: bool = False


def for_channels(preprocessing: Preprocessing, channels: int) -> Preprocessing:
    """Return mean and std for this number of channels: their means, where there are others."""
    if len(preprocessing.mean) == channels:
        return preprocessing
    mean, std = (sum(values) / len(values) for values in (preprocessing.mean, preprocessing.std))
    return preprocessing._replace(mean=(mean,) * channels, std=(std,) * channels)


class Normalize(nn.Module):
    """Subtract the mean and divide by the standard deviation, channel by channel."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        # not persistent, so that a checkpoint holds only the weights of timm or torchvision
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return normalised images (N, C, H, W) of images in [0, 1].

        Raises: ValueError: they have another number of channels, which would broadcast.
        """
        if images.shape[1] != len(self.mean):
            raise ValueError(
                f"the images have {images.shape[1]} channels and the network takes "
                f"{len(self.mean)}: set `options: {{in_chans: {images.shape[1]}}}` of a network of "
                "timm, or give data with as many channels as the network takes"
            )
        return (images - self.mean) / self.std


class NormalizedNetwork(nn.Module):
    """A classifier that normalises images in [0, 1] before its network.

    Args:
        network: takes normalised images (N, 3, H, W), returns logits (N, K), or an output that
            `networks.read_logits` reads; of a tuple the first tensor counts.
        preprocessing: mean, std and sizes of the images that the network was trained on.
        classes: names of the classes, one for each logit, where they are known.

    Example:
        >>> preprocessing = Preprocessing(2, 2, "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        >>> NormalizedNetwork(nn.Flatten(), preprocessing)(torch.zeros(1, 3, 1, 1))
        tensor([[-1., -1., -1.]])
    """

    def __init__(
        self, network: nn.Module, preprocessing: Preprocessing, classes: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.classes = tuple(classes)
        self.preprocessing = preprocessing
        self.normalize = Normalize(preprocessing.mean, preprocessing.std)
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, K) of images (N, 3, H, W) in [0, 1]."""
        return read_logits(self.network(self.normalize(images)))


def bare(network: nn.Module) -> nn.Module:
    """Return the network inside `NormalizedNetwork`, with its library's layer and weight names.

    The wrapper of `torch.compile` is removed too.
    """
    while True:
        if isinstance(network, NormalizedNetwork):
            network = network.network
        elif "_orig_mod" in network._modules:
            network = network.get_submodule("_orig_mod")
        else:
            return network
