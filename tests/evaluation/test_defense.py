"""The study of defences: its measurements against plain loops, and its report."""

from pathlib import Path

import pytest
import torch
from drawn import drawn
from helpers import SILENT, labels_of, shapes, tiny_network
from lightning import Trainer
from matplotlib.patches import Rectangle
from round_trip import assert_survives
from torch import nn

from attacks import PGD
from evaluation import Defended, Defense, Fooling
from evaluation.report import write_report
from interpreters import GradCam, SimpleGradient
from lightning_modules.data import take
from losses import Location
from seeds import generator

INTERPRETERS = {"grad_cam": GradCam(), "gradient": SimpleGradient()}
LOSS = Location(success=(0.0, 0.34))
ATTACK = PGD(epsilon=0.1, step_size=0.05, steps=2)
NAMES = ["standard", "standard_fooled", "robust", "robust_fooled", "robust_repaired"]


@pytest.fixture(scope="module")
def networks() -> list[nn.Module]:
    torch.manual_seed(0)
    return [tiny_network().eval() for _ in range(5)]


@pytest.fixture(scope="module")
def study(networks: list[nn.Module]) -> Defense:
    first, second, third, fourth, fifth = networks
    defenses = {
        "standard": Defended(first, {"fooled": second}),
        "robust": Defended(third, {"fooled": fourth, "repaired": fifth}),
    }
    study = Defense(defenses, INTERPRETERS, LOSS, ATTACK, seed=3)
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    return study


def test_robust_accuracy_is_that_of_a_plain_loop(study: Defense, networks: list[nn.Module]) -> None:
    results, images = study.results(), shapes().images("test")
    for name, network in zip(NAMES, networks, strict=True):
        hits = []
        for index in range(7):
            image, label, _ = take(images, [index])
            attacked = ATTACK(network, image, label, [generator(3, index)])
            hits.append(bool(network(attacked).argmax() == label))
        found = results.find("robust_accuracy_top1", network=name)
        assert found.value == sum(hits) / 7
        assert found.n == 7


def test_every_other_measurement_is_that_of_the_fooling_studies(
    study: Defense, networks: list[nn.Module]
) -> None:
    alone = Fooling(
        networks[2], {"fooled": networks[3], "repaired": networks[4]}, INTERPRETERS, LOSS
    )
    Trainer(**SILENT).test(alone, shapes(), verbose=False)
    results = study.results()
    names = {"original": "robust", "fooled": "robust_fooled", "repaired": "robust_repaired"}
    for expected in alone.measurements():
        labels = {"interpreter": expected.interpreter, "network": names[expected.network]}
        labels["against"] = expected.against and names[expected.against]
        labels["label"] = expected.label
        found = results.find(expected.name, **labels)
        assert (found.value, found.interval) == (expected.value, expected.interval)
    of_defense = [each for each in results.measurements if each.network in names.values()]
    assert len(of_defense) == 3 + len(alone.measurements())


@pytest.mark.slow
def test_report(study: Defense, tmp_path: Path) -> None:
    results = study.results()
    write_report(study.findings(), tmp_path)
    assert set(results.fingerprints) == {"data", *NAMES}
    header, *rows = study.findings().summary()
    assert [row[0] for row in rows] == [name.replace("_", " ") for name in NAMES]
    assert header[1:] == [
        *["accuracy top-1", "accuracy top-1 under attack", "FSR grad cam", "FSR gradient"],
        *["rank correlation grad cam", "rank correlation gradient"],
    ]
    assert {len(row) for row in rows} == {7}
    # an original is compared with nothing
    assert (rows[0][5], rows[2][5]) == ("", "")
    assert rows[1][5] == f"{results.find('rank_correlation', network=NAMES[1]).value:.3f}"
    robust = results.find("robust_accuracy_top1", network=NAMES[4]).value
    assert rows[4][2] == f"{100 * robust:.2f} %"
    rate = results.find("fooling_success_rate", network=NAMES[1], interpreter="grad_cam").value
    assert f"; fooled, grad cam lies on {100 * rate:.1f} %" in study.findings().sentences()[0]
    assert {path.stem for path in (tmp_path / "figures").glob("*.png")} == {
        "accuracies",
        "rates",
        "grad_cam_heatmaps",
        "gradient_heatmaps",
    }
    pictures = drawn(study.findings())
    rows_shown, *_ = labels_of(pictures["gradient_heatmaps"])
    assert rows_shown == ["image", *(n.replace("_", " ") for n in NAMES)]
    bars = pictures["accuracies"].axes[0].patches
    widths = [bar.get_width() for bar in bars if isinstance(bar, Rectangle)]
    assert widths[5:] == pytest.approx(
        [results.find("robust_accuracy_top1", network=name).value for name in NAMES]
    )


def test_an_interpreter_that_refuses_one_network_is_left_out(networks: list[nn.Module]) -> None:
    interpreters = {"nowhere": GradCam("no.layer"), **INTERPRETERS}
    study = Defense({"none": Defended(networks[0], {"fooled": networks[1]})}, interpreters, LOSS)
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    results = study.results()
    assert set(results.refused) == {"nowhere"}
    assert {n.interpreter for n in results.measurements} == {None, *INTERPRETERS}


@pytest.mark.slow
def test_networks_by_name(networks: list[nn.Module], tmp_path: Path) -> None:
    by_name = {"v1.0": networks[0], "a/b": networks[1], "keys": networks[2]}
    defenses = {"x_y": Defended("v1.0", ["a/b", "keys"])}
    study = Defense(defenses, INTERPRETERS, LOSS, ATTACK, networks=by_name)
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    assert [*study.networks] == ["x_y", "x_y_a/b", "x_y_keys"]
    assert [*study.networks.values()] == networks[:3]
    (sentence,) = study.findings().sentences()
    assert "; a/b, grad cam lies on" in sentence
    assert "; keys, grad cam lies on" in sentence
    assert_survives(study.findings(), tmp_path)
    with pytest.raises(ValueError, match="`networks` has keys, which no role names"):
        Defense({"x": Defended("v1.0", ["a/b"])}, INTERPRETERS, LOSS, networks=by_name)
    with pytest.raises(ValueError, match="`original` names v1, which `networks` does not have"):
        Defense({"x": Defended("v1", ["a/b"])}, INTERPRETERS, LOSS, networks=by_name)


def test_progress_of_a_batch_never_falls(study: Defense) -> None:
    told = list[float]()
    study.progress.report = told.append
    study.test_step(take(shapes().images("test"), [0, 1]), 0)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len({*told}) > 2 * len(INTERPRETERS)


def test_bad_names(networks: list[nn.Module]) -> None:
    with pytest.raises(ValueError, match="`defenses` is empty"):
        Defense({}, INTERPRETERS, LOSS)
    defenses = {
        "a": Defended(networks[0], {"b": networks[1]}),
        "a_b": Defended(networks[2], {"c": networks[3]}),
    }
    with pytest.raises(ValueError, match="two networks are called a_b"):
        Defense(defenses, INTERPRETERS, LOSS)
    with pytest.raises(ValueError, match="`manipulated` is empty; give at least one network"):
        Defense({"a": Defended(networks[0], {})}, INTERPRETERS, LOSS)
