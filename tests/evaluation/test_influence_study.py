"""The influence study against a plain loop, and what must hold of it."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from drawn import drawn
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer
from round_trip import assert_survives
from scipy.stats import spearmanr
from torch import nn

from attacks import InfluenceAttack, RandomSign
from evaluation import Influence
from evaluation.influence.findings import InfluenceFindings
from evaluation.influence.movement import MEASURES
from evaluation.report import write_report
from interpreters.influence import Exact, InfluenceFunctions, LogisticCrossEntropy
from lightning_modules.data import take
from networks import Refitted, features, torchvision_network
from seeds import generator

TRAINING = 12
INFLUENCES = {
    "weak": InfluenceFunctions(inverse=Exact(1e-4)),
    "strong": InfluenceFunctions(inverse=Exact(1e-2)),
}
ATTACKS = {"random": RandomSign(), "lowered": InfluenceAttack()}


def network() -> nn.Module:
    torch.manual_seed(0)
    return tiny_network().double().eval()


def studied(**options: Any) -> Influence:
    given: dict[str, Any] = {
        "networks": {"original": network()},
        "influences": INFLUENCES,
        "attacks": ATTACKS,
        "epsilons": (0, 4),
        "training_images": TRAINING,
        "k": 3,
        **options,
    }
    study = Influence(**given)
    Trainer(**SILENT, precision="64-true").test(study, shapes(), verbose=False)
    return study


@pytest.fixture(scope="module")
def study() -> Influence:
    return studied()


@pytest.fixture(scope="module")
def findings(study: Influence) -> InfluenceFindings:
    return study.findings()


def test_figures_are_those_of_a_plain_loop(study: Influence, findings: InfluenceFindings) -> None:
    net, data = network(), shapes()
    chosen = torch.randperm(len(data.images("train")), generator=generator(0))[:TRAINING]
    training, labels, _ = take(data.images("train"), chosen.tolist())
    images, truth, _ = take(data.images("test"), [*range(7)])
    for name, recipe in INFLUENCES.items():
        found = recipe.fit(features(net, training.double())[1], labels, 12)
        refitted = Refitted(net, *found.layer)
        predicted = refitted(images.double()).argmax(1)
        accuracy = findings.results.find("accuracy_top1", interpreter=name)
        assert accuracy.value == (predicted == truth).double().mean()
        for attack in ATTACKS:
            made = study.sized(attack, 4, torch.arange(7)).against(found)
            kept, correlations, same, changes = [], [], [], []
            for row in range(7):
                image, label = images[row : row + 1].double(), predicted[row : row + 1]
                attacked = made(refitted, image, label, [generator(0, row)])
                first, second = (
                    found(features(net, each)[1], label)[0] for each in (image, attacked)
                )
                highest = [
                    {*each.argsort(descending=True, stable=True)[:3].tolist()}
                    for each in (first, second)
                ]
                kept.append(len(highest[0] & highest[1]) / 3)
                correlations.append(spearmanr(first, second).statistic)
                same.append(float(refitted(attacked).argmax(1) == label))
                changes.append(255 * (attacked - image).abs().max().item())
            for measure, values in zip(MEASURES, (kept, correlations, same, changes), strict=True):
                point = findings.curve(measure, "original", name, attack)[1]
                assert point.n == 7
                assert point.value == pytest.approx(sum(values) / 7)


def test_nothing_moves_by_attacks_of_no_size(findings: InfluenceFindings) -> None:
    for name, attack in product(INFLUENCES, ATTACKS):
        for measure, value in zip(MEASURES, (1, 1, 1, 0), strict=True):
            point = findings.curve(measure, "original", name, attack)[0]
            assert point.x == 0
            assert point.value == pytest.approx(value)


@pytest.mark.slow
def test_report() -> None:
    networks = {"original": network(), "defended": network()}
    study = studied(networks=networks, influences={"weak": INFLUENCES["weak"]})
    findings = study.findings()
    _, sentence = findings.sentences()
    assert sentence.startswith("Weak on the network defended: rank correlation of 12")
    assert [row[:3] for row in findings.summary()[1:]] == [
        [net, "weak", attack] for net in networks for attack in ATTACKS
    ]
    assert drawn(findings).keys() == {
        f"{net}_weak_{kind}" for net in networks for kind in ("curves", *ATTACKS)
    }


@pytest.mark.slow
def test_findings_survive(tmp_path: Path) -> None:
    networks = {"v1.0": network(), "a/b": network()}
    attacks = {"image": RandomSign(), "keys": RandomSign()}
    study = studied(networks=networks, influences={"layer4.1": INFLUENCES["weak"]}, attacks=attacks)
    assert_survives(study.findings(), tmp_path)


def test_two_training_images_are_enough(tmp_path: Path) -> None:
    study = studied(training_images=2, k=1, attacks={"random": RandomSign()})
    findings = study.findings()
    write_report(findings, tmp_path)
    grid, *scatters = drawn(findings)["weak_random"].axes
    # the image before and after, and two training images of each
    assert len(grid.images) == 3 * (3 + 3)
    assert len(scatters) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": {}}, "`networks` is empty"),
        ({"influences": {}}, "`influences` is empty"),
        ({"attacks": {}}, "`attacks` is empty"),
        ({"epsilons": ()}, "`epsilons` is empty"),
        ({"epsilons": (2, 1)}, r"`epsilons` must rise, from 0 or above, got \[2, 1\]"),
        ({"k": 12}, "below `training_images`, got 12 and 12"),
        ({"training_images": 10**6}, "`training_images` is 1000000, and there are only"),
        (
            {"influences": {"logistic": InfluenceFunctions(LogisticCrossEntropy())}},
            "LogisticCrossEntropy needs data of two classes, got 12",
        ),
        (
            {"networks": {"original": torchvision_network("squeezenet1_1", num_classes=12)}},
            "do not come straight out of a linear layer",
        ),
        (
            {"attacks": {"all": InfluenceAttack(lowered=13)}},
            "`lowered` and `raised` are 13 and 0, expected together at most the number of",
        ),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        studied(**options)
