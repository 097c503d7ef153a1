"""In-place calls and their out-of-place counterparts."""

from collections.abc import Callable, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from interpreters.tape.calls import TapeError, name_of, read

# operators that change their left side; their names end in two underscores, not in one
_ASSIGNMENTS = {"__iadd__": "__add__", "__isub__": "__sub__", "__imul__": "__mul__"}
_ASSIGNMENTS |= {"__itruediv__": "__truediv__"}


def changed_argument(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Tensor | None:
    """Return the floating-point tensor that a call would change in place, if any."""
    method = name.endswith("_") and not name.endswith("__")
    if not (method or name in _ASSIGNMENTS or kwargs.get("inplace")):
        return None
    changed = next((value for value in args if isinstance(value, Tensor)), None)
    return changed if changed is not None and changed.is_floating_point() else None


def out_of_place(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """Return the out-of-place counterpart of an in-place call; raises TapeError."""
    name = name_of(function)
    if kwargs.get("inplace"):
        return function, args, {**kwargs, "inplace": False}
    if name == "copy_" and (source := read(_copied, name, args, kwargs)) is not None:
        return Tensor.clone, (source,), {}
    counterpart = _ASSIGNMENTS.get(name, name[:-1])
    found = getattr(Tensor, counterpart, None) or getattr(F, counterpart, None)
    if found is None:
        raise TapeError(
            f"no rule for `{name}`, which works in place and has no counterpart `{counterpart}`"
        )
    return found, args, kwargs


def _copied(target: Tensor, other: Tensor, non_blocking: bool = False) -> Tensor | None:
    """Return the copied tensor, if it has the shape, type and device of the target."""
    names = ("shape", "dtype", "device")
    alike = all(getattr(target, name) == getattr(other, name) for name in names)
    return other if alike else None


class Changes:
    """Current values of the tensors that a network changes in place."""

    def __init__(self) -> None:
        # the old tensor is kept beside the new one, so that no other gets its id
        self._values: dict[int, tuple[Tensor, Tensor]] = {}
        self._overwritten: dict[int, Tensor] = {}

    def latest(self, value: Tensor) -> Tensor:
        """Return the current value of a tensor."""
        while id(value) in self._values:
            value = self._values[id(value)][1]
        return value

    def stand_in(self, value: Tensor, other: Tensor) -> None:
        """Replace a tensor by another one of the same values."""
        self._values[id(value)] = (value, other)

    def overwrite(self, changed: Tensor, value: Tensor) -> None:
        """Set the value of a tensor that the network changes in place."""
        self.stand_in(changed, value)
        self._overwritten[id(memory(changed))] = memory(changed)

    def shown_by(self, value: Tensor) -> bool:
        """Return True if a tensor is a view of memory whose change it does not show."""
        return id(memory(value)) in self._overwritten


def memory(value: Tensor) -> Tensor:
    """Return the tensor that this one is a view of, or itself."""
    return value if value._base is None else value._base
