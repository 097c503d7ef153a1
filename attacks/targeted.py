"""The targeted attack (Ghorbani et al. 2019, algorithm 1)."""

from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from attacks.heatmap import HeatmapAttack
from attacks.importance import importance
from attacks.regions import Box, Region


@dataclass(frozen=True, kw_only=True)
class TargetedAttack(HeatmapAttack):
    """Attack that raises the importance in a region (Ghorbani et al. 2019).

    Args:
        region: attacks.Box, MaskFile or ObjectMask; the upper left quarter if not given.

    Example:
        >>> from interpreters import SimpleGradient
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 2))
        >>> attack = TargetedAttack(beta=None, steps=2)
        >>> attack.against(SimpleGradient())(network, rand(1, 3, 8, 8), tensor([0])).shape
        torch.Size([1, 3, 8, 8])
    """

    region: Region = Box()

    def with_masks(self, masks: Tensor) -> Self:
        """Return this attack with the objects' masks, (N, 1, H, W), given to its region."""
        return replace(self, region=self.region.with_masks(masks))

    @property
    def needs_masks(self) -> bool:
        """True if its region is defined by each image's object."""
        return self.region.needs_masks

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """Return the share of each position in the region, shape (N, 1, h, w)."""
        return self.region.weights(images, reference).expand_as(reference)

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """Return the sum of the importance in the region."""
        return (importance(heatmap) * target).sum((1, 2, 3))
