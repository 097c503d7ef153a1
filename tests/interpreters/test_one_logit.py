"""A network with one logit z: label 1 explains z, and label 0 explains -z."""

from copy import deepcopy

import pytest
import torch
from helpers import PREPROCESSING, TinyNetwork
from torch import Tensor, nn

from attacks import PGD, RandomSign
from benchmarks.shipped import SMALL
from evaluation.curvature.logit_curvature import logit_curvature
from interpreters import InputXGradient, Interpreter
from metrics import CalibrationError, correct
from metrics.insertion_deletion import insertion_deletion, replaced
from networks import NormalizedNetwork
from networks.goals import probability

LABELS = torch.tensor([1, 0, 1])


def twin_of(network: NormalizedNetwork, scale: float) -> nn.Module:
    """Return the same network with the logits -z and z, times a factor."""
    twin = deepcopy(network)
    assert isinstance(twin.network, nn.Sequential)
    last = twin.network[7]
    assert isinstance(last, nn.Linear)
    weight, bias = last.weight, last.bias
    twin.network[7] = head = nn.Linear(3, 2).double()
    head.weight = nn.Parameter(scale * torch.cat([-weight, weight]))
    head.bias = nn.Parameter(scale * torch.cat([-bias, bias]))
    return twin.eval()


@pytest.fixture
def binary() -> NormalizedNetwork:
    return NormalizedNetwork(TinyNetwork(1), PREPROCESSING).double().eval()


@pytest.mark.parametrize("name", [name for name in SMALL if "," not in name])
def test_label_1_explains_the_logit_and_label_0_its_negative(
    name: str, binary: NormalizedNetwork, images: Tensor
) -> None:
    interpreter: Interpreter = SMALL[name]
    logits, heatmap = interpreter(binary, images, LABELS)
    torch.testing.assert_close(logits.softmax(1)[:, 1], binary(images)[:, 0].sigmoid())
    # those that explore explain the probability, which is the softmax of half the logits
    explores = "explored" in type(interpreter).__module__ and name != "guided_ig"
    twin = twin_of(binary, 0.5 if explores else 1.0)
    torch.testing.assert_close(heatmap, interpreter(twin, images, LABELS).heatmap)


def test_against_a_plain_gradient(binary: nn.Module, images: Tensor) -> None:
    leaf = images.clone().requires_grad_()
    sign = (2 * LABELS - 1).double()
    (slope,) = torch.autograd.grad((sign * binary(leaf)[:, 0]).sum(), leaf)
    found = InputXGradient()(binary, images, LABELS).heatmap
    torch.testing.assert_close(found, (images * slope).sum(1, keepdim=True))


def test_attack_and_deletion(binary: nn.Module, images: Tensor) -> None:
    before = probability(binary(images), LABELS)
    changed = PGD(steps=3)(binary, images, LABELS)
    assert (probability(binary(changed), LABELS) < before).all()
    RandomSign()(binary, images, LABELS)
    when = torch.zeros(3, 1, 8, 8, dtype=torch.long)
    black = torch.zeros_like(images)
    _, deletion = insertion_deletion(binary, replaced(images, black), when, 1, LABELS, 8)
    expected = torch.stack([before, probability(binary(black), LABELS)], 1)
    torch.testing.assert_close(deletion, expected)


def test_accuracy_and_calibration() -> None:
    logits = torch.tensor([[2.0], [-1.0], [-3.0]])
    assert correct(logits, LABELS, 1).tolist() == [True, True, False]
    metric = CalibrationError(bins=1)
    metric.update(logits, LABELS)
    confidence = logits.abs().sigmoid().mean().item()
    assert metric.compute()[0].item() == pytest.approx(abs(confidence - 2 / 3))


def test_curvature_is_that_of_the_logit(binary: NormalizedNetwork, images: Tensor) -> None:
    start = torch.rand(3, images[0].numel()).double()
    found, expected = (
        logit_curvature(network, images, LABELS, start, 4, 2)
        for network in (binary, twin_of(binary, 1.0))
    )
    torch.testing.assert_close(found.eigenvalues, expected.eigenvalues)
