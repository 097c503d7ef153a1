"""Training and studies of a network with one logit, on data of two classes."""

from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from helpers import PREPROCESSING, SILENT, TinyNetwork, tiny_network
from lightning import Trainer
from torch import Tensor, nn

from attacks import PGD, RandomSign
from datamodules import Batch, Shapes
from datamodules.shapes import ShapeImages
from evaluation import Attribution, Fooling, Fragility, Perturbation, Transfer
from evaluation.study import Study
from interpreters import GradCam, SimpleGradient
from lightning_modules import (
    AdversarialTraining,
    Classifier,
    CurvatureRegularization,
    PassiveFooling,
    Trades,
)
from losses import Location
from networks import NormalizedNetwork


class TwoClasses(Shapes):
    """Shapes in two classes."""

    classes = ("even", "odd")

    def all_images(self, split: Any) -> ShapeImages:
        images = super().all_images(split)
        images.labels = images.labels % 2
        return images


def data() -> TwoClasses:
    return TwoClasses(train=8, validation=7, test=5, batch_size=4)


def halved(network: NormalizedNetwork) -> NormalizedNetwork:
    """Return a network with the logits -z/2 and z/2."""
    last = cast(nn.Linear, cast(TinyNetwork, network.network)[7])
    twin = NormalizedNetwork(TinyNetwork(2, nn.ReLU), PREPROCESSING)
    weights = network.state_dict()
    weights["network.7.weight"] = torch.cat([-last.weight, last.weight]) / 2
    weights["network.7.bias"] = torch.cat([-last.bias, last.bias]) / 2
    twin.load_state_dict(weights)
    return twin


MODULES: dict[str, Any] = {
    "Classifier": Classifier,
    "AdversarialTraining": lambda network: AdversarialTraining(network, attack=PGD(steps=1)),
    "Trades": lambda network: Trades(network, attack=PGD(steps=1)),
    "PassiveFooling": lambda network: PassiveFooling(network, GradCam(), Location()),
    "PassiveFooling, logits": lambda network: PassiveFooling(
        network, GradCam(), Location(), classification="logits"
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_training_step_is_that_of_two_logits(name: str) -> None:
    network = tiny_network(1)
    # before a step changes the statistics of BatchNorm
    twin = halved(network)
    batch = Batch(torch.rand(4, 3, 16, 16), torch.tensor([0, 1, 1, 0]), torch.arange(4))

    def loss(each: nn.Module) -> Tensor:
        module = MODULES[name](each).double()
        module.log_dict = module.log = lambda *_, **__: None
        found: dict[str, Tensor] = module.training_step(
            batch._replace(images=batch.images.double()), 0
        )
        return found["loss"]

    # a map's own size does not matter to `Location`, which looks at its shares
    torch.testing.assert_close(loss(network), loss(twin))


@pytest.mark.parametrize("kind", [Classifier, CurvatureRegularization, PassiveFooling])
def test_cross_entropy_and_accuracy_are_binary(kind: type[Classifier]) -> None:
    options: Any = (SimpleGradient(), Location()) if kind is PassiveFooling else ()
    module, trainer = kind(tiny_network(1), *options), Trainer(**SILENT, max_epochs=1)
    trainer.fit(module, data())
    images = torch.stack([data().images("validation")[0, i].images for i in range(7)])
    labels = data().images("validation").labels
    with torch.no_grad():
        logit = module.network.eval()(images)[:, 0]
    expected = F.binary_cross_entropy_with_logits(logit, labels.float())
    torch.testing.assert_close(trainer.callback_metrics["val/cross_entropy"].float(), expected)
    accuracy = ((logit > 0) == labels.bool()).float().mean().item()
    found = trainer.callback_metrics["val/accuracy_top1"].item()
    assert found == pytest.approx(accuracy)


MAPS: Any = {"gradient": SimpleGradient()}
STUDIES: dict[str, Any] = {
    "Perturbation": lambda one, two: Perturbation(one, two, MAPS, region=20, steps=3),
    "Attribution": lambda one, _: Attribution(one, MAPS, steps=4),
    "Fragility": lambda *pair: Fragility(
        dict(zip("ab", pair, strict=True)), MAPS, {"sign": RandomSign()}, epsilons=(0, 4)
    ),
    "Transfer": lambda *pair: Transfer(
        dict(zip("ab", pair, strict=True)), {"pgd": PGD(epsilon=0.05, steps=2)}
    ),
    "Fooling": lambda one, two: Fooling(one, two, MAPS, Location()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_study_counts_as_for_two_logits(name: str) -> None:
    pair = tiny_network(1).double().eval(), tiny_network(1).double().eval()

    def numbers(networks: Any) -> list[tuple[str, float]]:
        study: Study = STUDIES[name](*networks)
        Trainer(**SILENT, precision="64-true").test(study, data(), verbose=False)
        measured = study.measurements()
        return [(each.name, each.value) for each in measured if each.name != "seconds"]

    found, expected = numbers(pair), numbers([halved(each).double().eval() for each in pair])
    assert [name for name, _ in found] == [name for name, _ in expected]
    assert [v for _, v in found] == pytest.approx([v for _, v in expected], nan_ok=True)
