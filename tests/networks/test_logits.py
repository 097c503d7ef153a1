"""Logits in what networks return: tensors, objects of other libraries, tuples; all else refused."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch
from helpers import PREPROCESSING, TinyNetwork
from torch import Tensor, nn

from attacks import PGD, RandomSign
from attacks.pgd import Divergence
from attacks.transfer import BIM
from interpreters import LRP, MFABA, Captum, DeepLift, FastIG, GradCam, GuidedIG, SimpleGradient
from networks import NormalizedNetwork, UnsupportedError, features, read_logits
from networks.layers import find_layer


@dataclass
class Output:
    """As transformers' ImageClassifierOutput."""

    logits: Tensor


class Returning(nn.Module):
    """A network whose logits are packed."""

    def __init__(self, network: nn.Module, packed: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.inner, self.packed = network, packed

    def forward(self, images: Tensor) -> object:
        return self.packed(self.inner(images))


PACKED: dict[str, Callable[[Tensor], object]] = {
    "object": Output,
    "mapping": lambda logits: {"loss": None, "logits": logits},
    "tuple": lambda logits: (logits, logits + 1),
    "list": lambda logits: [Output(logits)],
    "map": lambda logits: logits[:, :, None, None],
}


@pytest.fixture
def plain() -> nn.Module:
    return TinyNetwork().double().eval()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(2, 3, 8, 8, dtype=torch.float64)


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("wrap", [False, True])
def test_interpreters(
    packed: Callable[[Tensor], object], wrap: bool, plain: nn.Module, images: Tensor
) -> None:
    network: nn.Module = Returning(plain, packed).double().eval()
    labels = torch.tensor([1, 3])
    if wrap:
        network, plain = (
            NormalizedNetwork(each, PREPROCESSING).double().eval() for each in (network, plain)
        )
        assert network(images).equal(plain(images))
    for interpreter in (
        SimpleGradient(),
        GradCam(),
        LRP(),
        DeepLift(),
        FastIG(),
        GuidedIG(steps=2),
        MFABA(),
        Captum("Saliency"),
    ):
        torch.testing.assert_close(
            interpreter(network, images, labels), interpreter(plain, images, labels)
        )


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
def test_attacks(packed: Callable[[Tensor], object], plain: nn.Module, images: Tensor) -> None:
    network, labels = Returning(plain, packed).double().eval(), torch.tensor([1, 3])
    for attack in (PGD(steps=2), Divergence(steps=2), BIM(steps=2), RandomSign()):
        generators = [[torch.Generator().manual_seed(i) for i in range(2)] for _ in range(2)]
        found = attack(network, images, labels, generators[0])
        assert found.equal(attack(plain, images, labels, generators[1]))


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (None, "returns NoneType"),
        ((), "returns tuple"),
        (torch.ones(2), r"returns a tensor of shape \(2,\)"),
        (torch.ones(2, 3, 4, 4), r"returns a tensor of shape \(2, 3, 4, 4\)"),
        ({"scores": torch.ones(2, 3)}, "returns dict with the keys scores, expected logits"),
        (SimpleNamespace(logits=None), "returns SimpleNamespace"),
    ],
)
def test_refused(output: object, message: str, images: Tensor, plain: nn.Module) -> None:
    with pytest.raises(UnsupportedError, match=message):
        read_logits(output)
    network = Returning(plain, lambda _: output).eval()
    for explain in (GradCam(), Captum("Saliency")):
        with pytest.raises(UnsupportedError, match=message):
            explain(network, images, torch.tensor([1, 3]))
    with pytest.raises(UnsupportedError, match=message):
        find_layer(network, "last", images)
    with pytest.raises(UnsupportedError, match=message):
        NormalizedNetwork(network, PREPROCESSING).double()(images)


def test_features_of_an_object(plain: nn.Module, images: Tensor) -> None:
    network = Returning(plain, Output)
    torch.testing.assert_close(features(network, images), features(plain, images))
