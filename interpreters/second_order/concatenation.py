"""Concatenation whose gradient is split at once.

PyTorch's second derivative fills a tensor of the whole size for each piece.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def cat(*args: Any, **kwargs: Any) -> Tensor:
    """Return torch.cat of the arguments."""
    if not args or not kwargs.keys() <= {"dim"} or len({value.ndim for value in args[0]}) > 1:
        return torch.cat(*args, **kwargs)
    tensors, dim = (*args, kwargs.get("dim", 0))[:2]
    out: Tensor = _Cat.apply(dim, *tensors)
    return out


class _Cat(Function):
    @staticmethod
    def forward(ctx: Any, dim: int, *values: Tensor) -> Tensor:
        ctx.dim, ctx.sizes = dim, [value.shape[dim] for value in values]
        return torch.cat(values, dim)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return None, *gradient.split(ctx.sizes, ctx.dim)
