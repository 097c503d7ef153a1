"""Relevance over a stabilised denominator, in few passes over memory."""

from typing import Any

import torch
from torch import Tensor

# keeps 0 / 0 at 0 where a whole layer is 0, and its derivatives within single precision
FLOOR = 1e-15


def ratio(relevance: Tensor, z: Tensor, epsilon: float) -> Tensor:
    """Return R / (z + sign(z) c), with c = epsilon * root mean square of z, image by image.

    In float16 it is computed in single precision, with its rounding as the least epsilon, and
    clamped to its range.
    """
    kind = torch.result_type(relevance, z)
    if z.dtype != torch.float16:
        out: Tensor = _Ratio.apply(relevance, z, epsilon)
        return out
    half = torch.finfo(z.dtype)
    # a smaller c would be 0 in half precision, and the quotient infinite
    out = _Ratio.apply(relevance.float(), z.float(), max(epsilon, half.eps))
    return out.clamp(half.min, half.max).to(kind)


class _Ratio(torch.autograd.Function):
    """Quotient that keeps one tensor for the backward pass, where autograd keeps five."""

    @staticmethod
    def forward(ctx: Any, relevance: Tensor, z: Tensor, epsilon: float) -> Tensor:
        """Return R / (z + sign(z) c), where c = epsilon rms(z) + FLOOR."""
        size = _root_mean_square(z)
        below = torch.copysign(epsilon * size + FLOOR, z).add_(z)
        out = _divided(relevance, below)
        ctx.epsilon = epsilon
        ctx.save_for_backward(z, size, out)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """Return the gradients in R and in z; c depends on all of z."""
        z, size, out = ctx.saved_tensors
        if torch.is_grad_enabled():
            return (*_gradients(gradient, z, _root_mean_square(z), out, ctx.epsilon), None)
        # the same in place, which halves the memory traffic
        signs = torch.copysign(z.new_ones(size.shape), z)
        below = torch.addcmul(z, signs, ctx.epsilon * size + FLOOR)
        to_relevance = _divided(gradient, below)
        to_z = torch.addcmul(z.new_zeros(()), to_relevance, out, value=-1)
        total = signs.mul_(to_z).flatten(1).sum(1).view_as(size)
        return to_relevance, to_z.addcmul_(_share(total, z, size, ctx.epsilon), z), None


def _divided(above: Tensor, below: Tensor) -> Tensor:
    """Return above / below, in the memory of `below` if it fits."""
    fits = torch.result_type(above, below) == below.dtype
    return torch.div(above, below, out=below if fits else None)


def _gradients(
    gradient: Tensor, z: Tensor, size: Tensor, out: Tensor, epsilon: float
) -> tuple[Tensor, Tensor]:
    """Return the gradients in R and in z, by differentiable operations."""
    to_relevance = gradient / (z + torch.copysign(epsilon * size + FLOOR, z))
    product = to_relevance * out
    signs = torch.copysign(product.new_ones(size.shape), z)
    total = torch.linalg.vecdot(product.flatten(1), signs.flatten(1)).view_as(size)
    return to_relevance, torch.addcmul(product, _share(total, z, size, epsilon), z).neg()


def _share(total: Tensor, z: Tensor, size: Tensor, epsilon: float) -> Tensor:
    """Return the gradient through c of each unit of z, shape (N, 1, ...)."""
    zero = size == 0
    share = epsilon * total / (torch.where(zero, 1.0, size) * z[0].numel())
    return torch.where(zero, 0.0, share)


def _root_mean_square(z: Tensor) -> Tensor:
    dimensions = tuple(range(1, z.ndim))
    return torch.linalg.vector_norm(z, dim=dimensions, keepdim=True) * z[0].numel() ** -0.5
