"""Disturbances of networks and images after a manipulation, at several levels."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from attacks.balls import normal
from seeds import generator, generators

Networks = Mapping[str, nn.Module]


class Disturbance(ABC):
    """A change of networks or images, at rising levels."""

    unit: ClassVar[str]

    @property
    @abstractmethod
    def levels(self) -> Sequence[float]:
        """Levels from the lowest up; 0 means no change."""

    def networks(self, networks: Networks, level: float) -> Networks:
        """Return `original` and `manipulated` at a level; copies where they change."""
        return networks

    def images(self, images: Tensor, indices: Tensor, level: float) -> Tensor:
        """Return images (N, 3, H, W) at a level; the same tensor where they do not change."""
        return images


def rising(levels: Sequence[float]) -> None:
    """Raise ValueError unless levels are above 0 and each is higher than the one before."""
    if not levels or any(low >= high for low, high in zip([0, *levels], levels, strict=False)):
        raise ValueError(f"`levels` must rise, from above 0, got {[*levels]}")


@dataclass(frozen=True)
class WeightNoise(Disturbance):
    """Gaussian noise on every parameter.

    Args:
        levels: Standard deviations, as shares of each tensor's own.
        seed: Seed of the noise; a higher level scales the same noise.
    """

    unit = "noise on the weights, over their deviation"
    levels: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2)
    seed: int = 0

    def __post_init__(self) -> None:
        rising(self.levels)

    def networks(self, networks: Networks, level: float) -> Networks:
        """Return copies with noise, the same for both networks."""
        return {name: self._noisy(network, level) for name, network in networks.items()}

    @torch.no_grad()
    def _noisy(self, network: nn.Module, level: float) -> nn.Module:
        copy = deepcopy(network)
        for position, parameter in enumerate(copy.parameters()):
            source = generator(self.seed, position)
            noise = torch.randn(parameter.shape, generator=source, dtype=torch.float64)
            parameter.add_(level * parameter.std(correction=0) * noise.to(parameter))
        return copy


@dataclass(frozen=True)
class ImageNoise(Disturbance):
    """Gaussian noise on the images; it may leave [0, 1].

    Args:
        levels: Standard deviations, for pixels in [0, 1].
        seed: Seed of the noise, with the image's index.
    """

    unit = "noise on the images"
    levels: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1)
    seed: int = 0

    def __post_init__(self) -> None:
        rising(self.levels)

    def images(self, images: Tensor, indices: Tensor, level: float) -> Tensor:
        """Return images with noise."""
        return images + level * normal(images, generators(indices, self.seed))


@dataclass
class FineTuning(Disturbance):
    """Ordinary training of the manipulated network after its manipulation.

    Args:
        manipulated: The manipulated network after further training, by the number of steps.
    """

    unit = "steps of ordinary training"
    manipulated: dict[int, nn.Module]

    def __post_init__(self) -> None:
        rising(self.levels)

    @property
    def levels(self) -> Sequence[float]:
        """The numbers of steps, from few to many."""
        return sorted(self.manipulated)

    def networks(self, networks: Networks, level: float) -> Networks:
        """Return the original, and the manipulated network after this many steps."""
        return {**networks, "manipulated": self.manipulated[int(level)]}
