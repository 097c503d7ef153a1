"""Functions of image classifiers, written with functions that interpreters have rules for."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from interpreters.tape.calls import TapeError


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


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """Return the slices of one dimension."""
    before: list[Any] = [slice(None)] * (dim % x.ndim)
    return x[(*before, index)]


def addmm(x: Tensor, first: Tensor, second: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return the linear layer that it is; raises TapeError for factors and other biases."""
    if (beta, alpha) != (1, 1) or x.ndim != 1:
        raise TapeError("no rule for `addmm` with factors, or a bias that is not a vector")
    return F.linear(first, second.T, x)


REWRITTEN: dict[str, Callable[..., Any]] = {
    "instance_norm": instance_norm,
    "rms_norm": rms_norm,
    "local_response_norm": local_response_norm,
    "glu": glu,
    **dict.fromkeys(("abs", "absolute", "__abs__"), absolute),
    "clip": clip,
    "minimum": minimum,
    "index_select": index_select,
    "addmm": addmm,
}
