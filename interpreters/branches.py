"""Refusal of networks that leave a branch out of the gradient, tried out once for each layer."""

from collections.abc import Hashable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from interpreters.separate import random_numbers_kept, state
from interpreters.tape.calls import CallSite, name_of, running_module, tensors
from interpreters.tape.names import CONSTANTS, PRODUCTS, QUOTIENTS
from networks.layers import find_layer
from networks.logits import read_logits
from networks.normalized import bare
from networks.plain import plain
from networks.unsupported import UnsupportedError, inference_parts_named

_whole: WeakKeyDictionary[nn.Module, set[Hashable]] = WeakKeyDictionary()


def check_branches(network: nn.Module, images: Tensor, layer: str | None = None) -> None:
    """Raise UnsupportedError if a branch with weights has no gradient and another branch has one.

    A branch has none under torch.no_grad() and behind detach. Where its output is a factor of what
    has a gradient, it is a gate, and counts as a constant, as in training.

    Args:
        network: any classifier.
        images: shape (N, C, H, W); the first is shown to it once.
        layer: a dotted module name at whose output the paths begin, "last", or None for the pixels.
    """
    key = (layer, state(network))
    if key in _whole.get(bare(network), ()) or not len(images):
        return
    paths = _Paths(bare(network))
    # not a leaf, which a network could not change in place
    with torch.enable_grad():
        pixels = images[:1].detach().requires_grad_().clone()
    if layer is None:
        paths.begin(pixels)
        logits = _logits(network, pixels, paths)
    else:
        module = find_layer(network, layer, images)
        handle = module.register_forward_hook(paths.begin_at)
        try:
            logits = _logits(network, pixels, paths)
        finally:
            handle.remove()
    end = paths.of(logits)
    if end is not None and end.gradient and end.frozen:
        raise UnsupportedError(
            f"the network cuts the gradient at {end.frozen}, by torch.no_grad() or detach, and "
            "adds its output to a branch that has one, which the heatmap would show alone: remove "
            "the cut (requires_grad_(False) keeps weights fixed too), choose a `layer` behind it, "
            "or an interpreter without gradients, such as captum's Occlusion"
        )
    _whole.setdefault(bare(network), set()).add(key)


def _logits(network: nn.Module, pixels: Tensor, paths: "_Paths") -> Tensor:
    """Return the logits, without a backward pass and without the hooks that count passes."""
    # a checkpoint around it counts the tensors that are saved
    unsaved = saved_tensors_hooks(lambda _: None, torch.as_tensor)
    kept, named = random_numbers_kept(pixels), inference_parts_named()
    with kept, torch.enable_grad(), unsaved, plain(network), paths, named:
        return read_logits(network.forward(pixels))


class _Path(NamedTuple):
    """A tensor that depends on the start of all paths.

    Args:
        value: the tensor, kept so that no other gets its id.
        gradient: some path to it has a gradient.
        frozen: the first layer with weights without one on a path to it, "" if none is.
        graph: it was made in grad mode.
    """

    value: Tensor
    gradient: bool
    frozen: str
    graph: bool


class _Paths(TorchFunctionMode):
    """Mode that follows what depends on a tensor, also where no gradient does."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.names = {id(module): name for name, module in network.named_modules()}
        self._paths: dict[int, _Path] = {}
        # and what the network makes of them alone
        self._weights: dict[int, Tensor] = {id(weight): weight for weight in network.parameters()}

    def begin(self, start: object) -> None:
        """Start to follow what depends on one tensor or several."""
        for value in tensors(start):
            self._paths[id(value)] = _Path(value, True, "", True)

    def begin_at(self, layer: nn.Module, inputs: object, output: object) -> None:
        """Start at a layer's output, as a forward hook."""
        # a layer that is explained has a gradient from there on, wherever it runs
        torch.set_grad_enabled(True)
        self.begin(output)

    def of(self, value: Tensor) -> _Path | None:
        """Return what is known of a tensor that depends on the start, None of others."""
        path = self._paths.get(id(value))
        if path is not None and not path.graph and value.requires_grad:
            # an autograd.Function runs without grad mode, and has a gradient all the same
            return _Path(value, True, "", True)
        return path

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        output = function(*args, **(kwargs or {}))
        given, name = tensors((args, kwargs)), name_of(function).strip("_")
        read = [path for path in map(self.of, given) if path is not None]
        weights = [id(x) in self._weights for x in given]
        if weights and all(weights):
            self._weights.update((id(value), value) for value in tensors(output))
        if not read or name in CONSTANTS:
            return output
        graph = torch.is_grad_enabled()
        gradient = graph and name not in ("detach", "data") and any(p.gradient for p in read)
        # beside a factor that has a gradient, others are gates
        gated = gradient and name in PRODUCTS | QUOTIENTS
        frozen = next((p.frozen for p in read if p.frozen and (p.gradient or not gated)), "")
        if not gradient and not frozen and any(weights):
            frozen = str(self._site())
        for value in tensors(args[0] if name == "setitem" else output):
            if value.is_floating_point():
                self._paths[id(value)] = _Path(value, gradient, frozen, graph)
        return output

    def _site(self) -> CallSite:
        module = running_module()
        return CallSite(self.names.get(id(module), ""), module)
