"""What the network sees of an image, and how its gradient is smoothed."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from attacks.balls import Generators, uniform

# a change of images (N, 3, H, W) that has been drawn; the gradient goes through it
Transform = Callable[[Tensor], Tensor]


def unchanged(images: Tensor) -> Tensor:
    """The images as they are."""
    return images


@dataclass(frozen=True)
class Diversity:
    """Images resized and put somewhere on black, at random (Xie et al. 2019).

    Args:
        rate: Below 1, the smallest size, in shares of the image's. Above 1, the size of the black
            ground; image and ground are then brought back to the image's size.
        probability: How often this happens.
    """

    rate: float = 0.9
    probability: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.rate < float("inf"):
            raise ValueError(f"`rate` must be above 0, got {self.rate}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"`probability` must be in [0, 1], got {self.probability}")

    def sample(self, like: Tensor, generators: Generators) -> Transform:
        """Sizes and places for images (N, 3, H, W), each its own."""
        # half precision does not know every whole number up to the side
        each = like.new_empty((len(like), 4), dtype=torch.promote_types(like.dtype, torch.float))
        chance, size, top, left = uniform(each, generators).unbind(1)
        changes = (chance < self.probability)[:, None, None]
        rows, columns = (
            torch.where(
                changes, self._resized(side, size, place), torch.eye(side, device=like.device)
            ).to(like)
            for side, place in ((like.shape[2], top), (like.shape[3], left))
        )
        return lambda images: rows[:, None] @ images @ columns[:, None].mT

    def _resized(self, side: int, size: Tensor, place: Tensor) -> Tensor:
        """From lines of an image to those of the changed one, shape (N, side, side)."""
        other = int(side * self.rate)
        smallest, ground = sorted((side, other))
        sides = (smallest + size * (ground - smallest)).floor().clamp(max=max(smallest, ground - 1))
        offset = (place * (ground - sides)).floor()
        lines = placement_matrix(side, ground, sides, offset)
        if ground == side:
            return lines
        every, none = torch.full_like(sides[:1], side), torch.zeros_like(offset[:1])
        return placement_matrix(ground, side, every, none) @ lines


def placement_matrix(side: int, ground: int, sides: Tensor, offset: Tensor) -> Tensor:
    """Linear interpolation as a matrix (N, ground, side): a line of pixels resized and placed.

    Args:
        side: pixels of the line.
        ground: pixels of the line it is placed on, 0 elsewhere.
        sides: to how many pixels it is resized, shape (N,).
        offset: where it begins, shape (N,).
    """
    positions = torch.arange(ground, device=sides.device) - offset[:, None]
    scale = side / sides[:, None]
    source = ((positions + 0.5) * scale - 0.5).clamp(0, side - 1)
    near = (1 - (source[..., None] - torch.arange(side, device=sides.device)).abs()).clamp(min=0)
    inside = (positions >= 0) & (positions < sides[:, None])
    return near * inside[..., None]


@dataclass(frozen=True)
class Smoothing:
    """A gradient averaged around each place, by a Gaussian (Dong et al. 2019).

    Args:
        size: Side of the kernel, an odd number of pixels that spans three deviations to each side.
    """

    size: int = 15

    def __post_init__(self) -> None:
        if self.size < 1 or self.size % 2 == 0:
            raise ValueError(f"`size` must be an odd number from 1, got {self.size}")

    def __call__(self, gradient: Tensor) -> Tensor:
        """The gradient (N, 3, H, W), smoothed, with 0 beyond the image."""
        reach = self.size // 2
        places = torch.arange(-reach, reach + 1, device=gradient.device).to(gradient)
        weights = (-(places * (3 / max(reach, 1))).square() / 2).exp()
        weights = (weights / weights.sum()).view(1, 1, 1, -1).repeat(gradient.shape[1], 1, 1, 1)
        channels = gradient.shape[1]
        rows = F.conv2d(gradient, weights, padding=(0, reach), groups=channels)
        return F.conv2d(rows, weights.mT, padding=(reach, 0), groups=channels)
