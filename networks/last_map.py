"""Search for a network's last layer whose output is a spatial map."""

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


def last_map(network: nn.Module, image: Tensor) -> str:
    """Return the name of the last module whose output is a map on which the logits depend.

    In a convolutional network this is the outermost module with convolutions that returns the map.
    In a transformer it is the last module whose tokens have the final embedding size.

    Args:
        network: any classifier, in any mode.
        image: shape (1, 3, H, W), run through the network once, forwards and backwards.

    Raises: LayerError: no module returns such a map.
    """
    finished, gradients = _outputs_with_gradients(network, image)
    layers = dict(bare(network).named_modules())
    grids = grids_of_pass(network, image, [(layers[name], output) for name, output in finished])
    ambiguous: list[UnsupportedError] = []

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
    last = None
    for (name, output), found, gradient in zip(finished, maps, gradients, strict=True):
        if found is None or gradient is None:
            continue
        # behind the last attention, a class token alone may carry the gradient
        gradient_map = arranged(gradient, name)
        if gradient_map is None or not gradient_map.any(1).any():
            continue
        if found is not output:
            eligible = output.shape[-1] == tokens[-1]
        else:
            eligible = any(isinstance(module, CONVOLUTIONS) for module in layers[name].modules())
        last = name if eligible else last
    if last is None:
        height, width = grids.image
        raise LayerError(
            f"{type(bare(network)).__name__} has no layer with a map on which its logits depend, "
            f"for images of {height}x{width} pixels; name a `layer` that returns (N, C, h, w), and "
            "run no part of the network under torch.no_grad() or torch.inference_mode()"
            + (f". {ambiguous[-1]}" if ambiguous else "")
        )
    return last


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
        return finished, torch.autograd.grad(logits, outputs, weights, allow_unused=True)


def _usable(output: object) -> bool:
    return isinstance(output, Tensor) and output.requires_grad
