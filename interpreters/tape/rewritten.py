"""Functions of image classifiers, written with functions that interpreters have rules for."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def instance_norm(
    x: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Return every channel of every image standardised: a group norm of single channels."""
    if not use_input_stats:
        return F.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    return F.group_norm(x, x.shape[1], weight, bias, eps)


def rms_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Return x over the root mean square of its last dimensions, scaled."""
    dimensions = tuple(range(-len(normalized_shape), 0))
    epsilon = torch.finfo(x.dtype).eps if eps is None else eps
    standard = x / ((x * x).mean(dimensions, keepdim=True) + epsilon).sqrt()
    return standard if weight is None else standard * weight


def local_response_norm(
    x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Return x over a power of the mean square of its neighbouring channels."""
    squares = F.pad((x * x).flatten(2).transpose(1, 2), (size // 2, (size - 1) // 2))
    means = F.avg_pool1d(squares, size, stride=1).transpose(1, 2).reshape(x.shape)
    return x / (means * alpha + k).pow(beta)


def glu(x: Tensor, dim: int = -1) -> Tensor:
    """Return the first half times the sigmoid of the second."""
    first, second = x.chunk(2, dim)
    return first * second.sigmoid()


def absolute(x: Tensor) -> Tensor:
    """Return the positive part and the size of the negative one."""
    return x.relu() + (x * -1).relu()


def clip(x: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Return x between two bounds."""
    return x.clamp(min, max)


def minimum(x: Tensor, other: Tensor) -> Tensor:
    """Return the negative of the maximum of the negatives."""
    return torch.maximum(x * -1, other * -1) * -1


def smallest(x: Tensor, dim: int | Tensor, keepdim: bool = False) -> Any:
    """Return the smallest values along a dimension and their indices, or of two tensors."""
    if isinstance(dim, Tensor):
        return minimum(x, dim)
    values, indices = (x * -1).max(dim, keepdim)
    return torch.return_types.min((values * -1, indices))


def amin(x: Tensor, dim: int | tuple[int, ...] = (), keepdim: bool = False) -> Tensor:
    """Return the negative of the largest of the negatives."""
    return (x * -1).amax(dim, keepdim) * -1


def softmin(x: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Return the softmax of the negatives."""
    return F.softmax(x * -1, dim, dtype=dtype)


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """Return the slices of one dimension."""
    before: list[Any] = [slice(None)] * (dim % x.ndim)
    return x[(*before, index)]


def addmm(x: Tensor, first: Tensor, second: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return a linear layer where it is one, else a sum with a matrix product."""
    if (beta, alpha) == (1, 1) and x.ndim == 1:
        return F.linear(first, second.T, x)
    return baddbmm(x, first, second, beta=beta, alpha=alpha)


def baddbmm(
    x: Tensor, first: Tensor, second: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """Return the sum of x and a matrix product, each with its factor."""
    return x * beta + (first @ second) * alpha


REWRITTEN: dict[str, Callable[..., Any]] = {
    "instance_norm": instance_norm,
    "rms_norm": rms_norm,
    "local_response_norm": local_response_norm,
    "glu": glu,
    **dict.fromkeys(("abs", "absolute", "__abs__"), absolute),
    "clip": clip,
    "minimum": minimum,
    "min": smallest,
    "amin": amin,
    "softmin": softmin,
    "index_select": index_select,
    "addmm": addmm,
    "baddbmm": baddbmm,
}
