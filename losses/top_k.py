"""Top-k fooling: lower the most relevant positions (Heo et al. 2019, section 3.2)."""

from dataclasses import dataclass, field

from torch import Tensor

from losses.base import Loss
from losses.finite import if_finite
from losses.normalize import normalize


def top_k(heatmap: Tensor, reference: Tensor, fraction: float = 0.1) -> Tensor:
    """Mean square of the normalised heatmap at the k highest positions of the reference.

    Args:
        heatmap: shape (N, 1, h, w), any range; normalised here, per image.
        reference: the original heatmap, of the same shape; among ties the first positions count.
        fraction: k divided by the h * w positions; k is rounded down.

    Returns: shape (N,), in [0, 1]; 0 if the heatmap is lowest at all of them.
    Raises: ValueError: k is 0.

    Example:
        >>> import torch
        >>> top_k(torch.eye(3)[None, None], torch.eye(3)[None, None], fraction=1 / 3)
        tensor([1.])
    """
    # 1e-9 keeps products such as 55 * (3 / 11) from being rounded down to 14
    k = int(reference.shape[1:].numel() * fraction + 1e-9)
    if k < 1:
        raise ValueError(
            f"a `fraction` of {fraction} of a heatmap of {reference.shape[2]}x{reference.shape[3]} "
            "is less than one position; choose a layer with larger maps, or a larger `fraction`"
        )
    order = reference.flatten(1).argsort(dim=1, descending=True, stable=True)
    highest = normalize(heatmap).flatten(1).gather(1, order[:, :k])
    return if_finite(highest.square().mean(1), reference)


@dataclass(frozen=True)
class TopK(Loss):
    """Lower the heatmap at the positions most relevant in the original network (Heo et al. 2019).

    Args:
        fraction: Share of the positions that count as most relevant, in (0, 1].
        success: Success interval [low, high] of the loss.

    Example:
        >>> import torch
        >>> TopK(fraction=0.25)(torch.eye(4)[None, None], torch.eye(4)[None, None])
        tensor([1.])
    """

    fraction: float = 0.1
    success: tuple[float, float] = field(default=(0.0, 0.3), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.fraction <= 1:
            raise ValueError(f"`fraction` must be in (0, 1], got {self.fraction}")

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the loss of each image, shape (N,)."""
        return top_k(heatmap, reference, self.fraction)
