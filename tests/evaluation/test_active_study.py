"""The study of active fooling against a plain loop, and its report."""

import pytest
import torch
from drawn import drawn
from helpers import SILENT, labels_of, tiny_network
from lightning import Trainer
from torch import nn

from datamodules import Composites, Shapes
from datamodules.outlines import OUTLINES
from evaluation import ActiveFooling
from interpreters import GradCam, InputXGradient
from losses import Swap

FIRST, SECOND, *_ = OUTLINES
INTERPRETERS = {"grad_cam": GradCam(), "product": InputXGradient("last")}
LOSS = Swap(success=(-0.5, 2.0))


def data() -> Composites:
    shapes = Shapes(train=24, validation=24, test=30, batch_size=8)
    return Composites(shapes, (FIRST, SECOND), train=4, test=5, batch_size=3)


@pytest.fixture(scope="module")
def networks() -> list[nn.Module]:
    torch.manual_seed(0)
    return [tiny_network().eval() for _ in range(2)]


@pytest.fixture(scope="module")
def study(networks: list[nn.Module]) -> ActiveFooling:
    study = ActiveFooling(networks[0], networks[1], INTERPRETERS, LOSS)
    Trainer(**SILENT).test(study, data(), verbose=False)
    return study


def test_figures_are_those_of_a_plain_loop(study: ActiveFooling, networks: list[nn.Module]) -> None:
    results, module = study.results(), data()
    module.setup("test")
    for name, interpreter in INTERPRETERS.items():
        measures: dict[str, list[float]] = {FIRST: [], SECOND: []}
        for index in range(5):
            images, labels, _ = (field[None] for field in module.composites("test")[0, index])
            maps = [interpreter(n, images, labels).heatmap.detach() for n in networks]
            measures[FIRST].append(LOSS.measure(maps[1], maps[0]).item())
            measures[SECOND].append(LOSS.measure(maps[1].flip(1), maps[0].flip(1)).item())
        for part, expected in measures.items():
            labels_of = {"network": "manipulated", "interpreter": name, "part": part}
            found = results.find("test_loss", **labels_of)
            # float32 convolutions round differently in batches of another size
            assert found.value == pytest.approx(sum(expected) / 5, abs=1e-4)
            assert found.better == "higher"
            assert found.n == 5
            rate = results.find("fooling_success_rate", **labels_of)
            assert rate.value == sum(measure >= -0.5 for measure in expected) / 5
    shapes = module.images("test")
    images = torch.stack([shapes[0, index].images for index in range(30)])
    with torch.no_grad():
        hits = (networks[1](images).argmax(1) == shapes.labels).double()
    accuracy = results.find("accuracy_top1", network="manipulated")
    assert accuracy.value == pytest.approx(hits.mean().item())
    assert accuracy.n == 30


def test_a_network_against_itself_has_swapped_nothing(networks: list[nn.Module]) -> None:
    study = ActiveFooling(networks[0], networks[0], INTERPRETERS, Swap())
    Trainer(**SILENT).test(study, data(), verbose=False)
    for number in study.measurements():
        if number.name == "fooling_success_rate":
            assert number.value == 0


def test_report(study: ActiveFooling) -> None:
    results, pictures = study.results(), drawn(study.findings())
    assert {number.part for number in results.measurements} == {None, FIRST, SECOND}
    plain = [number for number in results.measurements if number.label is None]
    assert len(plain) == 4 + 2 + 4 + 2 * 2 * 2 * 2 + 2 * 7
    kinds = (f"{FIRST}_measure", f"{SECOND}_measure", "heatmaps", "best_and_worst")
    assert pictures.keys() == {
        *(f"{part}_rates" for part in (FIRST, SECOND)),
        *(f"{name}_{kind}" for name in INTERPRETERS for kind in kinds),
    }
    rows, *_ = labels_of(pictures["product_heatmaps"])
    assert rows == [
        "image",
        "original 1",
        "original 2",
        "manipulated 1",
        "manipulated 2",
    ]
    _, (shown, *_), _ = labels_of(pictures["product_best_and_worst"])
    measures = study.findings().examples["product"]["manipulated"]["best"].measures[0].tolist()
    assert shown == f"best, t = {measures[0]:.3f}, {measures[1]:.3f}\n{FIRST} and {SECOND}"
    assert {number.loss for number in results.measurements} == {None, "swap"}
    titles = [row[0] for row in study.findings().summary()]
    assert titles[3:5] == [f"FSR grad cam {FIRST}", f"FSR grad cam {SECOND}"]
