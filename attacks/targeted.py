"""A region of one's choice becomes important (Ghorbani et al. 2019, algorithm 1, targeted)."""

from dataclasses import dataclass

from torch import Tensor

from attacks.heatmap import HeatmapAttack
from attacks.importance import importance
from attacks.regions import Region


@dataclass(frozen=True, kw_only=True)
class TargetedAttack(HeatmapAttack):
    """The importance inside a region rises.

    Args:
        region: attacks.Box, MaskFile or ObjectMask.
    """

    region: Region

    def target(self, images: Tensor, reference: Tensor, before: Tensor) -> Tensor:
        """How much of each place is in the region, shape (N, 1, h, w)."""
        return self.region.places(images, reference).expand_as(reference)

    def objective(self, heatmap: Tensor, target: Tensor) -> Tensor:
        """The importance in the region."""
        return (importance(heatmap) * target).sum((1, 2, 3))
