"""Every part can be built without arguments, and works so."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

import losses
import metrics
from attacks import Attack, HeatmapAttack, InfluenceAttack
from interpreters import GradCam, Interpreter
from losses import Loss
from trompe.listing import exported


def network() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(4 * 12 * 12, 3)).eval()


@pytest.mark.parametrize("kind", exported(Interpreter, "interpreters"))
def test_an_interpreter(kind: type[Interpreter]) -> None:
    images = torch.rand(1, 3, 16, 16)
    heatmap = kind()(network(), images, torch.tensor([1])).heatmap
    assert heatmap.shape[:2] == (1, 1)
    assert heatmap.isfinite().all()


@pytest.mark.parametrize("kind", exported(Attack, "attacks", "attacks.transfer"))
def test_an_attack(kind: type[Attack]) -> None:
    images, model = torch.rand(1, 3, 16, 16), network()
    labels = model(images).argmax(1)
    attack = kind()
    if isinstance(attack, HeatmapAttack):
        assert attack.against(GradCam()).interpreter == GradCam()
    # the training images, whose influence it attacks, are a study's
    elif not isinstance(attack, InfluenceAttack):
        changed = attack(model, images, labels)
        assert 0 < (changed - images).abs().max() <= attack.radius + 1e-6


@pytest.mark.parametrize("kind", exported(Loss, "losses"))
def test_a_loss(kind: Callable[[], Loss]) -> None:
    classes = 2 if kind is losses.Swap else 1
    heatmap, reference = torch.rand(2, 2, classes, 8, 8)
    assert kind()(heatmap, reference).shape == (2,)


def test_measures() -> None:
    heatmap, reference = torch.rand(2, 2, 1, 8, 8)
    logits = torch.tensor([[0.0, 1.0]])
    rate = metrics.FoolingSuccessRate()
    rate.update(torch.tensor([0.1, 0.3]))
    assert rate.compute() == 0.5
    assert metrics.correct(logits, torch.tensor([1])).all()
    assert metrics.top_k_intersection(heatmap, reference).shape == (2,)
