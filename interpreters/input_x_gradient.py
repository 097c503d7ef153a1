"""Input times gradient (Shrikumar et al. 2016)."""

from dataclasses import dataclass

from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter
from interpreters.passes import class_gradient, explanation, forward_keeping, summed_map


@dataclass(frozen=True)
class InputXGradient(Interpreter):
    """Input times gradient of the label's logit, summed over channels (Shrikumar et al. 2016).

    Args:
        layer: Dotted name of the layer at whose output to explain, or "last"; the
            pixels if not given.
    """

    layer: str | None = None

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Sum over channels c of a_c * d logit / d a_c, signed, shape (N, 1, h, w)."""
        logits, activation = forward_keeping(network, images, self.layer)
        gradient = class_gradient(logits, self.explained(logits, labels), activation)
        return explanation(logits, summed_map(activation * gradient, images))
