"""Relevance over a stabilised denominator, in as few passes over memory as it takes."""

from typing import Any

import torch
from torch import Tensor

# keeps 0 / 0 at 0 where a whole layer is silent, and its derivatives within single precision
FLOOR = 1e-15


def ratio(relevance: Tensor, z: Tensor, epsilon: float) -> Tensor:
    """R / z, with z moved away from 0 by epsilon times the root mean square of each image's.

    One image's size is the same in every image, so that a batch changes nothing.
    """
    out: Tensor = _Ratio.apply(relevance, z, epsilon)
    return out


class _Ratio(torch.autograd.Function):
    """The quotient, of which autograd would keep five tensors; this keeps one.

    Its backward pass is made of differentiable operations and is exact to any order.
    """

    @staticmethod
    def forward(ctx: Any, relevance: Tensor, z: Tensor, epsilon: float) -> Tensor:
        """R / (z + sign(z) c), where c = epsilon rms(z) + FLOOR."""
        size = _root_mean_square(z)
        out = relevance / torch.copysign(epsilon * size + FLOOR, z).add_(z)
        ctx.epsilon = epsilon
        ctx.save_for_backward(z, size, out)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """Gradients in R and in z, in which c depends on all of z."""
        z, size, out = ctx.saved_tensors
        if torch.is_grad_enabled():
            size = _root_mean_square(z)
        below = z + torch.copysign(ctx.epsilon * size + FLOOR, z)
        to_relevance = gradient / below
        to_below = (to_relevance * out).neg_()
        total = torch.linalg.vecdot(to_below.flatten(1), below.sign().flatten(1))
        total = total.view(-1, *[1] * (z.ndim - 1))
        silent = size == 0
        share = ctx.epsilon * total / (torch.where(silent, 1.0, size) * z[0].numel())
        return to_relevance, torch.addcmul(to_below, torch.where(silent, 0.0, share), z), None


def _root_mean_square(z: Tensor) -> Tensor:
    dimensions = tuple(range(1, z.ndim))
    return torch.linalg.vector_norm(z, dim=dimensions, keepdim=True) * z[0].numel() ** -0.5
