"""Layers with weights, read from their calls."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from interpreters.second_order.convolution import for_each_side
from interpreters.tape.affine import Affine, Convolution, Linear, Scale, TransposedConvolution
from interpreters.tape.calls import Call, TapeError, read


def affine(
    call: Call, nonnegative: bool = False, bounds: tuple[Tensor, Tensor] | None = None
) -> Affine:
    """Return the layer of a call of one of `LAYERS`."""
    kind, reader = LAYERS[call.name]
    value, weight, bias, options = read(reader, call.name, call.args, call.kwargs)
    shift = None
    if call.gate is not None:
        _, _, shift, _ = read(batch_norm, "batch_norm", call.gate.args, call.gate.kwargs)
    elif len(call.inputs) != 1 or call.inputs[0] is not value:
        raise TapeError(f"no rule for `{call.name}` with weights that depend on the images")
    return kind(value, call.outputs[0], weight, bias, nonnegative, bounds, shift, **options)


Reading = tuple[Tensor, Tensor, Tensor | None, dict[str, Any]]


def _convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] | str = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> Reading:
    spatial = {"stride": stride, "padding": padding, "dilation": dilation}
    options = {
        name: value if isinstance(value, str) else for_each_side(value, weight)
        for name, value in spatial.items()
    }
    return input, weight, bias, {**options, "groups": groups}


def _transposed_convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    output_padding: int | tuple[int, ...] = 0,
    groups: int = 1,
    dilation: int | tuple[int, ...] = 1,
) -> Reading:
    spatial = {"stride": stride, "padding": padding, "dilation": dilation}
    spatial["output_padding"] = output_padding
    options = {name: for_each_side(value, weight) for name, value in spatial.items()}
    return input, weight, bias, {**options, "groups": groups}


def _linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Reading:
    return input, weight, bias, {}


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor, dict[str, Any]]:
    """Return input, scale and shift of a BatchNorm, given the arguments of F.batch_norm."""
    if running_mean is None or running_var is None:
        raise TapeError(
            "no rule for a BatchNorm without running statistics, which mixes the images of a batch"
        )
    scale = torch.rsqrt(running_var + eps)
    scale = scale if weight is None else weight * scale
    shift = -running_mean * scale
    return input, scale, shift if bias is None else bias + shift, {}


LAYERS: dict[str, tuple[type[Affine], Callable[..., Reading]]] = {
    "conv1d": (Convolution, _convolution),
    "conv2d": (Convolution, _convolution),
    "conv3d": (Convolution, _convolution),
    "conv_transpose1d": (TransposedConvolution, _transposed_convolution),
    "conv_transpose2d": (TransposedConvolution, _transposed_convolution),
    "conv_transpose3d": (TransposedConvolution, _transposed_convolution),
    "linear": (Linear, _linear),
    "batch_norm": (Scale, batch_norm),
}
