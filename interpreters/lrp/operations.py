"""Relevance through calls without weights."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from interpreters.lrp.ratio import ratio
from interpreters.lrp.sums import Proportional
from interpreters.tape import Call, TapeError, dimension_of, read, tensors, vector_jacobian_product
from interpreters.tape.names import (
    ACTIVATIONS,
    MAXIMA,
    PRODUCTS,
    QUOTIENTS,
    REARRANGEMENTS,
    SCALING,
    SUMS,
)

Shares = Sequence[Tensor]
Operation = Callable[[Call, tuple[Tensor, ...]], Shares]


def moved(call: Call, relevance: tuple[Tensor, ...]) -> Shares:
    """Return the relevance of rearranged or selected values: cat, flatten, max pooling."""
    return vector_jacobian_product(call, relevance)


def passed(call: Call, relevance: tuple[Tensor, ...]) -> Shares:
    """Return the same relevance: activations work on each element alone."""
    return relevance


def powered(call: Call, relevance: tuple[Tensor, ...]) -> Shares:
    """Return the same relevance for a positive power; raises TapeError for another."""
    exponent = (*call.args, call.kwargs.get("exponent"))[1]
    if isinstance(exponent, Tensor) or exponent <= 0:
        raise TapeError(f"no rule for a power of {exponent} of values that depend on the images")
    return relevance


def multiplied(call: Call, relevance: tuple[Tensor, ...]) -> Shares:
    """Return equal relevance for each factor (Achtibat et al. 2024, eq. 15)."""
    (z,) = call.outputs
    if call.name in SCALING and len(call.inputs) == 1 and z.shape == call.inputs[0].shape:
        # a constant factor changes the units alone
        return relevance
    shared = ratio(relevance[0] / len(call.inputs), z, 1e-6)
    shares = vector_jacobian_product(call, (shared,))
    return [value * share for value, share in zip(call.inputs, shares, strict=True)]


def divided(call: Call, relevance: tuple[Tensor, ...]) -> Shares:
    """Return all relevance for the numerator (Achtibat et al. 2024, proposition 3.4)."""
    numerator, *rest = call.inputs
    if numerator is not read(_numerator, call.name, call.args, call.kwargs):
        raise TapeError(
            f"no rule for `{call.name}` of a constant by values that depend on the images"
        )
    return [relevance[0], *(torch.zeros_like(value) for value in rest)]


def _numerator(input: Tensor, other: Tensor | float) -> Tensor:
    return input


def softmaxed(call: Call, relevance: tuple[Tensor, ...]) -> Shares:
    """Return x (R - s sum(R)), to first order (Achtibat et al. 2024, proposition 3.1)."""
    total = relevance[0].sum(dimension_of(call), keepdim=True)
    return [call.inputs[0] * (relevance[0] - call.outputs[0] * total)]


def linearised(call: Call, relevance: tuple[Tensor, ...]) -> Shares:
    """Return x J^T (R / z), to first order, as for a softmax."""
    return Proportional()(call, relevance[0])


def standardised(call: Call, relevance: tuple[Tensor, ...]) -> Shares:
    """Return relevance with the standard deviation as a constant (Achtibat et al. 2024)."""
    x, z = call.inputs[0], call.outputs[0]
    grouping = _GROUPINGS[call.name]
    grouped, weight, epsilon = read(grouping, call.name, call.args, call.kwargs)
    scale = torch.rsqrt(grouped.var(-1, unbiased=False, keepdim=True) + epsilon)
    shared = ratio(relevance[0], z, 1e-6)
    shared = (shared if weight is None else shared * weight).reshape(grouped.shape) * scale
    return [x * (shared - shared.mean(-1, keepdim=True)).reshape(x.shape)]


Grouping = tuple[Tensor, Tensor | None, float]


def _layer_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Grouping:
    return x.flatten(-len(normalized_shape)), weight, eps


def _group_norm(
    x: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Grouping:
    weight = None if weight is None else weight.view(-1, *[1] * (x.ndim - 2))
    return x.reshape(len(x), num_groups, -1), weight, eps


_GROUPINGS: dict[str, Callable[..., Grouping]] = {
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
}

OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(ACTIVATIONS, passed),
    **dict.fromkeys(REARRANGEMENTS | MAXIMA, moved),
    **dict.fromkeys(PRODUCTS, multiplied),
    **dict.fromkeys(QUOTIENTS, divided),
    "pow": powered,
    "softmax": softmaxed,
    "log_softmax": linearised,
    "layer_norm": standardised,
    "group_norm": standardised,
}


def summed(sums: Proportional) -> dict[str, Operation]:
    """Return the operation of each sum and average, by a composite's rule for them."""
    return dict.fromkeys(SUMS, lambda call, relevance: sums(call, relevance[0]))


# functions with nonnegative outputs for all inputs, and for nonnegative inputs
_POSITIVE = {"relu", "relu6", "softplus", "sigmoid", "hardsigmoid", "softmax"}
_KEEPING = REARRANGEMENTS | MAXIMA | SUMS - {"add", "sub", "rsub", "interpolate"} | {"dropout"}
_KEEPING = _KEEPING - {"pad", "masked_fill"}
_KEEPING_OF_TENSORS = {"add", "mul"}


def nonnegative(calls: Sequence[Call]) -> set[int]:
    """Return the ids of the tensors that are nonnegative for all images."""
    found: set[int] = set()
    for call in calls:
        kept = call.name in _KEEPING or (
            # a number or `alpha` may be negative
            call.name in _KEEPING_OF_TENSORS
            and len(call.inputs) == len(call.args) == 2
            and not call.kwargs
        )
        given = tensors((call.args, call.kwargs))
        if call.name in _POSITIVE or (kept and all(id(x) in found for x in given)):
            found.update(map(id, call.outputs))
    return found
