"""Perturbation baselines that are pictures: black, mean colour, blur, noise."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

from attacks.balls import uniform
from metrics.insertion_deletion import Without, replaced
from seeds import generator


class Fill(ABC):
    """A perturbation baseline: the values that replace removed pixels."""

    @abstractmethod
    def without(self, images: Tensor, indices: Sequence[int]) -> Without:
        """Return a function that removes pixels of a batch.

        Args:
            images: shape (N, 3, H, W), values in [0, 1].
            indices: the images' positions in their split, on which random values depend.
        """


class PictureFill(Fill):
    """A baseline whose values do not depend on which pixels are removed."""

    @abstractmethod
    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Return the baseline of every image, shape (N, 3, H, W)."""

    def without(self, images: Tensor, indices: Sequence[int]) -> Without:
        """Return a function that takes removed pixels from the baseline."""
        return replaced(images, self(images, indices))


@dataclass(frozen=True)
class BlackFill(PictureFill):
    """Black pixels (Petsiuk et al. 2018)."""

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Return zeros, shape (N, 3, H, W)."""
        return torch.zeros_like(images)


@dataclass(frozen=True)
class UniformFill(PictureFill):
    """Colours sampled uniformly from [0, 1] (Samek et al. 2017).

    Args:
        seed: Seed of the colours, with the image's index.
    """

    seed: int = 0

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Return noise, shape (N, 3, H, W)."""
        return uniform(images, [generator(self.seed, index) for index in indices])


@dataclass(frozen=True)
class MeanFill(PictureFill):
    """The mean colour of each image."""

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Return one colour for each image, shape (N, 3, H, W)."""
        return images.mean((2, 3), keepdim=True).expand_as(images)


@dataclass(frozen=True)
class BlurFill(PictureFill):
    """The blurred image.

    Args:
        sigma: Standard deviation of the Gaussian, in pixels.
    """

    sigma: float = 5.0

    def __post_init__(self) -> None:
        if not self.sigma > 0:
            raise ValueError(f"`sigma` must be above 0 pixels, got {self.sigma}")

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Return the images through a Gaussian, cut at three standard deviations."""
        # the image is mirrored at its border, which must be as wide as the window reaches
        reach = min(int(3 * self.sigma + 0.5), min(images.shape[2:]) - 1)
        blurred: Tensor = gaussian_blur(images, [2 * reach + 1] * 2, [self.sigma] * 2)
        return blurred
