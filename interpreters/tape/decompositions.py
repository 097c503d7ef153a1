"""Compound functions as sums, products, quotients and functions of one element."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from interpreters.tape.calls import TapeError, read
from interpreters.tape.rewritten import REWRITTEN


def layer_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Return x standardised over the last dimensions, scaled and shifted."""
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
    """Return x standardised over groups of channels, scaled and shifted by channel."""
    shape = (-1, *[1] * (x.ndim - 2))
    standard = _standardised(x.reshape(len(x), num_groups, -1), (2,), eps).reshape(x.shape)
    scaled = standard if weight is None else standard * weight.view(shape)
    return scaled if bias is None else scaled + bias.view(shape)


def divide(numerator: Tensor, denominator: Tensor | float) -> Tensor:
    """Return the product with the reciprocal."""
    if isinstance(denominator, Tensor):
        return numerator * denominator.reciprocal()
    return numerator * (1 / denominator)


def norm(
    x: Tensor,
    p: float | str = 2,
    dim: int | tuple[int, ...] | None = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Return the Euclidean norm; raises TapeError for another order."""
    if p not in (2, "fro"):
        raise TapeError(f"no rule for a norm of order {p}")
    # the square root has no derivative at 0
    squares = (x * x).sum(dim, keepdim=keepdim, dtype=dtype)
    return squares.clamp_min(torch.finfo(squares.dtype).tiny).sqrt()


def variance(
    x: Tensor,
    dim: int | tuple[int, ...] | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Return the sum of squared distances from the mean, over their number less the correction."""
    mean = x.mean(dim, keepdim=True)
    count = x.numel() // mean.numel() - (unbiased if correction is None else correction)
    centred = x - mean
    return (centred * centred).sum(dim, keepdim=keepdim) * (1 / count)


def deviation(*args: Any, **options: Any) -> Tensor:
    """Return the standard deviation, given the arguments of the variance."""
    squares = read(variance, "std", args, options)
    return squares.clamp_min(torch.finfo(squares.dtype).tiny).sqrt()


def normalize(
    x: Tensor, p: float = 2, dim: int = 1, eps: float = 1e-12, out: None = None
) -> Tensor:
    """Return x divided by its norm."""
    return x / norm(x, p, dim, keepdim=True).clamp_min(eps)


def addcmul(x: Tensor, first: Tensor, second: Tensor, *, value: float = 1.0) -> Tensor:
    """Return x + value * first * second."""
    return x + value * first * second


def _standardised(x: Tensor, dimensions: tuple[int, ...], eps: float) -> Tensor:
    centred = x - x.mean(dimensions, keepdim=True)
    return centred * ((centred * centred).mean(dimensions, keepdim=True) + eps).rsqrt()


COMPOUND: dict[str, Callable[..., Any]] = {
    **REWRITTEN,
    "norm": norm,
    "normalize": normalize,
    "var": variance,
    "std": deviation,
    "addcmul": addcmul,
}
"""Functions that no interpreter has a rule for."""

NORMALISATIONS: dict[str, Callable[..., Any]] = {
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    **dict.fromkeys(("div", "divide", "true_divide", "__truediv__"), divide),
}
"""Functions that LRP has rules for."""
