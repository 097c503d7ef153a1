"""Networks with random layers, and the study of their heatmaps."""

from pathlib import Path

import pytest
import torch
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer
from round_trip import assert_survives
from scipy.stats import spearmanr
from torch import Tensor, nn

from evaluation import Randomization
from evaluation.randomization.cascade import cascade
from evaluation.report import write_report
from interpreters import GradCam, InputXGradient
from lightning_modules.data import take

INTERPRETERS = {"grad_cam": GradCam(), "product": InputXGradient()}
LAYERS = ["0", "1", "3", "7"]  # of the tiny network, those with weights


def state(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.named_parameters()}


def test_layers_are_random_from_the_last_down_and_stay_so() -> None:
    network = tiny_network()
    before = state(network)
    stages = cascade(network, 4, seed=3)
    assert [stage.layers for stage in stages] == [1, 2, 3, 4]
    assert [stage.down_to.rsplit(".", 1)[1] for stage in stages] == LAYERS[::-1]
    for stage in stages:
        for name, value in state(stage.network).items():
            random = name.split(".")[-2] in LAYERS[-stage.layers :]
            # BatchNorm's are all equal here, which leaves nothing to sample
            constant = before[name].std(correction=0) == 0
            assert value.equal(before[name]) == (not random or bool(constant))
            assert not random or value.equal(state(stages[-1].network)[name])
    assert all(value.equal(before[name]) for name, value in state(network).items())


def test_random_weights_keep_mean_and_deviation() -> None:
    layer = nn.Linear(200, 300)
    nn.init.uniform_(layer.weight, 1.0, 3.0)
    weight, again, other = (
        state(cascade(layer, 1, seed)[0].network)["weight"] for seed in (0, 0, 1)
    )
    torch.testing.assert_close(weight.mean(), layer.weight.mean(), rtol=0.01, atol=0)
    torch.testing.assert_close(weight.std(), layer.weight.std(), rtol=0.02, atol=0)
    # normal, no longer uniform
    assert weight.max() > 4
    assert again.equal(weight)
    assert not other.equal(weight)


def test_one_stage_is_the_network_without_what_it_learnt(tmp_path: Path) -> None:
    study = Randomization(tiny_network().eval(), {"grad_cam": GradCam()}, stages=1)
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    page = write_report(study.findings(), tmp_path)
    assert "when the last 4 layers are random" in page.read_text()


@pytest.mark.parametrize("stages", [0, 5])
def test_stages_must_fit_the_layers(stages: int) -> None:
    with pytest.raises(ValueError, match=f"`stages` must be from 1 to 4, .*, got {stages}"):
        Randomization(tiny_network(), INTERPRETERS, stages=stages)


def test_measurements_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    network = tiny_network().double().eval()
    study = Randomization(network, INTERPRETERS, stages=2, seed=1)
    Trainer(**SILENT, precision="64-true").test(study, shapes(), verbose=False)
    results, page = study.results(), write_report(study.findings(), tmp_path)
    test = shapes().images("test")
    images, labels, _ = take(test, [*range(len(test))])
    for stage in cascade(network, 2, seed=1):
        logits = stage.network(images.double())
        hits = (logits.argmax(1) == labels).double().mean()
        points = [n for n in results.measurements if n.x == stage.layers]
        (accuracy,) = (n for n in points if n.name == "accuracy_top1")
        assert accuracy.value == pytest.approx(hits.item())
        for name, interpreter in INTERPRETERS.items():
            maps, own = (
                interpreter(net, images.double(), labels).heatmap.detach().flatten(1)
                for net in (stage.network, network)
            )
            for kind, pairs in (
                ("rank_correlation", zip(maps, own, strict=True)),
                ("absolute_rank_correlation", zip(maps.abs(), own.abs(), strict=True)),
            ):
                (point,) = (n for n in points if (n.name, n.interpreter) == (kind, name))
                # an empty Grad-CAM is like nothing
                each = [spearmanr(*pair).statistic for pair in pairs]
                slow = torch.tensor(each).nan_to_num(0).mean()
                assert point.value == pytest.approx(slow.item())
                assert point.better == "lower"
    assert "when all 4 are" in page.read_text()
    assert [row[0] for row in study.findings().summary()] == ["random layers", "0", "2", "4"]
    figures = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert figures == {"curves", "grad_cam_heatmaps", "product_heatmaps"}


@pytest.mark.slow
def test_names_are_free(tmp_path: Path) -> None:
    interpreters = {"7": GradCam(), "a/b": InputXGradient()}
    # the name of a network with random layers
    study = Randomization("2_random", interpreters, 2, networks={"2_random": tiny_network().eval()})
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    assert [*study.networks] == ["2_random, original", "2_random", "4_random"]
    assert_survives(study.findings(), tmp_path)
    # a layer that is called as an interpreter is stays with its stage
    layers = study.findings().first_layers
    assert [*study.findings().ordered([layers[4], "a/b"]).first_layers.items()] == [*layers.items()]
