"""Labels that fit neither the images nor the classes are refused wherever labels are taken."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from helpers import PREPROCESSING, TinyNetwork
from torch import Tensor

from attacks import InfluenceAttack, TopKAttack, VotingInfluenceAttack
from interpreters import SimpleGradient
from interpreters.influence import InfluenceFunctions
from lightning_modules.adversarial_training import Trades
from lightning_modules.classifier import Classifier
from lightning_modules.cross_entropy import cross_entropy
from lightning_modules.curvature_regularization import CurvatureRegularization
from lightning_modules.passive_fooling import PassiveFooling
from losses import Location
from metrics import CalibrationError, ClassMeans, correct
from metrics.insertion_deletion import insertion_deletion, replaced
from networks import NormalizedNetwork, Refitted, features

LABELS = torch.tensor([0, 3, 1])
WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "too few": (torch.tensor([1]), ValueError, r"shape \(1,\), expected integers from 0 to 3"),
    "too many": (torch.tensor([0, 1, 2, 3]), ValueError, r"shape \(4,\), expected"),
    "negative": (torch.tensor([0, -1, 1]), ValueError, "from -1 to 1, expected"),
    "left out by PyTorch": (torch.tensor([0, -100, 1]), ValueError, "from -100 to 1, expected"),
    "beyond the classes": (torch.tensor([0, 4, 1]), ValueError, "from 0 to 4, expected"),
    "two of each": (torch.tensor([[0, 1], [3, 1], [1, 2]]), ValueError, r"give .*labels\[:, 0\]"),
    "list": ([0, 3, 1], TypeError, "`labels` is list.*give torch.tensor"),
    "float": (LABELS.float(), TypeError, "torch.float32"),
    "boolean": (LABELS > 0, TypeError, "torch.bool"),
    "one-hot": (torch.eye(4)[:3].long(), ValueError, r"give labels.argmax\(1\)"),
    "one-hot, float": (torch.eye(4)[:3], TypeError, r"give labels.argmax\(1\)"),
}


def network() -> NormalizedNetwork:
    torch.manual_seed(0)
    return NormalizedNetwork(TinyNetwork(), PREPROCESSING).eval()


torch.manual_seed(0)
IMAGES, MORE = torch.rand(3, 3, 8, 8), torch.rand(20, 3, 8, 8)
LOGITS = network()(IMAGES).detach()
READ = features(network(), MORE)[1].detach()
INFLUENCES = InfluenceFunctions().fit(READ, torch.arange(20) % 4, 4)
REFITTED = Refitted(network().double(), *INFLUENCES.layer)


def trained(kind: type[Classifier], **options: Any) -> Callable[[Any], Any]:
    """The training step of a module on three images."""

    def step(labels: Any) -> Any:
        module = kind(network(), **options)
        module.log_terms = lambda terms: terms  # type: ignore[method-assign]  # without a trainer
        return module.training_step((IMAGES, labels, torch.arange(3)), 0)["loss"]

    return step


def validated(labels: Any) -> Any:
    module = Classifier(network())
    module.validation_step((IMAGES, labels, torch.arange(3)), 0)
    return torch.stack(list(module.results().values()))


def attacked(attack: InfluenceAttack) -> Callable[[Any], Tensor]:
    return lambda labels: attack(REFITTED, IMAGES.double(), labels)


def calibrated(labels: Any) -> Tensor:
    metric = CalibrationError()
    metric.update(LOGITS, labels)
    return metric.compute()


def averaged(labels: Any) -> Tensor:
    metric = ClassMeans(4)
    metric.update(torch.ones(3, 1), labels)
    return metric.compute()[2]


def deleted(labels: Any) -> Tensor:
    black = replaced(IMAGES, torch.zeros_like(IMAGES))
    return insertion_deletion(network(), black, torch.zeros(3, 1, 8, 8).long(), 2, labels, 4)[0]


FOOLING = {"interpreter": SimpleGradient(), "loss": Location()}
ENTRANCES: dict[str, Callable[[Any], Any]] = {
    "InfluenceAttack": attacked(InfluenceAttack(influences=INFLUENCES)),
    "VotingInfluenceAttack": attacked(VotingInfluenceAttack(influences=INFLUENCES)),
    "TopKAttack": lambda labels: TopKAttack(interpreter=SimpleGradient(), beta=None, steps=1, k=2)(
        network(), IMAGES, labels
    ),
    "InfluenceFunctions.fit": lambda labels: InfluenceFunctions().fit(READ[:3], labels, 4)(
        READ[:3], LABELS
    ),
    "Influences": lambda labels: INFLUENCES(READ[:3], labels),
    "correct": lambda labels: correct(LOGITS, labels, 2),
    "CalibrationError": calibrated,
    "ClassMeans": averaged,
    "insertion_deletion": deleted,
    "cross_entropy": lambda labels: cross_entropy(LOGITS, labels, "none"),
    "Classifier": trained(Classifier),
    "validation": validated,
    "PassiveFooling": trained(PassiveFooling, **FOOLING),
    "CurvatureRegularization": trained(CurvatureRegularization, weight=1.0),
    "Trades": trained(Trades),
}
entrances = pytest.mark.parametrize("entrance", ENTRANCES)


@entrances
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_labels(entrance: str, wrong: str) -> None:
    labels, error, message = WRONG[wrong]
    with pytest.raises(error, match=message):
        ENTRANCES[entrance](labels)


@entrances
@pytest.mark.parametrize("kind", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_every_type_of_integers(entrance: str, kind: torch.dtype) -> None:
    found, expected = ENTRANCES[entrance](LABELS.to(kind)), ENTRANCES[entrance](LABELS)
    torch.testing.assert_close(found, expected)
