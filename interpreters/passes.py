"""The forward pass that keeps the explained activation, and the gradient of a logit there."""

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from binary import two_logits
from interpreters.activation import as_returned, check_activation, cut_off
from interpreters.base import Explanation
from interpreters.branches import check_branches
from interpreters.explainable import check_explainable
from interpreters.forward import logits_of
from interpreters.second_order import SecondOrder
from interpreters.separate import check_layer
from networks.last_map import LayerError
from networks.layers import find_layer
from networks.maps import tokens_as_map
from networks.token_grids import token_grids
from networks.unsupported import differentiated


def forward_keeping(
    network: nn.Module, images: Tensor, layer: str | None, activation: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the logits, and the pixels or one layer's output as part of their graph.

    Args:
        network: any classifier, with BatchNorm in evaluation mode.
        images: shape (N, 3, H, W), values in [0, 1].
        layer: a dotted module name, "last", or None for the pixels.
        activation: replaces the layer's output.

    Returns: logits (N, K) and the activation (N, C, h, w).
    Raises: LayerError: there is no such layer, it runs more than once or returns no map.
        UnsupportedError: a branch of the network has no gradient.
    """
    check_explainable(network, images)
    check_branches(network, images, layer)
    grad_mode = torch.is_grad_enabled()
    # with grad mode, the heatmap is differentiated once more
    fast = SecondOrder() if grad_mode else nullcontext()
    if layer is None:
        images = images if activation is None else activation
        with torch.enable_grad(), fast:
            # an alias, so that a network that works in place cannot touch the caller's images
            kept = images if images.requires_grad else images.detach().requires_grad_()
            return logits_of(network, kept.clone()), kept
    seen: list[Tensor] = []
    saving = _saving_hooks()

    def keep(module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        arranged = check_activation(module, output, layer, seen, images)
        kept = arranged if activation is None else activation
        if activation is not None and _saving_hooks() != saving:
            raise LayerError(
                f"the layer `{layer}` is computed again in the backward pass, by "
                "torch.utils.checkpoint, which loses the activation given for it; switch "
                "checkpointing off, or choose a layer outside"
            )
        # only what follows the layer needs a graph: before it, grad mode stays as it was
        torch.set_grad_enabled(True)
        seen.append(kept if kept.requires_grad else kept.detach().requires_grad_())
        # a copy, because an in-place ReLU behind the layer would change the activation
        return as_returned(seen[0].clone(), arranged, output)

    module = find_layer(network, layer, images)
    handle = module.register_forward_hook(keep)
    try:
        with fast:
            logits = logits_of(network, images)
    finally:
        handle.remove()
        torch.set_grad_enabled(grad_mode)
    if not seen:
        raise LayerError(f"the layer `{layer}` did not run; choose one that the forward pass calls")
    check_layer(network, layer, seen[0], images)
    return logits, seen[0]


def _saving_hooks() -> object:
    """Return the hooks for tensors saved for the backward pass, which a checkpoint replaces."""
    return torch._C._autograd._top_saved_tensors_default_hooks(True)


def for_each(labels: Tensor, heatmap: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the heatmaps (N, 1, h, w) of every column of labels (N, L), as (N, L, h, w)."""
    return torch.cat([heatmap(column) for column in labels.unbind(1)], 1)


def class_gradient(logits: Tensor, labels: Tensor, activation: Tensor) -> Tensor:
    """Return the gradient of each label's logit in its image's activation.

    It has a graph while grad mode is on.

    Raises: UnsupportedError: the logits do not depend on it, or have no derivative.
    """
    seed, graph = one_hot(logits, labels), torch.is_grad_enabled()
    # the graph is kept for the next label
    with differentiated():
        (gradient,) = torch.autograd.grad(
            logits, activation, seed, retain_graph=True, create_graph=graph, allow_unused=True
        )
    if gradient is None:
        raise cut_off()
    return gradient


def one_hot(logits: Tensor, labels: Tensor) -> Tensor:
    """Return 1 at each label's logit and 0 elsewhere, (N, K); of one logit, -1 for label 0."""
    if logits.shape[1] == 1:
        return 2 * labels[:, None].to(logits) - 1
    return torch.zeros_like(logits).scatter(1, labels[:, None], 1.0)


def summed_map(
    values: Tensor, network: nn.Module, images: Tensor, absolute: bool = False
) -> Tensor:
    """Return values at a layer or at the pixels, or |.|, summed over channels, (N, 1, h, w)."""
    arranged = in_map(values, network, images)
    return (arranged.abs() if absolute else arranged).sum(1, keepdim=True)


def in_map(values: Tensor, network: nn.Module, images: Tensor) -> Tensor:
    """Return values at a layer or at the pixels as a map (N, C, h, w)."""
    if values.ndim == 4:
        return values
    arranged = tokens_as_map(values, token_grids(network, images)) if values.ndim == 3 else None
    if arranged is None:
        raise LayerError(
            f"got attributions of shape {tuple(values.shape)}, expected a map (N, C, h, w) or "
            "tokens (N, L, C); choose another `layer`"
        )
    return arranged


def explanation(logits: Tensor, heatmap: Tensor) -> Explanation:
    """Return logits, two of one, and heatmap, detached while grad mode is off."""
    logits = two_logits(logits)
    if torch.is_grad_enabled():
        return Explanation(logits, heatmap)
    return Explanation(logits.detach(), heatmap.detach())
