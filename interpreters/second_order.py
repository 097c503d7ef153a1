"""Layers whose second derivative costs no more passes than it has to.

PyTorch's derivative of a convolution's gradient convolves with kernels as large as the image, that
of BatchNorm's gradient is made for training mode, and that of a concatenation's gradient fills a
tensor of the whole size for each piece.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode

Numbers = int | tuple[int, ...]
# stride, padding, dilation and groups
Options = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]


class SecondOrder(TorchFunctionMode):
    """Runs the layers of this file in the place of PyTorch's."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        layer: Any = _LAYERS.get(function, function)
        return layer(*args, **(kwargs or {}))


def input_gradient(
    cotangent: Tensor, weight: Tensor, shape: Sequence[int], options: Options
) -> Tensor:
    """The transpose of a convolution times a cotangent; `shape` is that of the layer's input."""
    out: Tensor = _InputGradient.apply(*_cast(cotangent, weight), tuple(shape), options)
    return out


def for_each_side(option: Numbers, weight: Tensor) -> tuple[int, ...]:
    """A convolution's option as one number for each side of its kernel."""
    return (option,) * (weight.ndim - 2) if isinstance(option, int) else tuple(option)


def _convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Tensor:
    if isinstance(padding, str) or input.ndim != weight.ndim:
        convolve = (F.conv1d, F.conv2d)[weight.ndim - 3]
        return convolve(input, weight, bias, stride, padding, dilation, groups)
    sides = (for_each_side(option, weight) for option in (stride, padding, dilation))
    given = _cast(input, weight) if bias is None else _cast(input, weight, bias)
    out: Tensor = _Convolution.apply((*sides, groups), *(value.view_as(value) for value in given))
    return out


class _Convolution(Function):
    @staticmethod
    def forward(
        ctx: Any, options: Options, input: Tensor, weight: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        ctx.options = options
        ctx.save_for_backward(input, weight)
        return _convolved(input, weight, bias, options)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (input, weight), options = ctx.saved_tensors, ctx.options
        wanted = _wanted(ctx)
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
        # the operation asks for the input itself, and reads but its shape
        return _gradients(cotangent, cotangent.new_empty(shape), weight, options, True)[0]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (cotangent, weight), options = ctx.saved_tensors, ctx.options
        to_weight = _gradients(cotangent, gradient, weight, options, False, True)[1]
        return _convolved(gradient, weight, None, options), to_weight, None, None


def _convolved(input: Tensor, weight: Tensor, bias: Tensor | None, options: Options) -> Tensor:
    convolve = (F.conv1d, F.conv2d)[weight.ndim - 3]
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
    """A convolution's gradients in its input, weight and bias, those that are wanted."""
    *sides, groups = options
    mask, none = (to_input, to_weight, to_bias), [0] * len(options[0])
    biases = [weight.shape[0]] if to_bias else None
    return torch.ops.aten.convolution_backward(
        cotangent, input, weight, biases, *sides, False, none, groups, mask
    )


def _batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    if training or weight is None or bias is None:
        return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    given = (value.view_as(value) for value in (input, weight, bias))
    out: Tensor = _BatchNorm.apply(running_mean, running_var, eps, *given)
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
        wanted = _wanted(ctx)[2:]
        if not torch.is_grad_enabled():
            gradients = torch.ops.aten.native_batch_norm_backward(
                gradient, input, weight, mean, var, None, None, False, ctx.eps, wanted
            )
            return None, None, None, *gradients
        sides, places = [1] * (input.ndim - 2), [0, *range(2, input.ndim)]
        rate = torch.rsqrt(var + ctx.eps)
        to_input = gradient * (weight * rate).to(gradient.dtype).view(-1, *sides)
        to_weight = to_bias = None
        if wanted[1]:
            standard = (input - mean.view(-1, *sides)) * rate.view(-1, *sides)
            to_weight = (gradient * standard).sum(places)
        if wanted[2]:
            to_bias = gradient.sum(places)
        return None, None, None, to_input, to_weight, to_bias


def _cat(tensors: tuple[Tensor, ...] | list[Tensor], dim: int = 0, **others: Any) -> Tensor:
    if others or len({value.ndim for value in tensors}) > 1:
        return torch.cat(tensors, dim, **others)
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


_LAYERS: dict[Callable[..., Any], Callable[..., Tensor]] = {
    F.conv1d: _convolution,
    F.conv2d: _convolution,
    F.batch_norm: _batch_norm,
    torch.cat: _cat,
}


def _cast(*values: Tensor) -> list[Tensor]:
    """What a convolution sees: the precision of autocast where that is on, if not double."""
    device = values[0].device.type
    if not torch.is_autocast_enabled(device) or values[0].dtype == torch.float64:
        return list(values)
    return [value.to(torch.get_autocast_dtype(device)) for value in values]


def _wanted(ctx: Any) -> list[bool]:
    """Which tensors' gradients the running backward pass is after: that of a weight often not."""
    # the engine does not answer for leaves: what is given to these functions are views
    nodes = (node for node, _ in ctx.next_functions)
    return [node is not None and torch._C._will_engine_execute_node(node) for node in nodes]
