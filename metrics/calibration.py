"""Expected calibration error (Guo et al. 2017)."""

import torch
from torch import Tensor
from torchmetrics import Metric

from binary import two_logits
from labels import one_label_each
from losses.finite import precise


class CalibrationError(Metric):
    """Expected calibration error: mean |confidence - accuracy| over bins (Guo et al. 2017, eq. 5).

    torchmetrics' own metric keeps the confidence of every image; this one keeps sums.

    Args:
        bins: Number of confidence bins of equal width.

    Example:
        >>> metric = CalibrationError()
        >>> metric.update(torch.tensor([[9.0, -9.0], [-9.0, 9.0]]), torch.tensor([0, 0]))
        >>> metric.compute().round(decimals=3)
        tensor([0.5000, 2.0000], dtype=torch.float64)
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
        """Add a batch of logits (N, K) and labels (N,); images with a NaN are left out."""
        logits = two_logits(logits)
        labels = one_label_each(labels, *logits.shape)
        known = ~logits.isnan().any(1)
        logits, labels = precise(logits[known]), labels[known]
        confidence, predicted = logits.softmax(1).max(1)
        bins = len(self.images)
        # a bin includes its upper end
        bin_index = ((confidence * bins).ceil().long() - 1).clamp(0, bins - 1)
        self.confidence.index_add_(0, bin_index, confidence.to(self.confidence))
        self.correct.index_add_(0, bin_index, predicted.eq(labels).to(self.correct))
        self.images.index_add_(0, bin_index, torch.ones_like(confidence, dtype=torch.float64))

    def compute(self) -> Tensor:
        """Return the error, in [0, 1], and the number of images, shape (2,)."""
        images = self.images.sum()
        return torch.stack([(self.confidence - self.correct).abs().sum() / images, images])
