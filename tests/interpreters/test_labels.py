"""Labels that fit neither the images nor the network are refused, by every interpreter."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attacks import PGD, Attack, RandomSign, TopKAttack
from attacks.transfer import MIG, NAA, SINIFGSM
from benchmarks.shipped import SMALL
from interpreters import SimpleGradient

WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "too few": (torch.tensor([1]), ValueError, r"shape \(1,\), expected integers from 0 to 3"),
    "negative": (torch.tensor([0, -1, 1]), ValueError, "from -1 to 1, expected"),
    "beyond the classes": (torch.tensor([0, 4, 1]), ValueError, "from 0 to 4, expected"),
    "three dimensions": (torch.zeros(3, 1, 1).long(), ValueError, r"shape \(3, 1, 1\)"),
    "none of an image": (torch.zeros(3, 0).long(), ValueError, r"shape \(3, 0\)"),
    "list": ([0, 3, 1], TypeError, "`labels` is list.*give torch.tensor"),
    "float": (torch.tensor([0.0, 3.0, 1.0]), TypeError, "torch.float32"),
    "one-hot": (torch.eye(4)[:3].long(), ValueError, r"give labels.argmax\(1\)"),
    "one-hot, float": (torch.eye(4)[:3], TypeError, r"give labels.argmax\(1\)"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_labels(wrong: str, network: nn.Module, images: Tensor) -> None:
    labels, error, message = WRONG[wrong]
    with pytest.raises(error, match=message):
        SimpleGradient()(network, images, labels)


ATTACKS = [
    RandomSign(),
    PGD(steps=1),
    TopKAttack(interpreter=SimpleGradient(), beta=None, steps=1, k=2),
    SINIFGSM(steps=1),
    MIG(steps=1, points=1),
    NAA(steps=1, samples=1, layer="0"),
]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__class__.__name__)
def test_attacks_refuse_wrong_labels(
    wrong: str, attack: Attack, network: nn.Module, images: Tensor
) -> None:
    labels, error, message = WRONG[wrong]
    with pytest.raises(error, match=message):
        attack(network, images, labels)


def test_attacks_on_predictions_take_one_label(network: nn.Module, images: Tensor) -> None:
    with pytest.raises(ValueError, match=r"\(3, 2\), expected one of each image.*labels\[:, 0\]"):
        PGD(steps=1)(network, images, torch.zeros(3, 2).long())


@pytest.mark.parametrize("name", [name for name in SMALL if "," not in name])
def test_every_interpreter_checks(name: str, network: nn.Module, images: Tensor) -> None:
    with pytest.raises(ValueError, match=r"`labels` have the shape \(1,\)"):
        SMALL[name](network, images, torch.tensor([1]))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int32])
def test_other_integers(
    dtype: torch.dtype, network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    expected = SimpleGradient()(network, images, labels)
    torch.testing.assert_close(SimpleGradient()(network, images, labels.to(dtype)), expected)
