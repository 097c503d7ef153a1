"""Grad-CAM (Selvaraju et al. 2017)."""

from dataclasses import dataclass

from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.passes import class_gradient, explanation, forward_keeping, in_map, summed_map


@dataclass(frozen=True)
class GradCam(Interpreter):
    """Feature maps weighted by their mean gradient, positive part (Selvaraju et al. 2017, eq. 2).

    Args:
        layer: Dotted name of the layer at whose output to explain; "last", the last one
            with a map, if not given.
    """

    layer: str | None = None

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Relu of the sum over channels c of mean(d logit / d a_c) * a_c, shape (N, 1, h, w)."""
        logits, activation = forward_keeping(network, images, self.layer or "last")
        gradient = class_gradient(logits, self.explained(logits, labels), activation)
        weights = in_map(gradient, images).mean((2, 3), keepdim=True)
        return explanation(logits, summed_map(weights * in_map(activation, images), images).relu())
