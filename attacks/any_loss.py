"""Attacks with a loss of heatmaps as their objective."""

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from attacks.heatmap import HeatmapAttack
from losses import Location


class Discrepancy(Protocol):
    """Loss between heatmaps, such as those of losses."""

    # jsonargparse takes a callable that returns Tensor for a subclass of it
    def __call__(self, heatmap: Tensor, reference: Tensor) -> Any:
        """Return the loss of each image, shape (N,), given heatmaps (N, 1, h, w)."""


@dataclass(frozen=True, kw_only=True)
class LossAttack(HeatmapAttack):
    """Attack that lowers a loss of the heatmap (Dombrowski et al. 2019, section 2).

    Args:
        loss: From heatmaps and references (N, 1, h, w) to a value for each image, (N,).

    Example:
        >>> from interpreters import SimpleGradient
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 2))
        >>> loss = lambda heatmap, before: (heatmap - before).sum((1, 2, 3))
        >>> attack = LossAttack(loss=loss, beta=None, steps=2)
        >>> attack.against(SimpleGradient())(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    loss: Discrepancy = Location()

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """Return the network's heatmaps of the original images."""
        return reference

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """Return the negative loss."""
        values: Tensor = self.loss(heatmap, target)
        return -values
