"""The gradient of the class's logit (Simonyan et al. 2014)."""

from dataclasses import dataclass

from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.passes import class_gradient, explanation, for_each, forward_keeping, summed_map


@dataclass(frozen=True)
class SimpleGradient(Interpreter):
    """Absolute gradient of the label's logit, summed over channels (Simonyan et al. 2014, eq. 4).

    Args:
        layer: Dotted name of the layer at whose output to explain, or "last"; the
            pixels if not given.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> SimpleGradient()(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    layer: str | None = None

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return the sum over channels c of |d logit / d a_c|, shape (N, L, h, w)."""
        logits, activation = forward_keeping(network, images, self.layer)

        def size(label: Tensor) -> Tensor:
            return summed_map(
                class_gradient(logits, label, activation), network, images, absolute=True
            )

        return explanation(logits, for_each(self.explained(logits, labels), size))
