"""Top-k fooling: what was most relevant no longer is (Heo et al. 2019, section 3.2)."""

from dataclasses import dataclass, field

from torch import Tensor

from losses.base import Loss
from losses.normalize import normalize


def top_k(heatmap: Tensor, reference: Tensor, fraction: float = 0.1) -> Tensor:
    """Mean square of the normalised heatmap at the highest places of the reference.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        reference: the original heatmap, likewise; of equal places the first ones are taken.
        fraction: share of the h * w places that are the highest, rounded down.

    Returns: shape (N,), in [0, 1]; 0 when none of them is highlighted.
    Raises: ValueError: the share is less than one place.
    """
    # the small term keeps products such as 55 * (3 / 11) from rounding down by one
    places = int(reference[0].numel() * fraction + 1e-9)
    if places < 1:
        raise ValueError(
            f"a share of {fraction} of a heatmap of {reference.shape[2]}x{reference.shape[3]} is "
            "less than one place; choose a layer with larger maps, or a larger `fraction`"
        )
    order = reference.flatten(1).argsort(dim=1, descending=True, stable=True)
    return normalize(heatmap).flatten(1).gather(1, order[:, :places]).square().mean(1)


@dataclass(frozen=True)
class TopK(Loss):
    """The places most relevant in the original network become irrelevant (Heo et al. 2019).

    Args:
        fraction: Share of the places that count as the most relevant, in (0, 1].
        success: An image is fooled when its loss lies in this interval.
    """

    fraction: float = 0.1
    success: tuple[float, float] = field(default=(0.0, 0.3), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.fraction <= 1:
            raise ValueError(f"`fraction` must be in (0, 1], got {self.fraction}")

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The loss of each image, shape (N,)."""
        return top_k(heatmap, reference, self.fraction)
