"""One forward pass that keeps the activation to explain, and the class's gradient there."""

import torch
from torch import Tensor, nn

from interpreters.base import Explanation
from networks.layers import LayerError, find_layer


def forward_keeping(network: nn.Module, images: Tensor, layer: str | None) -> tuple[Tensor, Tensor]:
    """Classify, and keep the pixels or one layer's output as part of the graph of the logits.

    Args:
        network: any classifier, with BatchNorm in evaluation mode.
        images: shape (N, 3, H, W), values in [0, 1].
        layer: a dotted module name, "last", or None for the pixels.

    Returns: logits (N, K) and the activation (N, C, h, w).
    Raises: LayerError: the layer is not there, runs more than once or gives no map.
    """
    _check(network)
    if layer is None:
        with torch.enable_grad():
            # an alias, so that a network that works in place cannot touch the caller's images
            kept = images if images.requires_grad else images.detach().requires_grad_()
            return _checked_logits(network(kept.clone())), kept
    grad_mode = torch.is_grad_enabled()
    seen: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        _check_activation(output, layer, seen)
        # only what follows the layer needs a graph: before it, grad mode stays as it was
        torch.set_grad_enabled(True)
        seen.append(output if output.requires_grad else output.detach().requires_grad_())
        # a copy goes on, because an in-place ReLU behind the layer would change what we keep
        return seen[0].clone()

    handle = find_layer(network, layer, images).register_forward_hook(keep)
    try:
        logits = _checked_logits(network(images))
    finally:
        handle.remove()
        torch.set_grad_enabled(grad_mode)
    if not seen:
        raise LayerError(f"the layer `{layer}` did not run; choose one that the forward pass calls")
    return logits, seen[0]


def class_gradient(logits: Tensor, labels: Tensor, activation: Tensor) -> Tensor:
    """Gradient of each image's own logit in its activation, with a graph while grad mode is on."""
    chosen = torch.zeros_like(logits).scatter(1, labels[:, None], 1.0)
    (gradient,) = torch.autograd.grad(
        logits, activation, chosen, create_graph=torch.is_grad_enabled(), allow_unused=True
    )
    if gradient is None:
        raise LayerError("the logits do not depend on the chosen layer; choose another one")
    return gradient


def explanation(logits: Tensor, heatmap: Tensor) -> Explanation:
    """Logits and heatmap, detached while grad mode is off."""
    if torch.is_grad_enabled():
        return Explanation(logits, heatmap)
    return Explanation(logits.detach(), heatmap.detach())


def _check(network: nn.Module) -> None:
    if torch.is_inference_mode_enabled():
        raise ValueError(
            "heatmaps need gradients, which inference mode forbids: use torch.no_grad(), and "
            "Trainer(inference_mode=False)"
        )
    for name, module in network.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training:
            raise ValueError(
                f"BatchNorm `{name}` is in training mode, which mixes the images of a batch and "
                "changes the network: call network.eval() before explaining it"
            )


def _check_activation(output: object, layer: str, seen: list[Tensor]) -> None:
    if seen:
        raise LayerError(
            f"the layer `{layer}` runs more than once in a forward pass, so its activation is not "
            "one map; choose the module around it"
        )
    if not isinstance(output, Tensor) or output.ndim != 4:
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise LayerError(
            f"the layer `{layer}` returns {shape}, expected a feature map (N, C, h, w); choose a "
            'convolutional layer, or "last"'
        )


def _checked_logits(logits: object) -> Tensor:
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"the network returns {shape}, expected logits of shape (N, K)")
    return logits
