"""BatchNorm in evaluation mode, with the second derivative of a scale for each channel.

PyTorch's second derivative is that of training mode.
"""

from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from interpreters.alias import alias
from interpreters.second_order.wanted import wanted_by

_ARGUMENTS = signature(F.batch_norm)


def batch_norm(*args: Any, **kwargs: Any) -> Tensor:
    """Return F.batch_norm of the arguments."""
    given = _ARGUMENTS.bind(*args, **kwargs)
    given.apply_defaults()
    input, mean, var, weight, bias, training, _, eps = given.args
    if training or weight is None or bias is None:
        return F.batch_norm(*args, **kwargs)
    views = (alias(value) for value in (input, weight, bias))
    out: Tensor = _BatchNorm.apply(mean, var, eps, *views)
    return out


class _BatchNorm(Function):
    @staticmethod
    def forward(
        ctx: Any, mean: Tensor, var: Tensor, eps: float, input: Tensor, weight: Tensor, bias: Tensor
    ) -> Tensor:
        ctx.eps = eps
        ctx.save_for_backward(mean, var, input, weight)
        return F.batch_norm(input, mean, var, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        mean, var, input, weight = ctx.saved_tensors
        wanted = wanted_by(ctx)[2:]
        if not torch.is_grad_enabled():
            # statistics of the batch, which a GPU requires, if only empty ones
            none = mean.new_empty(0)
            gradients = torch.ops.aten.native_batch_norm_backward(
                gradient, input, weight, mean, var, none, none, False, ctx.eps, wanted
            )
            return None, None, None, *gradients
        sides, positions = [1] * (input.ndim - 2), [0, *range(2, input.ndim)]
        rate = torch.rsqrt(var + ctx.eps)
        to_input = gradient * (weight * rate).to(gradient.dtype).view(-1, *sides)
        to_weight = to_bias = None
        if wanted[1]:
            standard = (input - mean.view(-1, *sides)) * rate.view(-1, *sides)
            to_weight = (gradient * standard).sum(positions)
        if wanted[2]:
            to_bias = gradient.sum(positions)
        return None, None, None, to_input, to_weight, to_bias
