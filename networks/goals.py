"""Scalar objectives of images, such as a class probability, and their input gradients."""

from collections.abc import Callable

import torch
from torch import Tensor

from binary import two_logits
from networks.unsupported import differentiated, inference_parts_named

# maps images (N, 3, H, W) to one value per image, shape (N,)
Goal = Callable[[Tensor], Tensor]


def gradient(goal: Goal, images: Tensor) -> Tensor:
    """Return the gradient of each image's value in its pixels, (N, 3, H, W), detached.

    The weights' `.grad` is left as it is.
    """
    with torch.enable_grad():
        leaf = images.detach().requires_grad_()
        with inference_parts_named():
            total = goal(leaf).sum()
        with differentiated():
            (pixel_gradient,) = torch.autograd.grad(total, leaf)
    return pixel_gradient


def probability(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the softmax probability of each image's label, shape (N,), from logits (N, K)."""
    return two_logits(logits).softmax(1).gather(1, labels[:, None])[:, 0]
