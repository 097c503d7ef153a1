"""Layers with weights, as z = W a + b."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from interpreters.second_order.convolution import convolved, input_gradient


@dataclass(frozen=True, eq=False)
class Affine(ABC):
    """Weighted sum of inputs with a bias.

    Args:
        input: a.
        output: z, as the forward pass computed it.
        weight: W.
        bias: b, or None.
        nonnegative: `input` is nonnegative for all images.
        bounds: lowest and highest values of `input` where those are pixels, (1, C, 1, 1) each.
        shift: bias of the BatchNorm whose ReLU is `input`, if relevance goes on to the
            BatchNorm's input.
    """

    input: Tensor
    output: Tensor
    weight: Tensor
    bias: Tensor | None
    nonnegative: bool = False
    bounds: tuple[Tensor, Tensor] | None = None
    shift: Tensor | None = None

    @abstractmethod
    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return W a + b for other inputs and weights."""

    @abstractmethod
    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """Return the transpose of W times a cotangent of the output."""

    @staticmethod
    def scaled(weight: Tensor, scale: Tensor, groups: int = 1) -> Tensor:
        """Return W with a factor for each output channel."""
        return weight * scale.view(-1, *[1] * (weight.ndim - 1))


@dataclass(frozen=True, eq=False)
class Linear(Affine):
    """Linear layer on the last dimension."""

    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return W a + b."""
        return F.linear(value, weight, bias)

    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """Return the transpose of W times a cotangent."""
        return F.linear(cotangent, weight.T)


@dataclass(frozen=True, eq=False)
class Scale(Affine):
    """Unfolded BatchNorm: a weight and a bias for each channel."""

    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return W a + b, channel by channel."""
        scaled = value * per_channel(weight, value)
        return scaled if bias is None else scaled + per_channel(bias, value)

    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """Return W times a cotangent, channel by channel."""
        return cotangent * per_channel(weight, cotangent)


@dataclass(frozen=True, eq=False, kw_only=True)
class Convolution(Affine):
    """Convolution over one dimension to three."""

    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int

    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return the convolution of other inputs by other weights."""
        options = (self.stride, self.padding, self.dilation, self.groups)
        return convolved(value, weight, bias, options)

    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """Return the transposed convolution, of the size of the input."""
        spans = [d * (k - 1) for d, k in zip(self.dilation, weight.shape[2:], strict=True)]
        sizes, odd = self.input.shape[2:], [0] * len(spans)
        padding: tuple[int, ...] | str = self.padding
        if isinstance(padding, str):
            same = padding == "same"
            padding = tuple(span // 2 if same else 0 for span in spans)
            # "same" pads one more at the end where the kernel is even
            odd = [span % 2 if same else 0 for span in spans]
        shape = [len(cotangent), self.input.shape[1], *map(sum, zip(sizes, odd, strict=True))]
        options = (self.stride, padding, self.dilation, self.groups)
        return _narrowed(input_gradient(cotangent, weight, shape, options), sizes)


@dataclass(frozen=True, eq=False, kw_only=True)
class TransposedConvolution(Affine):
    """Transposed convolution, whose weight has the inputs first: (C, outputs of a group, ...)."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    dilation: tuple[int, ...]

    def apply(self, value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return the transposed convolution of other inputs by other weights."""
        spread = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[weight.ndim - 3]
        sides = (self.stride, self.padding, self.output_padding)
        return spread(value, weight, bias, *sides, self.groups, self.dilation)

    def transposed(self, cotangent: Tensor, weight: Tensor) -> Tensor:
        """Return the convolution, of the size of the input."""
        options = (self.stride, self.padding, self.dilation, self.groups)
        return _narrowed(convolved(cotangent, weight, None, options), self.input.shape[2:])

    @staticmethod
    def scaled(weight: Tensor, scale: Tensor, groups: int = 1) -> Tensor:
        """Return W with a factor for each output channel."""
        factors = scale.view(groups, 1, -1, *[1] * (weight.ndim - 2))
        return (weight.unflatten(0, (groups, -1)) * factors).flatten(0, 1)


def _narrowed(values: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return the first positions of each side, as many as `sizes` says."""
    for dimension, size in enumerate(sizes, 2):
        # narrowed only if needed: autograd pads the gradient of what is narrowed
        if values.shape[dimension] != size:
            values = values.narrow(dimension, 0, size)
    return values


def per_channel(vector: Tensor, like: Tensor) -> Tensor:
    """Return one value for each channel, to be broadcast over (N, C, ...)."""
    return vector.view(-1, *[1] * (like.ndim - 2))
