"""The transposed Jacobian of a call is autograd's, and the call runs again only where it must."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from interpreters.tape import Call, tensors, vector_jacobian_product
from interpreters.tape.calls import CallSite

X, Y, CONSTANT = (torch.randn(2, size, 3, dtype=torch.float64) for size in (1, 2, 4))

CASES: dict[str, tuple[Callable[..., Tensor], tuple[Any, ...], dict[str, Any], int]] = {
    "cat": (torch.cat, ([X, CONSTANT, Y], 1), {}, 0),
    "cat, one tensor twice": (torch.cat, ([Y, X, Y],), {"dim": -2}, 0),
    "cat by axis": (torch.cat, ([X, Y],), {"axis": 1}, 1),
    "add": (torch.add, (Y, Y), {}, 0),
    "add a number": (torch.add, (Y, 2.0), {}, 0),
    "add a multiple": (torch.add, (Y, Y + 0), {"alpha": 3}, 1),
    "add to all": (torch.add, (X, Y), {}, 1),
    "pool": (F.avg_pool1d, (Y, 2), {}, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_transposed(case: str) -> None:
    function, args, kwargs, runs = CASES[case]
    for value in tensors(args):
        value.requires_grad_(value.is_leaf and value is not CONSTANT)
    output = function(*args, **kwargs)
    ran = []

    def counted(*args: Any, **kwargs: Any) -> Tensor:
        ran.append(args)
        return function(*args, **kwargs)

    given = tensors((args, kwargs))
    inputs = tuple(value for value in given if value is not CONSTANT)
    name = case.split()[0].strip(",")
    call = Call(name, counted, args, kwargs, inputs, (output,), CallSite("", None))
    cotangent = torch.randn_like(output)
    shares = vector_jacobian_product(call, (cotangent,))
    assert len(ran) == runs
    found: dict[int, Tensor] = {}
    for value, share in zip(inputs, shares, strict=True):
        found[id(value)] = found.get(id(value), torch.zeros_like(value)) + share
    for value in inputs:
        aliases = {id(v): v.detach().clone().requires_grad_() for v in inputs}
        again = Call(name, function, args, kwargs, inputs, (), CallSite("", None)).on(
            [aliases[id(v)] for v in inputs]
        )
        (expected,) = torch.autograd.grad(again[0], aliases[id(value)], cotangent)
        torch.testing.assert_close(found[id(value)], expected)
