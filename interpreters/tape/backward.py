"""Propagation of a quantity along a tape, from the logits back to its start."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from interpreters.alias import alias
from interpreters.tape.calls import Call, located, only_input
from networks.unsupported import differentiated

Propagate = Callable[[Call, tuple[Tensor, ...]], Sequence[Tensor]]


def propagate_back(
    calls: Sequence[Call], start: Tensor, end: Tensor, seed: Tensor, propagate: Propagate
) -> Tensor:
    """Return a quantity at a tape's start, propagated from its end; several paths are summed.

    Args:
        calls: the tape's calls, in the order of the forward pass.
        start: the tensor at the start of the tape.
        end: the tensor that `seed` belongs to, such as the logits.
        seed: the quantity at the end, shaped like it.
        propagate: from a call and the quantity at its outputs to that at its inputs.

    Returns: the quantity at the start, shaped like it.
    """
    arrived = {id(end): seed}
    for call in reversed(calls):
        if not any(id(value) in arrived for value in call.outputs):
            continue
        arriving = tuple(
            arrived.pop(id(value)) if id(value) in arrived else torch.zeros_like(value)
            for value in call.outputs
        )
        with located(call.site):
            leaving = propagate(call, arriving)
            if len(leaving) < len(call.inputs):
                only_input(call)
        for value, share in zip(call.inputs, leaving, strict=True):
            arrived[id(value)] = arrived[id(value)] + share if id(value) in arrived else share
    return arrived[id(start)]


def vector_jacobian_product(
    call: Call, cotangents: Sequence[Tensor], inputs: Sequence[Tensor] | None = None
) -> tuple[Tensor, ...]:
    """Return the transposed Jacobian of a call times cotangents, at its own or other inputs."""
    if call.name in _LINEAR and (shares := _LINEAR[call.name](call, cotangents[0])) is not None:
        return shares
    graph = torch.is_grad_enabled()
    alone = call.inputs[0] if inputs is None and len(call.inputs) == 1 else None
    if graph and alone is not None and alone.requires_grad:
        # the graph of the forward pass has no other path to it
        with differentiated():
            return torch.autograd.grad(
                call.outputs, alone, tuple(cotangents), create_graph=True, materialize_grads=True
            )
    with torch.enable_grad():
        # aliases cut other paths: in x + f(x) only this call's dependence on x counts
        aliases = [
            alias(value) if value.requires_grad else value.detach().requires_grad_()
            for value in inputs or call.inputs
        ]
        outputs = call.on(aliases)
    with differentiated():
        return torch.autograd.grad(
            outputs, aliases, tuple(cotangents), create_graph=graph, materialize_grads=True
        )


def _split(call: Call, cotangent: Tensor) -> tuple[Tensor, ...] | None:
    """Return the cotangents of cat, all at once; autograd would pad and add each slice."""
    if not call.args or not call.kwargs.keys() <= {"dim"}:
        return None
    if any(value.ndim != cotangent.ndim for value in call.args[0]):
        return None
    dimension = (*call.args, call.kwargs.get("dim", 0))[1]
    pieces = cotangent.split([value.shape[dimension] for value in call.args[0]], dimension)
    own = {id(value) for value in call.inputs}
    return tuple(
        piece for value, piece in zip(call.args[0], pieces, strict=True) if id(value) in own
    )


def _copied(call: Call, cotangent: Tensor) -> tuple[Tensor, ...] | None:
    """Return the cotangents of an addition of tensors of one shape."""
    if "alpha" in call.kwargs or any(value.shape != cotangent.shape for value in call.inputs):
        return None
    return (cotangent,) * len(call.inputs)


# linear calls whose transposed Jacobian needs no second run; None if it does
_LINEAR = {"cat": _split, "concat": _split, "add": _copied}
