"""Cross-entropy of labels that are checked first."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from binary import two_logits
from labels import one_label_each


def cross_entropy(
    logits: Tensor, labels: Tensor, reduction: Literal["mean", "none"] = "mean"
) -> Tensor:
    """Return the mean cross-entropy of images, or with "none" that of each, shape (N,).

    PyTorch's own leaves out images with label -100, and takes floats (N, K) as probabilities.

    Args:
        logits: shape (N, K), or one logit for two classes.
        labels: integers from 0 to K - 1, shape (N,).
        reduction: "mean" over the images, or "none".

    Raises: TypeError, ValueError: the labels fit neither images nor classes.

    Example:
        >>> import torch
        >>> cross_entropy(torch.zeros(1, 2), torch.tensor([0]))
        tensor(0.6931)
    """
    logits = two_logits(logits)
    return F.cross_entropy(logits, one_label_each(labels, *logits.shape), reduction=reduction)
