"""Convolution whose gradient in the input is differentiated by two convolutions.

PyTorch's second derivative convolves with kernels as large as the image.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from interpreters.alias import alias
from interpreters.second_order.wanted import wanted_by

Numbers = int | tuple[int, ...]
# stride, padding, dilation and groups
Options = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]


def input_gradient(
    cotangent: Tensor, weight: Tensor, shape: Sequence[int], options: Options
) -> Tensor:
    """Return the transposed convolution of a cotangent; `shape` is that of the layer's input."""
    given = (alias(value) for value in _cast(cotangent, weight))
    out: Tensor = _InputGradient.apply(*given, tuple(shape), options)
    return out


def for_each_side(option: Numbers, weight: Tensor) -> tuple[int, ...]:
    """Return a convolution's option as one number for each side of its kernel."""
    return (option,) * (weight.ndim - 2) if isinstance(option, int) else tuple(option)


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    """Return F.conv1d, F.conv2d or F.conv3d of the arguments."""
    if isinstance(padding, str) or input.ndim != weight.ndim:
        return convolved(input, weight, bias, (stride, padding, dilation, groups))
    sides = (for_each_side(option, weight) for option in (stride, padding, dilation))
    given = _cast(input, weight) if bias is None else _cast(input, weight, bias)
    out: Tensor = _Convolution.apply((*sides, groups), *(alias(value) for value in given))
    return out


class _Convolution(Function):
    @staticmethod
    def forward(
        ctx: Any, options: Options, input: Tensor, weight: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        ctx.options = options
        ctx.save_for_backward(input, weight)
        return convolved(input, weight, bias, options)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (input, weight), options = ctx.saved_tensors, ctx.options
        wanted = wanted_by(ctx)
        if not torch.is_grad_enabled():
            return None, *_gradients(gradient, input, weight, options, *wanted)
        to_input = input_gradient(gradient, weight, input.shape, options) if wanted[0] else None
        others = _gradients(gradient, input, weight, options, False, *wanted[1:])[1:]
        return None, to_input, *others


class _InputGradient(Function):
    @staticmethod
    def forward(
        ctx: Any, cotangent: Tensor, weight: Tensor, shape: tuple[int, ...], options: Options
    ) -> Tensor:
        ctx.options = options
        ctx.save_for_backward(cotangent, weight)
        # the operation reads only the shape of the input
        return _gradients(cotangent, cotangent.new_empty(shape), weight, options, True)[0]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (cotangent, weight), options = ctx.saved_tensors, ctx.options
        wanted = wanted_by(ctx)
        to_cotangent = convolved(gradient, weight, None, options) if wanted[0] else None
        to_weight = _gradients(cotangent, gradient, weight, options, False, wanted[1])[1]
        return to_cotangent, to_weight, None, None


def convolved(
    input: Tensor, weight: Tensor, bias: Tensor | None, options: tuple[Any, ...]
) -> Tensor:
    """Return PyTorch's convolution over one dimension to three, by those of the weight."""
    convolve = (F.conv1d, F.conv2d, F.conv3d)[weight.ndim - 3]
    return convolve(input, weight, bias, *options)


def _gradients(
    cotangent: Tensor,
    input: Tensor,
    weight: Tensor,
    options: Options,
    to_input: bool,
    to_weight: bool = False,
    to_bias: bool = False,
) -> list[Tensor]:
    """Return the requested gradients of a convolution in input, weight and bias."""
    *sides, groups = options
    mask, none = (to_input, to_weight, to_bias), [0] * len(options[0])
    biases = [weight.shape[0]] if to_bias else None
    return torch.ops.aten.convolution_backward(
        cotangent, input, weight, biases, *sides, False, none, groups, mask
    )


def _cast(*values: Tensor) -> list[Tensor]:
    """Return values in the precision of autocast, if that is on and they are not float64."""
    device = values[0].device.type
    if not torch.is_autocast_enabled(device) or values[0].dtype == torch.float64:
        return list(values)
    return [value.to(torch.get_autocast_dtype(device)) for value in values]
