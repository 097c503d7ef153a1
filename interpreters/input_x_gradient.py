"""Input times gradient (Shrikumar et al. 2016)."""

from dataclasses import dataclass

from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.passes import class_gradient, explanation, for_each, forward_keeping, summed_map


@dataclass(frozen=True)
class InputXGradient(Interpreter):
    """Input times gradient of the label's logit, summed over channels (Shrikumar et al. 2016).

    Args:
        layer: Dotted name of the layer at whose output to explain, or "last"; the
            pixels if not given.
        absolute: Sum absolute values over channels (Ghorbani et al. 2019).

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> InputXGradient()(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    layer: str | None = None
    absolute: bool = False

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return the sum over channels c of a_c * d logit / d a_c, or of |.|, (N, L, h, w)."""
        logits, activation = forward_keeping(network, images, self.layer)

        def product(label: Tensor) -> Tensor:
            values = activation * class_gradient(logits, label, activation)
            return summed_map(values, network, images, self.absolute)

        return explanation(logits, for_each(self.explained(logits, labels), product))
