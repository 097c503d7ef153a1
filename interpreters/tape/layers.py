"""Calls that are layers with weights, and BatchNorm folded into them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from interpreters.second_order.convolution import for_each_side
from interpreters.tape.affine import Affine, Convolution, Linear, Scale
from interpreters.tape.calls import Call, TapeError


def affine(
    call: Call, nonnegative: bool = False, bounds: tuple[Tensor, Tensor] | None = None
) -> Affine:
    """The layer that a call of conv1d, conv2d, linear or batch_norm is."""
    kind, reader = LAYERS[call.name]
    value, weight, bias, options = reader(*call.args, **call.kwargs)
    if len(call.inputs) != 1 or call.inputs[0] is not value:
        raise TapeError(f"no rule for `{call.name}` with weights that depend on the images")
    return kind(value, call.outputs[0], weight, bias, nonnegative, bounds, **options)


def folded(calls: list[Call]) -> list[Call]:
    """The calls with each BatchNorm taken into the convolution or linear layer before it."""
    uses: dict[int, int] = {}
    for call in calls:
        for value in call.inputs:
            uses[id(value)] = uses.get(id(value), 0) + 1
    makers = {id(call.outputs[0]): call for call in calls if _has_channels(call)}
    merged: dict[int, Call | None] = {}
    for norm in calls:
        layer = makers.get(id(norm.inputs[0]))
        if norm.name == "batch_norm" and layer is not None and uses[id(norm.inputs[0])] == 1:
            merged[id(layer)], merged[id(norm)] = None, _merged(layer, norm)
    return [other for call in calls if (other := merged.get(id(call), call)) is not None]


def _has_channels(call: Call) -> bool:
    """Whether a call is a layer whose outputs have their channels where BatchNorm looks."""
    on_tokens = call.name == "linear" and call.outputs[0].ndim > 2
    return call.name in LAYERS and call.name != "batch_norm" and not on_tokens


def _merged(layer: Call, norm: Call) -> Call:
    value, weight, bias, options = LAYERS[layer.name][1](*layer.args, **layer.kwargs)
    _, scale, shift, _ = _batch_norm(*norm.args, **norm.kwargs)
    weight = weight * scale.view(-1, *[1] * (weight.ndim - 1))
    bias = shift if bias is None else bias * scale + shift
    args = (value, weight, bias)
    return Call(layer.name, layer.function, args, options, layer.inputs, norm.outputs)


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


def _linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Reading:
    return input, weight, bias, {}


def _batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor, dict[str, Any]]:
    if running_mean is None or running_var is None:
        raise TapeError("a BatchNorm without running statistics mixes the images of a batch")
    scale = torch.rsqrt(running_var + eps)
    scale = scale if weight is None else weight * scale
    shift = -running_mean * scale
    return input, scale, shift if bias is None else bias + shift, {}


LAYERS: dict[str, tuple[Callable[..., Affine], Callable[..., Reading]]] = {
    "conv1d": (Convolution, _convolution),
    "conv2d": (Convolution, _convolution),
    "linear": (Linear, _linear),
    "batch_norm": (Scale, _batch_norm),
}
