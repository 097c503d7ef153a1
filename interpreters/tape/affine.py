"""The layers that have weights, as z = W a + b with what a rule needs of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from interpreters.tape.calls import Call, TapeError


@dataclass(frozen=True, eq=False)
class Affine(ABC):
    """A weighted sum of inputs with a bias.

    Args:
        input: the activation a that goes in.
        output: z, as the forward pass computed it.
        weight: W.
        bias: b, or None.
        nonnegative: whether no element of `input` can be negative.
        bounds: lowest and highest values of `input` where those are pixels, (1, C, 1, 1) each.
    """

    input: Tensor
    output: Tensor
    weight: Tensor
    bias: Tensor | None
    nonnegative: bool = False
    bounds: tuple[Tensor, Tensor] | None = None

    @abstractmethod
    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """W a + b, for other inputs and weights."""

    @abstractmethod
    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """The transpose of W times a cotangent of the output."""


@dataclass(frozen=True, eq=False)
class Linear(Affine):
    """A linear layer, on the last dimension."""

    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """W a + b."""
        return F.linear(value, weight, bias)

    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """The transpose of W times a cotangent."""
        return F.linear(cotangent, weight.T)


@dataclass(frozen=True, eq=False)
class Scale(Affine):
    """A BatchNorm that no layer could take in: a weight and a bias for each channel."""

    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """W a + b, channel by channel."""
        scaled = value * per_channel(weight, value)
        return scaled if bias is None else scaled + per_channel(bias, value)

    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """W times a cotangent, channel by channel."""
        return cotangent * per_channel(weight, cotangent)


@dataclass(frozen=True, eq=False, kw_only=True)
class Convolution(Affine):
    """A two-dimensional convolution."""

    stride: tuple[int, int]
    padding: tuple[int, int] | str
    dilation: tuple[int, int]
    groups: int

    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """The convolution of other inputs by other weights."""
        return F.conv2d(value, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """The transposed convolution, of the size of the input."""
        spans = [d * (k - 1) for d, k in zip(self.dilation, weight.shape[2:], strict=True)]
        if self.padding == "same":
            padding = [span // 2 for span in spans]
        else:
            padding = [0, 0] if isinstance(self.padding, str) else list(self.padding)
        sizes = self.input.shape[2:]
        # what the stride left over at the end of each side
        rest = [
            max(0, size - ((out - 1) * stride - 2 * pad + span + 1))
            for size, out, stride, pad, span in zip(
                sizes, cotangent.shape[2:], self.stride, padding, spans, strict=True
            )
        ]
        spread = F.conv_transpose2d(
            cotangent, weight, None, self.stride, padding, rest, self.groups, self.dilation
        )
        # "same" pads one more at the end where the kernel is even
        return spread[:, :, : sizes[0], : sizes[1]]


def affine(
    call: Call, nonnegative: bool = False, bounds: tuple[Tensor, Tensor] | None = None
) -> Affine:
    """The layer that a call of conv2d, linear or batch_norm is."""
    value, weight, bias, options = READERS[call.name](*call.args, **call.kwargs)
    if len(call.inputs) != 1 or call.inputs[0] is not value:
        raise TapeError(f"no rule for `{call.name}` with weights that depend on the images")
    return KINDS[call.name](value, call.outputs[0], weight, bias, nonnegative, bounds, **options)


def folded(calls: list[Call]) -> list[Call]:
    """The calls with each BatchNorm taken into the convolution or linear layer before it."""
    uses: dict[int, int] = {}
    for call in calls:
        for value in call.inputs:
            uses[id(value)] = uses.get(id(value), 0) + 1
    makers = {id(call.outputs[0]): call for call in calls if call.name in ("conv2d", "linear")}
    merged: dict[int, Call | None] = {}
    for norm in calls:
        layer = makers.get(id(norm.inputs[0]))
        if norm.name == "batch_norm" and layer is not None and uses[id(norm.inputs[0])] == 1:
            merged[id(layer)], merged[id(norm)] = None, _merged(layer, norm)
    return [other for call in calls if (other := merged.get(id(call), call)) is not None]


def _merged(layer: Call, norm: Call) -> Call:
    value, weight, bias, options = READERS[layer.name](*layer.args, **layer.kwargs)
    _, scale, shift, _ = _batch_norm(*norm.args, **norm.kwargs)
    weight = weight * scale.view(-1, *[1] * (weight.ndim - 1))
    bias = shift if bias is None else bias * scale + shift
    args = (value, weight, bias)
    return Call(layer.name, layer.function, args, options, layer.inputs, norm.outputs)


def per_channel(vector: Tensor, like: Tensor) -> Tensor:
    """A value for each channel, to be broadcast over (N, C, ...)."""
    return vector.view(-1, *[1] * (like.ndim - 2))


Reading = tuple[Tensor, Tensor, Tensor | None, dict[str, Any]]


def _conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Reading:
    pairs = {"stride": stride, "padding": padding, "dilation": dilation}
    options = {name: (v, v) if isinstance(v, int) else v for name, v in pairs.items()}
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


KINDS: dict[str, Callable[..., Affine]] = {
    "conv2d": Convolution,
    "linear": Linear,
    "batch_norm": Scale,
}
READERS: dict[str, Callable[..., Reading]] = {
    "conv2d": _conv2d,
    "linear": _linear,
    "batch_norm": _batch_norm,
}
