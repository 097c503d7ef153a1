"""Interpreters that explore: they explain by other images than the one explained."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.passes import check_network, explanation, for_each, logits_of, summed_map


@dataclass(frozen=True)
class Explored(Interpreter):
    """An attribution of every value of an image, for evaluation: no network can learn from it."""

    @abstractmethod
    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """What every value of the images has to do with the labels.

        Args:
            network: from images to logits (N, K), in evaluation mode.
            images: shape (N, 3, H, W), in [0, 1].
            labels: the class explained, shape (N,).

        Returns: signed, shape (N, 3, H, W), detached.
        """

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """The attribution summed over channels, shape (N, L, h, w), detached."""
        check_network(network)
        logits = logits_of(network, images)

        def summed(label: Tensor) -> Tensor:
            return summed_map(self.attribution(network, images, label), images)

        return explanation(logits, for_each(self.explained(logits, labels), summed))

    @property
    def differentiable(self) -> bool:
        """False: signs have no gradient, and a path of hundreds of passes no graph."""
        return False


def gradient(goal: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """The gradient of each image's own value (N,) in the image, detached."""
    with torch.enable_grad():
        leaf = images.detach().requires_grad_()
        (slope,) = torch.autograd.grad(goal(leaf).sum(), leaf)
    return slope


def probability(logits: Tensor, labels: Tensor) -> Tensor:
    """The probability of each image's label, shape (N,)."""
    return logits.softmax(1).gather(1, labels[:, None])[:, 0]
