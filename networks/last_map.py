"""Search for a network's last layer whose output is a spatial map."""

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


class Candidate(NamedTuple):
    """A module's output that is a map, and the gradient of weighted logits there."""

    name: str
    output: Tensor
    gradient: Tensor
    gradient_map: Tensor
    is_tokens: bool


def last_map(network: nn.Module, image: Tensor) -> str:
    """Return the name of the last module whose output is a map on which the logits depend.

    In a convolutional network this is the outermost module with convolutions that returns the map.
    In a transformer it is the last module whose tokens have the final embedding size, and through
    which all reaches the logits that the patches before it contribute.

    Args:
        network: any classifier, in any mode.
        image: shape (1, 3, H, W), run through the network once, forwards and backwards.

    Raises: LayerError: no module returns such a map.
    """
    ambiguous: list[UnsupportedError] = []
    candidates = _candidates(network, image, ambiguous)
    if not candidates:
        height, width = image.shape[2:]
        raise LayerError(
            f"{type(bare(network)).__name__} has no layer with a map on which its logits depend, "
            f"for images of {height}x{width} pixels; name a `layer` that returns (N, C, h, w), and "
            "run no part of the network under torch.no_grad() or torch.inference_mode()"
            + (f". {ambiguous[-1]}" if ambiguous else "")
        )
    for before, candidate in zip(candidates[-2::-1], candidates[:0:-1], strict=True):
        # queries, keys and values of attention are tokens too, each of them a part
        if not candidate.is_tokens or _carries_all(candidate, before):
            return candidate.name
    return candidates[-1].name


def _candidates(
    network: nn.Module, image: Tensor, ambiguous: list[UnsupportedError]
) -> list[Candidate]:
    """Return the maps on which the logits depend; errors of ambiguous tokens are appended."""
    finished, gradients = _outputs_with_gradients(network, image)
    layers = dict(bare(network).named_modules())
    grids = grids_of_pass(network, image, [(layers[name], output) for name, output in finished])

    def arranged(output: Tensor, name: str) -> Tensor | None:
        try:
            return as_map(output, layers[name], grids)
        except UnsupportedError as error:
            ambiguous.append(error)
            return None

    maps = [arranged(output, name) for name, output in finished]
    tokens = [
        output.shape[-1]
        for (_, output), found in zip(finished, maps, strict=True)
        if found is not None and found is not output
    ]
    candidates = []
    for (name, output), found, gradient in zip(finished, maps, gradients, strict=True):
        if found is None or gradient is None:
            continue
        # behind the last attention, a class token alone may carry the gradient
        gradient_map = arranged(gradient, name)
        if gradient_map is None or not gradient_map.any(1).any():
            continue
        is_tokens = found is not output
        if is_tokens:
            eligible = output.shape[-1] == tokens[-1]
        else:
            eligible = any(isinstance(module, CONVOLUTIONS) for module in layers[name].modules())
        if eligible:
            candidates.append(Candidate(name, output, gradient, gradient_map, is_tokens))
    return candidates


def _carries_all(candidate: Candidate, before: Candidate) -> bool:
    """Return True if the logits depend on the patches of a map before only by this one."""
    with differentiated():
        (through,) = torch.autograd.grad(
            candidate.output,
            before.output,
            candidate.gradient,
            retain_graph=True,
            materialize_grads=True,
        )
    # prefix tokens come first, and their own way to the logits does not count
    patches = before.gradient_map.shape[2:].numel()
    whole, part = (
        each[:, -patches:] if each.ndim == 3 else each for each in (before.gradient, through)
    )
    return bool((part - whole).abs().amax() <= 1e-3 * whole.abs().amax())


@torch.enable_grad()
def _outputs_with_gradients(
    network: nn.Module, image: Tensor
) -> tuple[list[tuple[str, Tensor]], tuple[Tensor | None, ...]]:
    """Return the modules' names and outputs, in the order in which they ended, and gradients."""
    finished: list[tuple[str, Tensor]] = []
    handles = []
    for name, module in bare(network).named_modules():
        if name:
            handles.append(
                module.register_forward_hook(
                    lambda _module, _inputs, output, name=name: (
                        finished.append((name, output)) if _usable(output) else None
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
    outputs = [output for _, output in finished]
    if not outputs:
        return [], ()
    with differentiated():
        gradients = torch.autograd.grad(
            logits, outputs, weights, retain_graph=True, allow_unused=True
        )
    return finished, gradients


def _usable(output: object) -> bool:
    return isinstance(output, Tensor) and output.requires_grad
