"""Search for a network's last layer whose output is a spatial map."""

from collections import Counter
from typing import NamedTuple

import torch
from torch import Tensor, nn

from networks.logits import read_logits
from networks.maps import as_map
from networks.modes import evaluating
from networks.normalized import bare
from networks.plain import plain
from networks.token_grids import grids_of_pass
from networks.unsupported import UnsupportedError, differentiated

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


class LayerError(UnsupportedError):
    """Error of a layer that does not exist or whose output is not one map per image."""


class Output(NamedTuple):
    """A module's output in the pass, and the tensor that it read, if it read one."""

    name: str
    output: Tensor
    read: object


def last_map(network: nn.Module, image: Tensor) -> str:
    """Return the name of the last module whose output is a map on which the logits depend.

    In a convolutional network this is the outermost module with convolutions that returns the map.
    In a transformer it is the last module whose tokens have the final embedding size; where that
    makes the values of an attention, it is the module that queries, keys and values all read.

    Args:
        network: any classifier, in any mode.
        image: shape (1, 3, H, W), run through the network once, forwards and backwards.

    Raises: LayerError: no module returns such a map.
    """
    ambiguous: list[UnsupportedError] = []
    finished, gradients = _outputs_with_gradients(network, image)
    candidates = _candidates(network, image, finished, gradients, ambiguous)
    if not candidates:
        height, width = image.shape[2:]
        raise LayerError(
            f"{type(bare(network)).__name__} has no layer with a map on which its logits depend, "
            f"for images of {height}x{width} pixels; name a `layer` that returns (N, C, h, w), and "
            "run no part of the network under torch.no_grad() or torch.inference_mode()"
            + (f". {ambiguous[-1]}" if ambiguous else "")
        )
    return _source(candidates, finished).name


def _candidates(
    network: nn.Module,
    image: Tensor,
    finished: list[Output],
    gradients: tuple[Tensor | None, ...],
    ambiguous: list[UnsupportedError],
) -> list[Output]:
    """Return the maps on which the logits depend; errors of ambiguous tokens are appended."""
    layers = dict(bare(network).named_modules())
    grids = grids_of_pass(network, image, [(layers[name], output) for name, output, _ in finished])

    def arranged(output: Tensor, name: str) -> Tensor | None:
        try:
            return as_map(output, layers[name], grids)
        except UnsupportedError as error:
            ambiguous.append(error)
            return None

    maps = [arranged(output, name) for name, output, _ in finished]
    tokens = [
        output.shape[-1]
        for (_, output, _), found in zip(finished, maps, strict=True)
        if found is not None and found is not output
    ]
    candidates, runs = [], Counter(done.name for done in finished)
    for done, found, gradient in zip(finished, maps, gradients, strict=True):
        # a module that runs more than once has more than one output to explain
        if found is None or gradient is None or runs[done.name] > 1:
            continue
        # behind the last attention, a class token alone may carry the gradient
        gradient_map = arranged(gradient, done.name)
        if gradient_map is None or not gradient_map.any(1).any():
            continue
        if found is not done.output:
            eligible = done.output.shape[-1] == tokens[-1]
        else:
            layer = layers[done.name]
            eligible = any(isinstance(module, CONVOLUTIONS) for module in layer.modules())
        if eligible:
            candidates.append(done)
    return candidates


def _source(candidates: list[Output], finished: list[Output]) -> Output:
    """Return the candidate whose tokens the last one reads beside others, or else the last."""
    last = candidates[-1]
    beside = [
        each
        for each in finished
        if each.read is last.read
        and each.output is not each.read
        and not _encloses(each.name, last.name)
        and not _encloses(last.name, each.name)
    ]
    sources = [each for each in candidates if each.output is last.read]
    # a map of convolutions is whole, whatever else its input is read by
    return sources[-1] if beside and sources and last.output.ndim == 3 else last


def _encloses(outer: str, inner: str) -> bool:
    return f"{inner}.".startswith(f"{outer}.")


@torch.enable_grad()
def _outputs_with_gradients(
    network: nn.Module, image: Tensor
) -> tuple[list[Output], tuple[Tensor | None, ...]]:
    """Return the modules' names and outputs, in the order in which they ended, and gradients."""
    finished: list[Output] = []
    handles = []
    for name, module in bare(network).named_modules():
        if name:
            handles.append(
                module.register_forward_hook(
                    lambda _module, inputs, output, name=name: (
                        finished.append(Output(name, output, next(iter(inputs), None)))
                        if _usable(output)
                        else None
                    )
                )
            )
    try:
        with evaluating(network), plain(network):
            logits = read_logits(network(image.detach().clone().requires_grad_()))
    finally:
        for handle in handles:
            handle.remove()
    # unequal weights, because the sum of softmax outputs is constant
    weights = torch.arange(1.0, logits.numel() + 1).to(logits).view_as(logits)
    outputs = [each.output for each in finished]
    if not outputs:
        return [], ()
    with differentiated():
        return finished, torch.autograd.grad(logits, outputs, weights, allow_unused=True)


def _usable(output: object) -> bool:
    return isinstance(output, Tensor) and output.requires_grad
