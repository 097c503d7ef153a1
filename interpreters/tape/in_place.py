"""Calls that change a tensor in place, and their counterparts that do not."""

from collections.abc import Callable, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from interpreters.tape.calls import name_of

# operators that change their left side; their names end in two underscores, not in one
_ASSIGNMENTS = {"__iadd__": "__add__", "__isub__": "__sub__", "__imul__": "__mul__"}
_ASSIGNMENTS |= {"__itruediv__": "__truediv__"}


def changed_argument(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Tensor | None:
    """The tensor that a call would change in place."""
    method = name.endswith("_") and not name.endswith("__")
    if method or name in _ASSIGNMENTS or kwargs.get("inplace"):
        return next((value for value in args if isinstance(value, Tensor)), None)
    return None


def out_of_place(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """The counterpart of an in-place call that leaves its argument alone; raises ValueError."""
    name = name_of(function)
    if kwargs.get("inplace"):
        return function, args, {**kwargs, "inplace": False}
    if name == "copy_" and (source := _copied(*args, **kwargs)) is not None:
        return Tensor.clone, (source,), {}
    counterpart = _ASSIGNMENTS.get(name, name[:-1])
    found = getattr(Tensor, counterpart, None) or getattr(F, counterpart, None)
    if found is None:
        raise ValueError(f"`{name}` changes a tensor in place, and there is no `{counterpart}`")
    return found, args, kwargs


def _copied(target: Tensor, other: Tensor, non_blocking: bool = False) -> Tensor | None:
    """What is copied, where it is like what it is copied to: of its shape, type and device."""
    names = ("shape", "dtype", "device")
    alike = all(getattr(target, name) == getattr(other, name) for name in names)
    return other if alike else None


def memory(value: Tensor) -> Tensor:
    """The tensor whose memory this one shows."""
    return value if value._base is None else value._base
