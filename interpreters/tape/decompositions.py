"""Normalisations and quotients as sums, products and functions of one element."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor


def softmax(x: Tensor, dim: int, **_: Any) -> Tensor:
    """exp(x) / sum(exp(x)), as a product with the reciprocal of the sum."""
    # any constant will do, but what is compared must have the same one: hence over the batch
    exponential = (x - x.detach().amax((0, dim), keepdim=True)).exp()
    return exponential * exponential.sum(dim, keepdim=True).reciprocal()


def layer_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Standardised over the last dimensions, then scaled and shifted."""
    standard = _standardised(x, tuple(range(-len(normalized_shape), 0)), eps)
    scaled = standard if weight is None else standard * weight
    return scaled if bias is None else scaled + bias


def group_norm(
    x: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Standardised over groups of channels, then scaled and shifted channel by channel."""
    shape = (-1, *[1] * (x.ndim - 2))
    standard = _standardised(x.reshape(len(x), num_groups, -1), (2,), eps).reshape(x.shape)
    scaled = standard if weight is None else standard * weight.view(shape)
    return scaled if bias is None else scaled + bias.view(shape)


def divide(numerator: Tensor, denominator: Tensor | float) -> Tensor:
    """A product with the reciprocal."""
    if isinstance(denominator, Tensor):
        return numerator * denominator.reciprocal()
    return numerator * (1 / denominator)


def _standardised(x: Tensor, dimensions: tuple[int, ...], eps: float) -> Tensor:
    centred = x - x.mean(dimensions, keepdim=True)
    return centred * ((centred * centred).mean(dimensions, keepdim=True) + eps).rsqrt()


DECOMPOSITIONS: dict[str, Callable[..., Any]] = {
    "softmax": softmax,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    **dict.fromkeys(("div", "divide", "true_divide", "__truediv__"), divide),
}
