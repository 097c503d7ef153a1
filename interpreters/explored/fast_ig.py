"""Fast integrated gradients: one point of the path."""

from dataclasses import dataclass

from torch import Tensor, nn

from interpreters.explored.base import Explored
from networks.goals import gradient
from networks.logits import class_logits


@dataclass(frozen=True)
class FastIG(Explored):
    """The image times the gradient of the label's log-probability (Hesse et al. 2021).

    In AttEXplore's code the sign is the opposite: positive values are evidence against the class.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> FastIG()(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return image times gradient of the log-probability, shape (N, 3, H, W)."""

        def logarithm(pixels: Tensor) -> Tensor:
            return class_logits(network(pixels)).log_softmax(1).gather(1, labels[:, None])[:, 0]

        return images.detach() * gradient(logarithm, images)
