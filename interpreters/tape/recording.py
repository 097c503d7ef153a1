"""Recording of a forward pass, call by call."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from interpreters.alias import alias
from interpreters.passes import as_returned, check_activation, check_explainable, logits_of
from interpreters.separate import check_images_first, check_layer
from interpreters.tape.attention import ATTENTION
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
from interpreters.tape.names import CONSTANTS, REARRANGEMENTS
from networks.last_map import LayerError
from networks.layers import find_layer
from networks.normalized import bare


class Recording(NamedTuple):
    """Logits (N, K), the explained tensor, and the calls that lead from it to the logits.

    `differentiable` is False if no weight or image requires a gradient, or grad mode is off.
    """

    logits: Tensor
    start: Tensor
    calls: list[Call]
    differentiable: bool


def record(
    network: nn.Module,
    images: Tensor,
    layer: str | None,
    known: Container[str],
    decomposed: Mapping[str, Callable[..., Any]],
    gates: bool,
) -> Recording:
    """Run the network and record every call that depends on the pixels or a layer.

    Args:
        network: any classifier, with BatchNorm in evaluation mode.
        images: shape (N, 3, H, W), values in [0, 1].
        layer: a dotted module name whose output begins the tape, "last", or None for the pixels.
        known: names of the functions that the interpreter has rules for.
        decomposed: by name, replacements made of simpler functions.
        gates: whether masks, indices and detached copies of activations count as constants, as
            in a derivative.

    Raises:
        TapeError: the network calls a function that is not known, or loses what depends on the
            pixels.
        LayerError: there is no such layer, it runs more than once or returns no map.
    """
    check_explainable(network, images)
    check_images_first(network, images, REARRANGEMENTS | {*ATTENTION})
    trained = images.requires_grad or any(weight.requires_grad for weight in network.parameters())
    grad_mode = torch.is_grad_enabled()
    differentiable = trained and grad_mode
    whole = differentiable and all(weight.requires_grad for weight in network.parameters())
    tape = _Tape(bare(network), known, decomposed, leaf=not whole, gates=gates)
    explained = network if layer is None else find_layer(network, layer, images)
    if layer is None:
        handle = network.register_forward_pre_hook(lambda _, inputs: tape.begin(inputs[0]))
    else:

        def begin(module: nn.Module, _: object, output: Tensor) -> Tensor:
            arranged = check_activation(module, output, layer, tape.began, images)
            return as_returned(tape.begin(arranged), arranged, output)

        handle = explained.register_forward_hook(begin)
    try:
        with tape:
            logits = logits_of(network, images)
    finally:
        torch.set_grad_enabled(grad_mode)
        handle.remove()
    if not tape.began:
        raise LayerError(f"the layer `{layer}` did not run; choose one that the forward pass calls")
    if layer is not None:
        check_layer(network, explained, tape.began[0], images)
    logits = tape.changes.latest(logits)
    if not tape.depends(logits):
        raise LayerError(
            "the logits do not depend on the chosen layer or pixels, or the network cuts their "
            "gradient by torch.no_grad(), torch.inference_mode() or detach; choose a `layer` "
            "behind that part, or remove the cut"
        )
    return Recording(logits, tape.began[0], tape.calls, differentiable)


class _Tape(TorchFunctionMode):
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
