"""The transfer study against a plain loop, and what is refused."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from drawn import drawn
from helpers import SILENT, labels_of, tiny_network
from lightning import Trainer
from round_trip import assert_survives
from torch import Tensor, nn

from attacks import PGD, Attack, RandomSign
from attacks.transfer import MIFGSM
from datamodules import Shapes
from evaluation import Transfer
from evaluation.report import write_report
from lightning_modules.data import take
from seeds import generators

ATTACKS: dict[str, Attack] = {
    "pgd": PGD(epsilon=0.2, step_size=0.05, steps=5),
    "momentum": MIFGSM(epsilon=0.2, step_size=0.05, steps=5),
}
IMAGES = 37


def data() -> Shapes:
    return Shapes(train=24, validation=24, test=IMAGES, batch_size=10)


TEST = take(data().images("test"), [*range(IMAGES)])


def networks() -> dict[str, nn.Module]:
    """Two that prefer no class."""
    torch.manual_seed(0)
    made: dict[str, nn.Module] = {n: tiny_network().double().eval() for n in ("one", "two")}
    with torch.no_grad():
        for network in made.values():
            network.get_parameter("network.7.bias").sub_(network(TEST[0].double()).mean(0))
    return made


def studied(**options: Any) -> Transfer:
    given: dict[str, Any] = {"networks": networks(), "attacks": ATTACKS, **options}
    study = Transfer(**given)
    Trainer(**SILENT, precision="64-true").test(study, data(), verbose=False)
    return study


@pytest.fixture(scope="module")
def study() -> Transfer:
    return studied()


@pytest.mark.slow
def test_rates_are_those_of_a_plain_loop(study: Transfer) -> None:
    images, labels, indices = TEST[0].double(), TEST[1], TEST[2]
    nets, rates = networks(), []
    for source in nets:
        for name, attack in ATTACKS.items():
            attacked = []
            for row in range(len(images)):
                one = slice(row, row + 1)
                random = generators(indices[one], 0)
                attacked.append(attack(nets[source], images[one], labels[one], random))
            for target, network in nets.items():
                lost = right = 0
                for row, found in enumerate(attacked):
                    one = slice(row, row + 1)
                    if network(images[one]).argmax(1) == labels[one]:
                        right += 1
                        lost += int(network(found).argmax(1) != labels[one])
                assert right
                rate = study.results().find(
                    "attack_success_rate", network=target, part=name, against=source
                )
                assert (rate.value, rate.n) == (lost / right, right)
                rates.append(rate.value)
    assert 0 < sum(rates) < len(rates)


def test_report(study: Transfer, tmp_path: Path) -> None:
    write_report(study.findings(), tmp_path)
    assert json.loads((tmp_path / "results.json").read_text())["study"] == "transfer"
    header, *rows = study.findings().summary()
    assert header == ["misclassified by", "one", "two"]
    assert [row[0] for row in rows] == [f"{a} on {s}" for s in ("one", "two") for a in ATTACKS]
    stems = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert stems == {"one_success_rates", "two_success_rates", "images"}
    assert "transfers best" in study.findings().sentences()[0]


def test_some_sources(study: Transfer) -> None:
    one = studied(sources=["two"], attacks={"pgd": ATTACKS["pgd"]})
    labels = {"network": "one", "part": "pgd", "against": "two"}
    (found, expected) = (
        each.results({}).find("attack_success_rate", **labels) for each in (one, study)
    )
    assert found == expected
    assert {each.against for each in one.measurements()} == {None, "two"}


@pytest.mark.slow
def test_names_are_free(tmp_path: Path) -> None:
    nets, attack = [*networks().values()], ATTACKS["pgd"]
    named = {"v1.0": nets[0], "a/b": nets[1]}
    study = studied(networks=named, attacks={"x" * 300: attack, "image": attack})
    assert_survives(study.findings(), tmp_path)
    rows, *_ = labels_of(drawn(study.findings())["images"])
    assert rows == [
        "image",
        "\n".join(["x" * 20, "x" * 20, "x" * 18 + " …", "10 times"]),
        "image\n10 times",
    ]


def test_a_single_network_has_nothing_to_carry_over_to() -> None:
    study = studied(networks={"one": networks()["one"]}, attacks={"random": RandomSign()})
    assert study.findings().sentences() == []


def test_only_images_that_a_network_classifies_correctly_are_attacked() -> None:
    seen = 0

    @dataclass(frozen=True, kw_only=True)
    class Counted(RandomSign):
        """An attack that counts what it attacks."""

        def __call__(self, network: nn.Module, images: Tensor, *rest: Any) -> Tensor:
            nonlocal seen
            seen += len(images)
            return super().__call__(network, images, *rest)

    studied(attacks={"counted": Counted()}, sources=["one"])
    images, labels, _ = TEST
    right = [net(images.double()).argmax(1) == labels for net in networks().values()]
    assert seen == int((right[0] | right[1]).sum()) < IMAGES


def test_refusals() -> None:
    with pytest.raises(ValueError, match="`networks` is empty"):
        Transfer({}, ATTACKS)
    with pytest.raises(ValueError, match="`attacks` is empty"):
        Transfer(networks(), {})
    with pytest.raises(ValueError, match="`sources` names three, which `networks` does not have"):
        Transfer(networks(), ATTACKS, sources=["three"])
    never = tiny_network().double().eval()
    with torch.no_grad():
        never.get_parameter("network.7.bias")[11] += 100
    study = Transfer({"never": never}, ATTACKS)
    few = Shapes(train=24, validation=24, test=7)
    with pytest.raises(ValueError, match="the network never classifies none of the 7 test images"):
        Trainer(**SILENT, precision="64-true").test(study, few, verbose=False)
