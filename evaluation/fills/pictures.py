"""What takes the place of pixels that are taken away."""

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
    """What takes the place of pixels."""

    @abstractmethod
    def without(self, images: Tensor, indices: Sequence[int]) -> Without:
        """What becomes of images (N, 3, H, W), at these indices of their split, without pixels."""


class PictureFill(Fill):
    """The pixels of another picture, whichever are missing."""

    @abstractmethod
    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """The other pictures, shaped like the images (N, 3, H, W)."""

    def without(self, images: Tensor, indices: Sequence[int]) -> Without:
        """What is missing is taken from the other picture."""
        return replaced(images, self(images, indices))


@dataclass(frozen=True)
class BlackFill(PictureFill):
    """Black (Petsiuk et al. 2018)."""

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Zeros."""
        return torch.zeros_like(images)


@dataclass(frozen=True)
class UniformFill(PictureFill):
    """Colours drawn uniformly from [0, 1], by the seed and the image (Samek et al. 2017).

    Args:
        seed: Seed of the colours.
    """

    seed: int = 0

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """Noise of the images' shape."""
        return uniform(images, [generator(self.seed, index) for index in indices])


@dataclass(frozen=True)
class MeanFill(PictureFill):
    """Each image's own mean colour."""

    def __call__(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """One colour for each image."""
        return images.mean((2, 3), keepdim=True).expand_as(images)


@dataclass(frozen=True)
class BlurFill(PictureFill):
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
