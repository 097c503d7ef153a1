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
    """

    layer: str | None = None

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Sum over channels c of a_c * d logit / d a_c, signed, shape (N, L, h, w)."""
        logits, activation = forward_keeping(network, images, self.layer)

        def product(label: Tensor) -> Tensor:
            return summed_map(activation * class_gradient(logits, label, activation), images)

        return explanation(logits, for_each(self.explained(logits, labels), product))
