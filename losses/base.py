"""Base class of all losses."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True)
class Loss(ABC):
    """A loss between a heatmap and its reference that falls as the heatmap is manipulated.

    A subclass is a frozen dataclass. Its class attributes are `needs_reference` (it reads the
    reference), `higher_is_better` (its success measure rises as the heatmap is manipulated) and
    `bounds` (the range of the success measure).

    Args:
        success: Success interval [low, high] of the success measure, low <= high.

    Example:
        >>> from losses import Location
        >>> isinstance(Location(), Loss), Location(success=(0.0, 0.1)).success
        (True, (0.0, 0.1))
    """

    needs_reference: ClassVar[bool] = True
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    success: tuple[float, float] = field(kw_only=True)

    def __post_init__(self) -> None:
        low, high = self.success
        if not low <= high:
            raise ValueError(f"`success` must be [low, high] with low <= high, got {self.success}")

    @abstractmethod
    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the training loss of each image, shape (N,), differentiable.

        Args:
            heatmap: the manipulated network's heatmap, shape (N, 1, h, w), any range.
            reference: the original network's heatmap, of the same shape.
        """

    def measure(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """Return the success measure t of each image, shape (N,), within `bounds`.

        NaN if a heatmap that is read is not finite. By default it is the loss itself.
        """
        return self.bounded(self(heatmap, reference))

    def bounded(self, measure: Tensor) -> Tensor:
        """Return success measures, (N,), that rounding has not moved out of `bounds`."""
        return measure.clamp(*self.bounds)
