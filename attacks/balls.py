"""Norms that limit perturbations: L-infinity and L2."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

# one for each image, or a single one whose samples all images share
Generators = Sequence[Generator] | None


class Ball(ABC):
    """Perturbations of images, (N, 3, H, W), of norm at most epsilon."""

    @abstractmethod
    def steepest(self, gradient: Tensor) -> Tensor:
        """Return the perturbation of norm 1 of steepest ascent; 0 where the gradient is 0."""

    @abstractmethod
    def project(self, change: Tensor, radius: float) -> Tensor:
        """Return the nearest perturbation of norm at most the radius."""

    @abstractmethod
    def sample(self, like: Tensor, radius: float, generators: Generators = None) -> Tensor:
        """Return perturbations sampled uniformly from the ball, shaped like `like`."""


@dataclass(frozen=True)
class LInf(Ball):
    """L-infinity norm: no value changes by more than epsilon.

    Example:
        >>> import torch
        >>> LInf().project(torch.tensor([[[[0.5]]]]), radius=0.25)
        tensor([[[[0.2500]]]])
    """

    def steepest(self, gradient: Tensor) -> Tensor:
        """Return the gradient's sign."""
        return gradient.sign()

    def project(self, change: Tensor, radius: float) -> Tensor:
        """Return the perturbation clipped to the radius."""
        return change.clamp(-radius, radius)

    def sample(self, like: Tensor, radius: float, generators: Generators = None) -> Tensor:
        """Return values sampled uniformly from [-radius, radius]."""
        return (2 * uniform(like, generators) - 1) * radius


@dataclass(frozen=True)
class L2(Ball):
    """L2 norm: the Euclidean length of a perturbation is at most epsilon.

    Example:
        >>> import torch
        >>> L2().project(torch.tensor([[[[3.0, 4.0]]]]), radius=1.0)
        tensor([[[[0.6000, 0.8000]]]])
    """

    def steepest(self, gradient: Tensor) -> Tensor:
        """Return the gradient over its norm."""
        return gradient / lengths(gradient)

    def project(self, change: Tensor, radius: float) -> Tensor:
        """Return the perturbation, rescaled to the radius if longer."""
        return change * (radius / lengths(change)).clamp(max=1)

    def sample(self, like: Tensor, radius: float, generators: Generators = None) -> Tensor:
        """Return a Gaussian direction times a norm distributed as in the uniform ball."""
        direction, share = normal(like, generators), uniform(like[:, :1, :1, :1], generators)
        values = like[0].numel()
        return self.steepest(direction) * (radius * share ** (1 / values))


def lengths(change: Tensor) -> Tensor:
    """Return the L2 norm of each perturbation, above 0, shape (N, 1, 1, 1)."""
    length = change.flatten(1).norm(dim=1)[:, None, None, None]
    return length.clamp_min(torch.finfo(change.dtype).tiny)


def uniform(like: Tensor, generators: Generators) -> Tensor:
    """Return numbers sampled uniformly from [0, 1), shaped like a tensor."""
    return sample_each(torch.rand, like, generators)


def normal(like: Tensor, generators: Generators) -> Tensor:
    """Return numbers of the standard normal distribution, shaped like a tensor."""
    return sample_each(torch.randn, like, generators)


def sample_each(draw: Callable[..., Tensor], like: Tensor, generators: Generators) -> Tensor:
    """Return samples of torch.rand or torch.randn, shaped like a tensor.

    Args:
        draw: torch.rand or torch.randn.
        like: gives shape, type and device; its first dimension is that of the images.
        generators: one for each image; a single one samples the same for all.
    """
    if generators is None:
        return draw(like.shape, dtype=like.dtype, device=like.device)
    found = [draw(like.shape[1:], generator=each, dtype=torch.float) for each in generators]
    return torch.stack(found).to(like).expand_as(like)
