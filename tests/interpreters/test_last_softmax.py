"""Networks that end in a softmax: where each interpreter begins."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from interpreters import LRP, DeepLift, InputXGradient
from interpreters.base import Target

LABELS = torch.tensor([2, 0])
ENDS: dict[str, Callable[[Tensor], Tensor]] = {
    "log_softmax": lambda x: x.log_softmax(1),
    "softmax": lambda x: x.softmax(-1),
    "of maps": lambda x: x[:, :, None, None].log_softmax(1),
    "flattened": lambda x: x[:, :, None, None].softmax(1).flatten(1),
}
every_end = pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)


class Ending(nn.Module):
    """A small classifier whose scores go through a last function."""

    def __init__(self, end: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
        self.end = end

    def forward(self, images: Tensor) -> Tensor:
        """Return the function of the scores (N, 3)."""
        return self.end(self.body(images))


@pytest.fixture
def images() -> Tensor:
    return torch.rand(2, 3, 6, 6, dtype=torch.float64)


@every_end
@pytest.mark.parametrize("target", ["label", "prediction", "other"])
def test_relevance_begins_at_the_scores(
    end: Callable[[Tensor], Tensor], target: Target, images: Tensor
) -> None:
    network, bare = Ending(end).double(), Ending(lambda x: x).double()
    logits, heatmap = LRP(target=target)(network, images, LABELS)
    torch.testing.assert_close(logits, network(images).flatten(1))
    torch.testing.assert_close(heatmap, LRP(target=target)(bare, images, LABELS).heatmap)


@every_end
def test_deep_lift_shares_the_difference_of_the_output(
    end: Callable[[Tensor], Tensor], images: Tensor
) -> None:
    network = Ending(end).double()
    heatmap = DeepLift(0.4)(network, images, LABELS).heatmap
    rise = (network(images) - network(torch.full_like(images, 0.4))).flatten(1)[[0, 1], LABELS]
    torch.testing.assert_close(heatmap.sum((1, 2, 3)), rise)


@every_end
def test_the_gradient_is_that_of_the_output(
    end: Callable[[Tensor], Tensor], images: Tensor
) -> None:
    network, step = Ending(end).double(), 1e-6
    found = InputXGradient()(network, images, LABELS).heatmap.sum((1, 2, 3))
    with torch.no_grad():
        above, below = (
            network(images * (1 + side * step)).flatten(1)[[0, 1], LABELS] for side in (1, -1)
        )
    torch.testing.assert_close(found, (above - below) / (2 * step), rtol=1e-6, atol=1e-8)
