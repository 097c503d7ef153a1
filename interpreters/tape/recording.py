"""Recording of a forward pass, call by call."""

from collections.abc import Callable, Container, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from interpreters.activation import as_returned, check_activation, cut_off
from interpreters.explainable import check_explainable
from interpreters.forward import derivable
from interpreters.separate import check_images_first, check_layer
from interpreters.tape.attention import ATTENTION
from interpreters.tape.calls import Call
from interpreters.tape.mode import Tape
from interpreters.tape.names import REARRANGEMENTS
from networks.last_map import LayerError
from networks.layers import find_layer
from networks.logits import read_logits
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
    tape = Tape(bare(network), known, decomposed, leaf=not whole, gates=gates)
    explained = network if layer is None else find_layer(network, layer, images)
    if layer is None:
        handle = network.register_forward_pre_hook(lambda _, inputs: tape.begin(inputs[0]))
    else:

        def begin(module: nn.Module, _: object, output: Tensor) -> Tensor:
            arranged = check_activation(module, output, layer, tape.began, images)
            return as_returned(tape.begin(arranged), arranged, output)

        handle = explained.register_forward_hook(begin)
    try:
        # a call is recorded as the network makes it, whatever it is run by
        with derivable(network), tape:
            logits = read_logits(network(images))
    finally:
        torch.set_grad_enabled(grad_mode)
        handle.remove()
    if not tape.began:
        raise LayerError(f"the layer `{layer}` did not run; choose one that the forward pass calls")
    if layer is not None:
        check_layer(network, layer, tape.began[0], images)
    logits = tape.changes.latest(logits)
    if not tape.depends(logits):
        raise cut_off()
    return Recording(logits, tape.began[0], tape.calls, differentiable)
