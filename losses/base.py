"""What a loss is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True)
class Loss(ABC):
    """A discrepancy between a heatmap and its reference that falls as the heatmap is manipulated.

    A subclass is a frozen dataclass; it has a field `success`, the interval [low, high] of the
    success measure in which an image counts as fooled. It says whether it looks at the reference,
    whether its success measure rises as the heatmap is manipulated, and where the measure lies.
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
        """The training loss of each image, shape (N,), differentiable.

        Args:
            heatmap: of the network that is manipulated, shape (N, 1, h, w), any range.
            reference: the original network's heatmap, likewise; unused if not needed.
        """

    def measure(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        """The success measure t of each image, shape (N,); the loss itself unless it says more."""
        return self(heatmap, reference)
