"""Losses that the last layer is fitted with, for one image."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


class HeadLoss(ABC):
    """Loss of the outputs for one image, twice differentiable."""

    @abstractmethod
    def outputs(self, classes: int) -> int:
        """Return the number of the layer's outputs; raises ValueError for too many classes."""

    @abstractmethod
    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        """Return the loss, shape (), given outputs (K,) and a label, shape ()."""

    def rows(self, weights: Tensor) -> Tensor:
        """Return a row of weights for each class, given one for each output."""
        return weights


@dataclass(frozen=True)
class SoftmaxCrossEntropy(HeadLoss):
    """Cross-entropy of a softmax over one output for each class.

    Example:
        >>> import torch
        >>> SoftmaxCrossEntropy()(torch.tensor([0.0, 0.0]), torch.tensor(1))
        tensor(0.6931)
    """

    def outputs(self, classes: int) -> int:
        """Return the number of classes."""
        return classes

    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        """Return the loss of one image."""
        return F.cross_entropy(outputs, label)


@dataclass(frozen=True)
class _OneOutput(HeadLoss):
    def outputs(self, classes: int) -> int:
        """Return 1, the output of the second class; raises ValueError unless there are two."""
        if classes != 2:
            raise ValueError(
                f"{type(self).__name__} needs data of two classes, got {classes}; "
                "choose SoftmaxCrossEntropy, or data of two classes"
            )
        return 1

    def rows(self, weights: Tensor) -> Tensor:
        """Return weights 0 for the first class: the softmax of 0 and z is the sigmoid of z."""
        return torch.cat([torch.zeros_like(weights), weights])


@dataclass(frozen=True)
class LogisticCrossEntropy(_OneOutput):
    """Cross-entropy of the sigmoid of one output.

    Example:
        >>> import torch
        >>> LogisticCrossEntropy()(torch.tensor([0.0]), torch.tensor(1))
        tensor(0.6931)
    """

    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        """Return the loss of one image."""
        return F.binary_cross_entropy_with_logits(outputs[0], label.to(outputs))


@dataclass(frozen=True)
class SigmoidSquares(_OneOutput):
    """Squared error of the sigmoid of one output (Ghorbani et al.'s code); not convex.

    Example:
        >>> import torch
        >>> SigmoidSquares()(torch.tensor([0.0]), torch.tensor(1))
        tensor(0.2500)
    """

    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        """Return the loss of one image."""
        return (label - outputs[0].sigmoid()).square()
