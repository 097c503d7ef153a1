"""Grad-CAM (Selvaraju et al. 2017)."""

from dataclasses import dataclass

from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.passes import class_gradient, explanation, forward_keeping


@dataclass(frozen=True)
class GradCam(Interpreter):
    """Feature maps weighted by their mean gradient, positive part (Selvaraju et al. 2017, eq. 2).

    Args:
        layer: Dotted name of the layer at whose output to explain; "last", the last
            convolutional stage, if not given.
    """

    layer: str | None = None

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Relu of the sum over channels c of mean(d logit / d a_c) * a_c, shape (N, 1, h, w)."""
        logits, activation = forward_keeping(network, images, self.layer or "last")
        weights = class_gradient(logits, labels, activation).mean((2, 3), keepdim=True)
        return explanation(logits, (weights * activation).sum(1, keepdim=True).relu())
