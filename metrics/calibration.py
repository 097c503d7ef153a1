"""Expected calibration error (Guo et al. 2017)."""

import torch
from torch import Tensor
from torchmetrics import Metric


class CalibrationError(Metric):
    """How far confidence is from accuracy, in bins of confidence (Guo et al. 2017, eq. 5).

    torchmetrics' own keeps every image's confidence; this keeps sums.

    Args:
        bins: Number of bins of equal width.
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    confidence: Tensor
    correct: Tensor
    images: Tensor

    def __init__(self, bins: int = 15) -> None:
        super().__init__()
        for name in ("confidence", "correct", "images"):
            zeros = torch.zeros(bins, dtype=torch.float64)
            self.add_state(name, zeros, dist_reduce_fx="sum")

    def update(self, logits: Tensor, labels: Tensor) -> None:
        """Add a batch of logits (N, K) and labels (N,)."""
        confidence, predicted = logits.softmax(1).max(1)
        bins = len(self.images)
        # a bin holds its upper end
        place = ((confidence * bins).ceil().long() - 1).clamp(0, bins - 1)
        self.confidence.index_add_(0, place, confidence.to(self.confidence))
        self.correct.index_add_(0, place, predicted.eq(labels).to(self.correct))
        self.images.index_add_(0, place, torch.ones_like(confidence, dtype=torch.float64))

    def compute(self) -> Tensor:
        """The error, in [0, 1], and the number of images, shape (2,)."""
        images = self.images.sum()
        return torch.stack([(self.confidence - self.correct).abs().sum() / images, images])
