"""Random transforms of images, and smoothing of gradients."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from attacks.balls import Generators, uniform

# a sampled transform of images (N, 3, H, W), differentiable
Transform = Callable[[Tensor], Tensor]


def unchanged(images: Tensor) -> Tensor:
    """Return the images."""
    return images


@dataclass(frozen=True)
class Diversity:
    """Random resizing and padding with black (Xie et al. 2019).

    Args:
        rate: Below 1, the smallest size, as a share of the image's. Above 1, the size of the
            padded image, which is then resized to the image's size.
        probability: Probability of the transform.

    Example:
        >>> import torch
        >>> transform = Diversity().sample(torch.rand(2, 3, 8, 8), generators=None)
        >>> transform(torch.rand(2, 3, 8, 8)).shape
        torch.Size([2, 3, 8, 8])
    """

    rate: float = 0.9
    probability: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.rate < float("inf"):
            raise ValueError(f"`rate` must be above 0, got {self.rate}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"`probability` must be in [0, 1], got {self.probability}")

    def sample(self, like: Tensor, generators: Generators) -> Transform:
        """Return a transform of images (N, 3, H, W), with a size and position for each."""
        # half precision has not every whole number up to the side
        each = like.new_empty((len(like), 4), dtype=torch.promote_types(like.dtype, torch.float))
        chance, size, top, left = uniform(each, generators).unbind(1)
        changes = (chance < self.probability)[:, None, None]
        rows, columns = (
            torch.where(
                changes, self._resized(side, size, start), torch.eye(side, device=like.device)
            ).to(like)
            for side, start in ((like.shape[2], top), (like.shape[3], left))
        )
        return lambda images: rows[:, None] @ images @ columns[:, None].mT

    def _resized(self, side: int, size: Tensor, start: Tensor) -> Tensor:
        """Return the matrix from lines of an image to transformed lines, (N, side, side)."""
        other = int(side * self.rate)
        smallest, ground = sorted((side, other))
        sides = (smallest + size * (ground - smallest)).floor().clamp(max=max(smallest, ground - 1))
        offset = (start * (ground - sides)).floor()
        lines = placement_matrix(side, ground, sides, offset)
        if ground == side:
            return lines
        every, none = torch.full_like(sides[:1], side), torch.zeros_like(offset[:1])
        return placement_matrix(ground, side, every, none) @ lines


def placement_matrix(side: int, ground: int, sides: Tensor, offset: Tensor) -> Tensor:
    """Return linear interpolation and padding of a line of pixels as a matrix (N, ground, side).

    Args:
        side: number of pixels of the line.
        ground: number of pixels of the padded line.
        sides: number of pixels of the resized line, shape (N,).
        offset: position of its first pixel in the padded line, shape (N,).
    """
    positions = torch.arange(ground, device=sides.device) - offset[:, None]
    scale = side / sides[:, None]
    source = ((positions + 0.5) * scale - 0.5).clamp(0, side - 1)
    near = (1 - (source[..., None] - torch.arange(side, device=sides.device)).abs()).clamp(min=0)
    inside = (positions >= 0) & (positions < sides[:, None])
    return near * inside[..., None]


@dataclass(frozen=True)
class Smoothing:
    """Gaussian smoothing of a gradient (Dong et al. 2019).

    Args:
        size: Side of the kernel, an odd number of pixels; it spans three standard deviations to
            each side.

    Example:
        >>> import torch
        >>> Smoothing(size=3)(torch.rand(1, 3, 8, 8)).shape
        torch.Size([1, 3, 8, 8])
    """

    size: int = 15

    def __post_init__(self) -> None:
        if self.size < 1 or self.size % 2 == 0:
            raise ValueError(f"`size` must be an odd number, at least 1, got {self.size}")

    def __call__(self, gradient: Tensor) -> Tensor:
        """Return the smoothed gradient (N, 3, H, W), with 0 beyond the image."""
        reach = self.size // 2
        offsets = torch.arange(-reach, reach + 1, device=gradient.device).to(gradient)
        weights = (-(offsets * (3 / max(reach, 1))).square() / 2).exp()
        weights = (weights / weights.sum()).view(1, 1, 1, -1).repeat(gradient.shape[1], 1, 1, 1)
        channels = gradient.shape[1]
        rows = F.conv2d(gradient, weights, padding=(0, reach), groups=channels)
        return F.conv2d(rows, weights.mT, padding=(reach, 0), groups=channels)
