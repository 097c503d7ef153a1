"""Calls that change a tensor in place, and their counterparts that do not."""

from collections.abc import Callable, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

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
    name: str, function: Callable[..., Any], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The counterpart of an in-place call that leaves its argument alone; raises ValueError."""
    if kwargs.get("inplace"):
        return function, {**kwargs, "inplace": False}
    counterpart = _ASSIGNMENTS.get(name, name[:-1])
    found = getattr(Tensor, counterpart, None) or getattr(F, counterpart, None)
    if found is None:
        raise ValueError(f"`{name}` changes a tensor in place, and there is no `{counterpart}`")
    return found, kwargs


def alike(first: Tensor, second: Any) -> bool:
    """Whether a value can stand where a tensor was: of the same shape, type and device."""
    return isinstance(second, Tensor) and all(
        getattr(first, name) == getattr(second, name) for name in ("shape", "dtype", "device")
    )


def memory(value: Tensor) -> Tensor:
    """The tensor whose memory this one shows."""
    return value if value._base is None else value._base
