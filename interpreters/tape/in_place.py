"""Calls that change a tensor in place, and their counterparts that do not."""

from collections.abc import Callable, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from interpreters.tape.calls import TapeError, name_of, read

# operators that change their left side; their names end in two underscores, not in one
_ASSIGNMENTS = {"__iadd__": "__add__", "__isub__": "__sub__", "__imul__": "__mul__"}
_ASSIGNMENTS |= {"__itruediv__": "__truediv__"}


def changed_argument(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Tensor | None:
    """The tensor that a call would change in place; of whole numbers, none has a part in a map."""
    method = name.endswith("_") and not name.endswith("__")
    if not (method or name in _ASSIGNMENTS or kwargs.get("inplace")):
        return None
    changed = next((value for value in args if isinstance(value, Tensor)), None)
    return changed if changed is not None and changed.is_floating_point() else None


def out_of_place(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """The counterpart of an in-place call that leaves its argument alone; raises TapeError."""
    name = name_of(function)
    if kwargs.get("inplace"):
        return function, args, {**kwargs, "inplace": False}
    if name == "copy_" and (source := read(_copied, name, args, kwargs)) is not None:
        return Tensor.clone, (source,), {}
    counterpart = _ASSIGNMENTS.get(name, name[:-1])
    found = getattr(Tensor, counterpart, None) or getattr(F, counterpart, None)
    if found is None:
        raise TapeError(f"`{name}` changes a tensor in place, and there is no `{counterpart}`")
    return found, args, kwargs


def _copied(target: Tensor, other: Tensor, non_blocking: bool = False) -> Tensor | None:
    """What is copied, where it is like what it is copied to: of its shape, type and device."""
    names = ("shape", "dtype", "device")
    alike = all(getattr(target, name) == getattr(other, name) for name in names)
    return other if alike else None


class Changes:
    """What a network sees in the tensors that it meant to change in place."""

    def __init__(self) -> None:
        # the old tensor is kept beside the new one, so that no other gets its id
        self._values: dict[int, tuple[Tensor, Tensor]] = {}
        self._overwritten: dict[int, Tensor] = {}

    def latest(self, value: Tensor) -> Tensor:
        """What the network would now see in a tensor."""
        while id(value) in self._values:
            value = self._values[id(value)][1]
        return value

    def stand_in(self, value: Tensor, other: Tensor) -> None:
        """From here on, another tensor of the same values stands for this one."""
        self._values[id(value)] = (value, other)

    def overwrite(self, changed: Tensor, value: Tensor) -> None:
        """From here on, the network sees this value in a tensor that it meant to change."""
        self.stand_in(changed, value)
        self._overwritten[id(memory(changed))] = memory(changed)

    def shown_by(self, value: Tensor) -> bool:
        """Whether a tensor shows memory that was meant to change, and does not know."""
        return id(memory(value)) in self._overwritten


def memory(value: Tensor) -> Tensor:
    """The tensor whose memory this one shows."""
    return value if value._base is None else value._base
