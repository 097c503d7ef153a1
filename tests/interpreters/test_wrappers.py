"""A network wrapped in others is the same function, and has the same heatmaps."""

from collections.abc import Callable

import pytest
import torch
from helpers import TinyNetwork
from torch import Tensor, nn
from torch.nn.functional import pad
from torchvision.transforms.functional import normalize

from benchmarks.shipped import SMALL
from interpreters import Interpreter
from interpreters.lrp import LRP, ByKind, EpsilonPlus, ZBox
from interpreters.tape import TapeError
from networks import NormalizedNetwork, Preprocessing
from networks.normalized import Normalize

# with a short binary form, so that no precision rounds them
MEAN, STD = (0.5, 0.375, 0.25), (0.25, 0.5, 0.125)
PREPROCESSING = Preprocessing(8, 8, "bilinear", MEAN, STD)


class Normalising(nn.Module):
    """A user's own network, whose forward normalises."""

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.core = core

    def forward(self, images: Tensor) -> Tensor:
        scale = 1 / images.new_tensor(STD).view(-1, 1, 1)
        logits: Tensor = self.core((images - images.new_tensor(MEAN).view(-1, 1, 1)) * scale)
        return logits


class Torchvisions(Normalising):
    """Normalised in place, by torchvision."""

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.core(normalize(images, list(MEAN), list(STD)))
        return logits


class Reversed(Normalising):
    """Channels in the order blue, green, red, and 255 for white."""

    def forward(self, images: Tensor) -> Tensor:
        mean, std = (255 * images.new_tensor(each).flip(0).view(-1, 1, 1) for each in (MEAN, STD))
        logits: Tensor = self.core(((images.flip(1) * 255 - mean) / std)[:, [2, 1, 0]])
        return logits


WRAPPERS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "data parallel": lambda core: nn.DataParallel(NormalizedNetwork(core, PREPROCESSING)),
    "in a sequence": lambda core: nn.Sequential(NormalizedNetwork(core, PREPROCESSING)),
    "a layer": lambda core: nn.Sequential(Normalize(MEAN, STD), core),
    "a forward of its own": Normalising,
    "torchvision's function": Torchvisions,
    "other channels": Reversed,
}
EXPLAINERS = {
    **SMALL,
    "z box": LRP(composite=ByKind(first=ZBox())),
    "z box of absolute values": LRP(composite=ByKind(first=ZBox()), absolute=True),
}


# with GPUs it takes networks of theirs alone
ELSEWHERE = pytest.mark.skipif(torch.cuda.is_available(), reason="DataParallel asks for its GPUs")


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrapper",
    [pytest.param("data parallel", marks=ELSEWHERE), *[*WRAPPERS][1:]],
)
@pytest.mark.parametrize("name", EXPLAINERS)
def test_a_wrapped_network_has_the_same_heatmaps(
    name: str, wrapper: str, images: Tensor, labels: Tensor
) -> None:
    interpreter: Interpreter = EXPLAINERS[name]
    core = TinyNetwork().double().eval()
    plain = NormalizedNetwork(core, PREPROCESSING).double()
    wrapped = WRAPPERS[wrapper](core).double().eval()
    torch.manual_seed(1)
    expected = interpreter(plain, images, labels).heatmap
    torch.manual_seed(1)
    torch.testing.assert_close(interpreter(wrapped, images, labels).heatmap, expected)


def test_a_constant_over_pixels_is_no_preprocessing(images: Tensor, labels: Tensor) -> None:
    class Inverse(Normalising):
        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.core(torch.div(images.new_ones(()), 1 + images))
            return logits

    network = Inverse(TinyNetwork()).double().eval()
    for composite in (EpsilonPlus(), ByKind(first=ZBox())):
        with pytest.raises(TapeError, match="of a constant by values that depend on the images"):
            LRP(composite=composite)(network, images, labels)


def test_the_box_of_pixels_that_are_padded(images: Tensor, labels: Tensor) -> None:
    """A pixel's bounds are those of the same pixel, wherever the network moves it."""

    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.head = nn.Conv2d(3, 2, 3), nn.Linear(2, 4)

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.head(self.convolution(pad(images, (1, 1))).relu().mean((2, 3)))
            return logits

    network = Padded().double()
    found = LRP(composite=ByKind(first=ZBox()))(network, images, labels)
    network.convolution.padding = (0, 1)
    network.forward = lambda images: network.head(  # type: ignore[method-assign]
        network.convolution(images).relu().mean((2, 3))
    )
    twin = LRP(composite=ByKind(first=ZBox()))(network, images, labels)
    torch.testing.assert_close(found.heatmap, twin.heatmap)
