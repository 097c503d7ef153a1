"""The mode that sees every function call of a forward pass."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from interpreters.alias import alias
from interpreters.tape.calls import (
    Call,
    CallSite,
    TapeError,
    located,
    mapped,
    name_of,
    read,
    running_module,
    tensors,
)
from interpreters.tape.in_place import Changes, changed_argument, out_of_place
from interpreters.tape.lost import Lost
from interpreters.tape.names import CONSTANTS


class Tape(TorchFunctionMode):
    """Mode that records the calls that depend on its start, and runs in-place ones out of place."""

    def __init__(
        self,
        network: nn.Module,
        known: Container[str],
        decomposed: Mapping[str, Callable[..., Any]],
        leaf: bool,
        gates: bool,
    ) -> None:
        super().__init__()
        self.known, self.decomposed, self.leaf = known, decomposed, leaf
        self.lost = Lost(gates)
        self.names = {id(module): name for name, module in network.named_modules()}
        self.began: list[Tensor] = []
        self.calls: list[Call] = []
        self._active: set[int] = set()
        self.changes = Changes()
        self._constants: WeakValueDictionary[int, Tensor] = WeakValueDictionary()
        # weights copied into another precision have a graph of their own
        self._constants.update((id(weight), weight) for weight in network.parameters())

    def begin(self, start: Tensor) -> Tensor:
        """Start to record what depends on a tensor; returns the tensor that replaces it."""
        start = self.changes.latest(start)
        # a tensor that no recorded call made is detected by its gradient
        torch.set_grad_enabled(True)
        if self.leaf and not start.requires_grad:
            # not the leaf itself: the network may write to it, and autocast keeps copies of leaves
            traced = alias(start.detach().requires_grad_())
            self.changes.stand_in(start, traced)
            start = traced
        self.began.append(start)
        self._active.add(id(start))
        return start

    def depends(self, value: Tensor) -> bool:
        """Return True if a tensor depends on the start of the tape."""
        return id(value) in self._active

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if not self.began:
            output = function(*args, **(kwargs or {}))
            self._constants.update((id(value), value) for value in tensors(output))
            return output
        args, kwargs = mapped(self.changes.latest, (tuple(args), kwargs or {}))
        changed = changed_argument(name_of(function), args, kwargs)
        if changed is not None:
            with located(self._site()):
                function, args, kwargs = out_of_place(function, args, kwargs)
        name, given = name_of(function), tensors((args, kwargs))
        inputs = tuple(value for value in given if self.depends(value))
        if inputs and name in self.decomposed:
            with self, located(self._site()):
                output = read(self.decomposed[name], name, args, kwargs)
            if changed is not None:
                self.changes.overwrite(changed, output)
            return output
        self._check_origin(given)
        self._check_views(given)
        with located(self._site()):
            self.lost.check(name, given, bool(inputs))
            output = function(*args, **kwargs)
            known = {id(value) for value in given}
            made = tuple(value for value in tensors(output) if id(value) not in known)
            cut = self.lost.follow(name, given, bool(inputs), made)
        outputs = tuple(value for value in made if value.is_floating_point())
        written = bool(outputs) or name == "__setitem__"
        if inputs and written and name not in CONSTANTS and not cut:
            call = Call(name.strip("_"), function, args, kwargs, inputs, outputs, self._site())
            self._check(call)
            self.calls.append(call)
            self._active.update(map(id, outputs))
        else:
            self._constants.update((id(value), value) for value in outputs)
        if outputs and changed is not None:
            self.changes.overwrite(changed, outputs[0])
        return output

    def _check(self, call: Call) -> None:
        """Raise TapeError for a call without a rule."""
        if call.name not in self.known:
            raise TapeError(
                f"no rule for `{call.name}`, which {call.site} calls; explain at a layer behind "
                "it, or add a rule as CONTRIBUTING.md says"
            )

    def _check_views(self, given: Sequence[Tensor]) -> None:
        """Raise TapeError for a tensor that was changed through a view, or under one."""
        if any(map(self.changes.shown_by, given)):
            raise TapeError(
                f"{self._site()} changes a tensor in place that it also has views of; clone it"
            )

    def _check_origin(self, given: Sequence[Tensor]) -> None:
        """Raise TapeError for a tensor made by a function that the tape does not see."""
        for value in given:
            foreign = value.grad_fn is not None and id(value) not in self._constants
            if foreign and not self.depends(value) and not self.lost.holds(value):
                raise TapeError(
                    f"{self._site()} works on a tensor that no recorded call made; explain the "
                    "network without compiled and scripted functions"
                )

    def _site(self) -> CallSite:
        module = running_module()
        return CallSite(self.names.get(id(module), ""), module)
