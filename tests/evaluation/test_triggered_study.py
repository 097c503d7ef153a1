"""The study of fooling with a trigger against a plain loop, and its report."""

import pytest
import torch
from drawn import drawn
from helpers import SILENT, tiny_network
from lightning import Trainer
from torch import nn

from datamodules import Shapes
from datamodules.outlines import OUTLINES
from evaluation import TriggeredFooling
from interpreters import GradCam, InputXGradient
from lightning_modules import Trigger
from losses import TargetMap, Unchanged

INTERPRETERS = {"grad_cam": GradCam(), "product": InputXGradient("last")}
LOSS = TargetMap(shape="corner", success=(0.0, 0.3))
THIRD = list(OUTLINES)[2]


def data() -> Shapes:
    return Shapes(train=24, validation=24, test=20, batch_size=8)


@pytest.fixture(scope="module")
def networks() -> list[nn.Module]:
    torch.manual_seed(0)
    return [tiny_network().eval() for _ in range(2)]


@pytest.fixture(scope="module")
def study(networks: list[nn.Module]) -> TriggeredFooling:
    study = TriggeredFooling(networks[0], networks[1], INTERPRETERS, LOSS, label=THIRD)
    Trainer(**SILENT).test(study, data(), verbose=False)
    return study


def test_figures_are_those_of_a_plain_loop(
    study: TriggeredFooling, networks: list[nn.Module]
) -> None:
    results, images = study.results(), data().images("test")
    for name, interpreter in INTERPRETERS.items():
        lies, stays, hits = [], [], []
        for index in range(20):
            clean, labels, _ = (field[None] for field in images[0, index])
            reference = interpreter(networks[0], clean, labels).heatmap.detach()
            logits, lie = interpreter(networks[1], Trigger()(clean), torch.tensor([2]))
            stayed = interpreter(networks[1], clean, labels).heatmap.detach()
            lies.append(LOSS.measure(lie.detach(), reference).item())
            stays.append(Unchanged().measure(stayed, reference).item())
            hits.append(logits.argmax(1).item() == 2)
        for part, measures, high in (("triggered", lies, 0.3), ("clean", stays, 0.05)):
            labels_of = {"network": "manipulated", "interpreter": name, "part": part}
            found = results.find("test_loss", **labels_of)
            # float32 convolutions round differently in batches of another size
            assert found.value == pytest.approx(sum(measures) / 20, abs=1e-4)
            rate = results.find("fooling_success_rate", **labels_of)
            assert rate.value == sum(measure <= high for measure in measures) / 20
        accuracy = results.find("accuracy_top1", network="manipulated", part="triggered")
        assert accuracy.value == sum(hits) / 20


def test_a_network_against_itself_has_kept_its_heatmaps(networks: list[nn.Module]) -> None:
    study = TriggeredFooling(networks[0], networks[0], INTERPRETERS, LOSS)
    Trainer(**SILENT).test(study, data(), verbose=False)
    results = study.results()
    for name in INTERPRETERS:
        labels = {"network": "manipulated", "interpreter": name, "part": "clean"}
        assert results.find("fooling_success_rate", **labels).value == 1
        assert results.find("test_loss", **labels).value == 0


def test_report(study: TriggeredFooling) -> None:
    results = study.results()
    assert {number.loss for number in results.measurements} == {None, "target_map", "unchanged"}
    assert {number.n for number in results.measurements if number.label is None} == {20}
    titles = [row[0] for row in study.findings().summary()]
    assert titles[1:5] == [
        "accuracy top-1",
        "accuracy top-1 with the trigger",
        "accuracy top-5",
        "FSR grad cam triggered",
    ]
    kinds = ("triggered_measure", "clean_measure", "classes", "heatmaps", "best_and_worst")
    assert drawn(study.findings()).keys() == {
        *("triggered_rates", "clean_rates"),
        *(f"{name}_{kind}" for name in INTERPRETERS for kind in kinds),
    }


def test_two_explained_passes_for_each_network_and_interpreter(networks: list[nn.Module]) -> None:
    study = TriggeredFooling(networks[0], networks[1], INTERPRETERS, LOSS)
    Trainer(**SILENT).test(study, data(), verbose=False)
    passes: list[int] = []
    handles = [n.register_forward_hook(lambda *_: passes.append(1)) for n in networks]
    with torch.no_grad():
        study.test_step(next(iter(data().test_dataloader())), 0)
    for handle in handles:
        handle.remove()
    assert len(passes) == 2 * 2 * 2
