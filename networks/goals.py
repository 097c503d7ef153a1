"""Values of images by what a network says of them, and their gradient in the pixels."""

from collections.abc import Callable

import torch
from torch import Tensor

from networks.unsupported import differentiated

# from images (N, 3, H, W) to a value of each, shape (N,)
Goal = Callable[[Tensor], Tensor]


def gradient(goal: Goal, images: Tensor) -> Tensor:
    """The gradient of each image's own value in its pixels, detached; no weight gets any."""
    with torch.enable_grad():
        leaf = images.detach().requires_grad_()
        total = goal(leaf).sum()
        with differentiated():
            (slope,) = torch.autograd.grad(total, leaf)
    return slope


def probability(logits: Tensor, labels: Tensor) -> Tensor:
    """The probability of each image's label, shape (N,), from logits (N, K)."""
    return logits.softmax(1).gather(1, labels[:, None])[:, 0]
