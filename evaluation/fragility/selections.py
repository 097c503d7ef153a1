"""What the best step of an attack is chosen by, other than its own objective."""

from dataclasses import dataclass

from torch import Tensor

from attacks import center_of, importance
from attacks.heatmap import Selection
from attacks.top_k import check_k
from losses import spearman
from metrics import top_k_intersection


@dataclass(frozen=True)
class TopKIntersection(Selection):
    """That few of the highest places were so before (Ghorbani et al. 2019, section 2).

    Args:
        k: How many places count as the highest, or as a number below 1 which share of all.
    """

    k: int | float = 0.02

    def __post_init__(self) -> None:
        check_k(self.k)

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The share that is still among them, negative, shape (N,)."""
        return -top_k_intersection(importance(heatmap), importance(reference), self.k)


@dataclass(frozen=True)
class RankCorrelation(Selection):
    """That the order of the places is another (Ghorbani et al. 2019, section 2)."""

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Spearman's correlation of the importance, negative, shape (N,)."""
        return -spearman(importance(heatmap), importance(reference))


@dataclass(frozen=True)
class CenterDistance(Selection):
    """That the centre of the importance is elsewhere (Ghorbani et al. 2019, section 2).

    Args:
        truncated: Cut both centres to whole places first, as the published code does.
    """

    truncated: bool = False

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The distance in places, shape (N,)."""
        centers = [center_of(each) for each in (heatmap, reference)]
        if self.truncated:
            centers = [center.trunc() for center in centers]
        return (centers[0] - centers[1]).norm(dim=1)
