"""Regions of an image in the order of a heatmap, and images in which the first are replaced."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

from attacks.balls import uniform
from seeds import generator


class Fill(ABC):
    """What takes the place of a region."""

    @abstractmethod
    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """A picture to take the regions from, shaped like the images (N, 3, H, W)."""


@dataclass(frozen=True)
class BlackFill(Fill):
    """Black (Petsiuk et al. 2018)."""

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Zeros."""
        return torch.zeros_like(images)


@dataclass(frozen=True)
class UniformFill(Fill):
    """Colours drawn uniformly from [0, 1], by the seed and the image (Samek et al. 2017).

    Args:
        seed: Seed of the colours.
    """

    seed: int = 0

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Noise of the images' shape."""
        return uniform(images, [generator(self.seed, index) for index in indices])


@dataclass(frozen=True)
class MeanFill(Fill):
    """Each image's own mean colour."""

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """One colour for each image."""
        return images.mean((2, 3), keepdim=True).expand_as(images)


@dataclass(frozen=True)
class BlurFill(Fill):
    """The image itself, blurred.

    Args:
        sigma: Standard deviation of the Gaussian, in pixels.
    """

    sigma: float = 5.0

    def __post_init__(self) -> None:
        if not self.sigma > 0:
            raise ValueError(f"`sigma` must be above 0 pixels, got {self.sigma}")

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """The images through a Gaussian, out to three standard deviations."""
        # the image is mirrored at its border, which must be as wide as the window reaches
        reach = min(int(3 * self.sigma + 0.5), min(images.shape[2:]) - 1)
        blurred: Tensor = gaussian_blur(images, [2 * reach + 1] * 2, [self.sigma] * 2)
        return blurred


def region_means(heatmap: Tensor, side: int, size: tuple[int, int]) -> Tensor:
    """The mean of each square region of the heatmap at the image's size.

    Args:
        heatmap: shape (N, 1, h, w), any range.
        side: side of a region in pixels; those at the right and lower border are cut.
        size: height and width of the images.

    Returns: shape (N, ceil(H / side) * ceil(W / side)), row by row.
    """
    resized = F.interpolate(heatmap, size, mode="bilinear", align_corners=False)
    means = F.avg_pool2d(resized, side, ceil_mode=True, count_include_pad=False)
    return means.flatten(1)


def shuffles(regions: int, seed: int, indices: Sequence[int]) -> Tensor:
    """A random order of the regions for each image, shape (N, regions)."""
    return torch.stack(
        [torch.randperm(regions, generator=generator(seed, index)) for index in indices]
    )


def ordered(scores: Tensor, shuffle: Tensor, most_first: bool) -> Tensor:
    """The regions by their scores (N, R), equal ones in the order of the shuffle, shape (N, R)."""
    order = scores.gather(1, shuffle).argsort(dim=1, descending=most_first, stable=True)
    return shuffle.gather(1, order)


def ranks_of(order: Tensor, side: int, size: tuple[int, int]) -> Tensor:
    """When each pixel is replaced, from 0, shape (N, 1, H, W), given the regions' order (N, R)."""
    columns = -(-size[1] // side)
    ranks = torch.empty_like(order).scatter_(
        1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
    )
    grid = ranks.view(len(order), 1, -1, columns)
    pixels = grid.repeat_interleave(side, 2).repeat_interleave(side, 3)
    return pixels[..., : size[0], : size[1]]
