"""The balls around an image that attacks stay in: L-infinity and L2."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

# one for each image, or one whose draws all images share
Generators = Sequence[Generator] | None


class Ball(ABC):
    """The changes of an image, shape (N, 3, H, W), that have at most some length."""

    @abstractmethod
    def steepest(self, gradient: Tensor) -> Tensor:
        """The change of length 1 that the gradient rises most along; 0 where there is none."""

    @abstractmethod
    def project(self, change: Tensor, radius: float) -> Tensor:
        """The nearest change that is no longer than the radius."""

    @abstractmethod
    def sample(self, like: Tensor, radius: float, generators: Generators = None) -> Tensor:
        """Changes drawn uniformly from the ball, one generator for each image if any are given."""


@dataclass(frozen=True)
class LInf(Ball):
    """No value changes by more than the radius."""

    def steepest(self, gradient: Tensor) -> Tensor:
        """The gradient's sign."""
        return gradient.sign()

    def project(self, change: Tensor, radius: float) -> Tensor:
        """Each value cut to the radius."""
        return change.clamp(-radius, radius)

    def sample(self, like: Tensor, radius: float, generators: Generators = None) -> Tensor:
        """Each value uniform."""
        return (2 * uniform(like, generators) - 1) * radius


@dataclass(frozen=True)
class L2(Ball):
    """The Euclidean length of an image's change is at most the radius."""

    def steepest(self, gradient: Tensor) -> Tensor:
        """The gradient at length 1."""
        return gradient / lengths(gradient)

    def project(self, change: Tensor, radius: float) -> Tensor:
        """Changes that are too long are shortened."""
        return change * (radius / lengths(change)).clamp(max=1)

    def sample(self, like: Tensor, radius: float, generators: Generators = None) -> Tensor:
        """A direction from a Gaussian, and a length under which each share of the ball lies."""
        direction, share = normal(like, generators), uniform(like[:, :1, :1, :1], generators)
        values = like[0].numel()
        return self.steepest(direction) * (radius * share ** (1 / values))


def lengths(change: Tensor) -> Tensor:
    """The Euclidean length of each image's change, above 0, shape (N, 1, 1, 1)."""
    length = change.flatten(1).norm(dim=1)[:, None, None, None]
    return length.clamp_min(torch.finfo(change.dtype).tiny)


def uniform(like: Tensor, generators: Generators) -> Tensor:
    """Numbers in [0, 1), shaped like a tensor."""
    return sample_each(torch.rand, like, generators)


def normal(like: Tensor, generators: Generators) -> Tensor:
    """Numbers of the standard normal distribution, shaped like a tensor."""
    return sample_each(torch.randn, like, generators)


def sample_each(draw: Callable[..., Tensor], like: Tensor, generators: Generators) -> Tensor:
    """One draw of torch's, shaped like a tensor; a single generator draws the same for all."""
    if generators is None:
        return draw(like.shape, dtype=like.dtype, device=like.device)
    found = [draw(like.shape[1:], generator=each, dtype=torch.float) for each in generators]
    return torch.stack(found).to(like).expand_as(like)
