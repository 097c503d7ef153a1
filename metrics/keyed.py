"""Modules by keys of any kind: names with dots, or tuples of names."""

from collections.abc import Hashable, Iterator, Mapping, MutableMapping
from typing import TypeVar

from torch import nn
from torchmetrics import Metric

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value", bound=nn.Module)


class Keyed(nn.Module, MutableMapping[Key, Value]):
    """A mapping to modules; `nn.ModuleDict` takes no key with a dot and no attribute's name.

    Args:
        modules: By key; they are registered in this order.

    Example:
        >>> Keyed({("v1.0", "keys"): nn.Identity()})["v1.0", "keys"]
        Identity()
    """

    # a module is compared and hashed by identity, a mapping by its content
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __init__(self, modules: Mapping[Key, Value] | None = None) -> None:
        super().__init__()
        self.positions: dict[Key, str] = {}
        self.update(modules or {})

    def __getitem__(self, key: Key) -> Value:
        """Return the module of this key."""
        module: Value = self._modules[self.positions[key]]  # type: ignore[assignment]  # no other is in it
        return module

    def __setitem__(self, key: Key, module: Value) -> None:
        """Register a module under a key."""
        position = self.positions.setdefault(key, str(len(self.positions)))
        self.add_module(position, module)

    def __delitem__(self, key: Key) -> None:
        """Refuse: positions of other keys would change."""
        raise TypeError(f"{type(self).__name__} does not forget modules")

    def __iter__(self) -> Iterator[Key]:
        """Return an iterator over the keys, in their order."""
        return iter(self.positions)

    def __len__(self) -> int:
        """Return the number of modules."""
        return len(self.positions)


class Metrics(Keyed[Key, Metric]):
    """Metrics by name, or by any other key."""
