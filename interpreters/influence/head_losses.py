"""What the last layer is trained with: a loss of its outputs for one image."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


class HeadLoss(ABC):
    """A loss of the outputs for one image, twice differentiable."""

    @abstractmethod
    def outputs(self, classes: int) -> int:
        """How many outputs the layer has for so many classes; raises ValueError for too many."""

    @abstractmethod
    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        """The loss, shape (), of outputs (K,) and a label, shape ()."""

    def rows(self, weights: Tensor) -> Tensor:
        """A row of weights for each class from one for each output."""
        return weights


@dataclass(frozen=True)
class SoftmaxCrossEntropy(HeadLoss):
    """Cross-entropy of a softmax over one output for each class."""

    def outputs(self, classes: int) -> int:
        """As many as classes."""
        return classes

    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        """The loss of one image."""
        return F.cross_entropy(outputs, label)


@dataclass(frozen=True)
class _OneOutput(HeadLoss):
    def outputs(self, classes: int) -> int:
        """One, for the second of two classes."""
        if classes != 2:
            raise ValueError(
                f"{type(self).__name__} tells two classes apart and the data have {classes}; "
                "choose SoftmaxCrossEntropy, or data of two classes"
            )
        return 1

    def rows(self, weights: Tensor) -> Tensor:
        """None for the first class: a softmax of 0 and an output is the output's sigmoid."""
        return torch.cat([torch.zeros_like(weights), weights])


@dataclass(frozen=True)
class LogisticCrossEntropy(_OneOutput):
    """Cross-entropy of the sigmoid of one output."""

    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        """The loss of one image."""
        return F.binary_cross_entropy_with_logits(outputs[0], label.to(outputs))


@dataclass(frozen=True)
class SigmoidSquares(_OneOutput):
    """Squared error of the sigmoid of one output, which is not convex (Ghorbani et al.'s code)."""

    def __call__(self, outputs: Tensor, label: Tensor) -> Tensor:
        """The loss of one image."""
        return (label - outputs[0].sigmoid()).square()
