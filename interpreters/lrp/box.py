"""The LRP rule of pixels, which lie between black and white."""

from dataclasses import dataclass

from torch import Tensor

from interpreters.lrp.ratio import ratio
from interpreters.lrp.rules import Rule
from interpreters.tape import TapeError
from interpreters.tape.affine import Affine


@dataclass(frozen=True)
class ZBox(Rule):
    """Rule of the first layer, for pixels between black and white (Montavon et al. 2017, eq. 21).

    Args:
        epsilon: Stabiliser of the denominators, as in Epsilon.

    Example:
        >>> from interpreters.lrp import LRP, ByKind
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> interpreter = LRP(composite=ByKind(first=ZBox()))
        >>> interpreter(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    epsilon: float = 1e-6

    def __call__(self, layer: Affine, relevance: Tensor) -> Tensor:
        """Return shares by the contributions a w - low w+ - high w-.

        Raises: TapeError: the layer is not the first one.
        """
        if layer.bounds is None:
            raise TapeError("ZBox needs the bounds of pixels: use it as the rule of `first`")
        # a mask of pixels may give every image its own
        low, high = (bound.expand_as(layer.input[: len(bound)]) for bound in layer.bounds)
        w, up, down = layer.weight, layer.weight.clamp(min=0), layer.weight.clamp(max=0)
        z = layer.apply(layer.input, w) - layer.apply(low, up) - layer.apply(high, down)
        shared = ratio(relevance, z, self.epsilon)
        return (
            layer.input * layer.transposed(shared, w)
            - low * layer.transposed(shared, up)
            - high * layer.transposed(shared, down)
        )
