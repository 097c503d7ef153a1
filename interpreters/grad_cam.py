"""Grad-CAM (Selvaraju et al. 2017)."""

from dataclasses import dataclass

from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.passes import class_gradient, explanation, for_each, forward_keeping, in_map


@dataclass(frozen=True)
class GradCam(Interpreter):
    """Feature maps weighted by their mean gradient, positive part (Selvaraju et al. 2017, eq. 2).

    Args:
        layer: Dotted name of the layer at whose output to explain; "last", the last one
            with a map, if not given.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> GradCam()(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 6, 6])
    """

    layer: str | None = None

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return relu of the sum over c of mean(d logit / d a_c) * a_c, shape (N, L, h, w)."""
        logits, activation = forward_keeping(network, images, self.layer or "last")
        maps = in_map(activation, network, images)

        def cam(label: Tensor) -> Tensor:
            gradient = in_map(class_gradient(logits, label, activation), network, images)
            return (gradient.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True).relu()

        return explanation(logits, for_each(self.explained(logits, labels), cam))
