"""Noise and further training, and the study of a manipulation under them."""

from pathlib import Path

import pytest
import torch
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from round_trip import assert_survives
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from torch import Tensor, nn

from evaluation import FineTuning, ImageNoise, Stability, WeightNoise
from evaluation.measurements import Measurement
from evaluation.plots.lines import lines
from evaluation.report import write_report
from evaluation.stability.disturbances import Disturbance
from interpreters import GradCam, InputXGradient
from lightning_modules.data import take
from losses import CenterMass

INTERPRETERS = {"grad_cam": GradCam(), "product": InputXGradient("last")}
LOSS = CenterMass(success=(0.05, 1.0))


def made(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return tiny_network().double().eval()


@pytest.fixture
def pair() -> dict[str, nn.Module]:
    return {"original": made(0), "manipulated": made(1)}


def studied(pair: dict[str, nn.Module], **disturbances: Disturbance) -> Stability:
    study = Stability(pair["original"], pair["manipulated"], INTERPRETERS, LOSS, disturbances)
    Trainer(**SILENT, precision="64-true").test(study, shapes(), verbose=False)
    return study


def every_image() -> tuple[Tensor, Tensor, Tensor]:
    test = shapes().images("test")
    images, labels, indices = take(test, [*range(len(test))])
    return images.double(), labels, indices


def check_curve(
    study: Stability, kind: str, levels: list[tuple[dict[str, nn.Module], Tensor]]
) -> None:
    """Accuracies and success rates against a loop over networks and images at every level."""
    (_, labels, _), findings = every_image(), study.findings()
    for level, (networks, images) in enumerate(levels):
        for role, network in networks.items():
            hits = network(images).argmax(1).eq(labels).double().mean().item()
            assert findings.curve(kind, role)[level].value == pytest.approx(hits)
            for name, interpreter in INTERPRETERS.items():
                heatmap, reference = (
                    interpreter(net, images, labels).heatmap.detach()
                    for net in (network, study.pair["original"])
                )
                moved = LOSS.measure(heatmap, reference)
                rate = ((moved >= 0.05) & (moved <= 1)).double().mean().item()
                assert findings.curve(kind, role, name)[level].value == pytest.approx(rate)


def test_noise_on_the_weights(pair: dict[str, nn.Module]) -> None:
    noise = WeightNoise((0.1, 0.5), seed=1)
    study = studied(pair, weights=noise)
    images, _, _ = every_image()
    noisy = [dict(noise.networks(pair, level)) for level in (0.1, 0.5)]
    check_curve(study, "weights", [(networks, images) for networks in (pair, *noisy)])
    for (name, before), first, second in zip(
        pair["manipulated"].named_parameters(),
        *(networks["manipulated"].parameters() for networks in noisy),
        strict=True,
    ):
        torch.testing.assert_close(second - before, 5 * (first - before), msg=name)
    weight, noisier = (
        net.get_parameter("network.7.weight") for net in (made(1), noisy[0]["manipulated"])
    )
    assert 0.02 < (noisier - weight).std() / weight.std() < 0.3


def test_noise_on_the_images(pair: dict[str, nn.Module]) -> None:
    noise = ImageNoise((0.1, 0.3), seed=1)
    study = studied(pair, images=noise)
    images, _, indices = every_image()
    noisy = [noise.images(images, indices, level) for level in (0.1, 0.3)]
    check_curve(study, "images", [(pair, seen) for seen in (images, *noisy)])
    torch.testing.assert_close((noisy[0] - images).std().item(), 0.1, rtol=0.02, atol=0)
    # the noise of an image does not depend on its batch
    torch.testing.assert_close(noise.images(images[3:5], indices[3:5], 0.1), noisy[0][3:5])


def test_further_training(pair: dict[str, nn.Module]) -> None:
    later = {200: made(3), 50: made(2)}
    study = studied(pair, training=FineTuning(later))
    images, _, _ = every_image()
    levels = [pair, *({**pair, "manipulated": later[steps]} for steps in (50, 200))]
    check_curve(study, "training", [(networks, images) for networks in levels])
    assert [point.x for point in study.findings().curve("training", "manipulated")] == [0, 50, 200]


def test_no_heatmap_twice(pair: dict[str, nn.Module]) -> None:
    passes: list[int] = []
    for network in pair.values():
        network.register_forward_hook(lambda _, inputs, __: passes.append(len(inputs[0])))
    study = studied(pair, images=ImageNoise((0.1, 0.2)), training=FineTuning({9: made(2)}))
    # two networks, two interpreters and three versions of the images, all of them in one batch
    assert passes.count(len(every_image()[0])) == 2 * 2 * 3
    assert len(study.measurements()) == (3 + 2) * 2 * 3


@pytest.mark.slow
def test_report(pair: dict[str, nn.Module], tmp_path: Path) -> None:
    study = studied(pair, weights=WeightNoise((0.1, 0.2)), images=ImageNoise((0.1,)))
    page = write_report(study.findings(), tmp_path)
    assert "Noise on the images, 0.1: grad cam lies on" in page.read_text()
    rows = study.findings().summary()
    assert [row[:2] for row in rows[1:]] == [
        *(["weights", level] for level in ("0", "0.1", "0.2")),
        *(["images", level] for level in ("0", "0.1")),
    ]
    figures = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert figures == {"accuracy", "fooling_success_rate", "grad_cam_heatmaps", "product_heatmaps"}


@pytest.mark.slow
def test_names_are_free(pair: dict[str, nn.Module], tmp_path: Path) -> None:
    interpreters = {"accuracy": GradCam(), "keys": InputXGradient("last")}
    disturbances = {"layer4.1": WeightNoise((0.1,)), "a/b": FineTuning({9: made(2)})}
    networks = {"v1.0": pair["original"], "v1/1": pair["manipulated"]}
    study = Stability("v1.0", "v1/1", interpreters, LOSS, disturbances, networks)
    Trainer(**SILENT, precision="64-true").test(study, shapes(), verbose=False)
    plain = studied(pair, **disturbances).findings()
    findings = study.findings()
    assert [*study.networks] == [
        *("v1.0", "v1/1", "v1.0_layer4.1_1", "v1/1_layer4.1_1", "v1/1_a/b_1")
    ]
    for name, usual in ((None, None), ("accuracy", "grad_cam"), ("keys", "product")):
        for kind in disturbances:
            found = findings.curve(kind, "v1/1", name)
            expected = plain.curve(kind, "manipulated", usual)
            assert [point.value for point in found] == [point.value for point in expected]
    assert [*findings.heatmaps["keys"].heatmaps] == ["v1.0", "v1/1", "layer4.1 0.1", "a/b 9"]
    assert_survives(findings, tmp_path)


def test_no_two_networks_of_one_name(pair: dict[str, nn.Module]) -> None:
    networks = {"x": pair["original"], "x_y": pair["manipulated"]}
    noise: dict[str, Disturbance] = {"y_z": WeightNoise((0.1,)), "z": WeightNoise((0.1,))}
    with pytest.raises(ValueError, match="two networks are called x_y_z_1; rename one of them"):
        Stability("x", "x_y", INTERPRETERS, LOSS, noise, networks)
    with pytest.raises(ValueError, match="two networks are called x; rename one of them"):
        Stability("x", "x", INTERPRETERS, LOSS, noise, {"x": pair["original"]})


@pytest.mark.parametrize("levels", [(), (0.0, 0.1), (0.2, 0.1), (0.1, 0.1), (-0.1,)])
@pytest.mark.parametrize("noise", [WeightNoise, ImageNoise])
def test_levels_must_rise(noise: type[WeightNoise], levels: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"`levels` must rise, from above 0, got \["):
        noise(levels)


def test_something_must_happen(pair: dict[str, nn.Module]) -> None:
    with pytest.raises(ValueError, match="`disturbances` is empty; give at least one"):
        studied(pair)


def test_curves_keep_their_colours_where_a_panel_lacks_one() -> None:
    points = [
        Measurement("rate", 0.5, None, "higher", "a", 4, x=level) for level in (0.0, 0.01, 0.5)
    ]
    figure = lines({"all": {"a": points, "b": points}, "some": {"b": points}}, ["", ""])
    both, one = ([line.get_color() for line in axes.lines] for axes in figure.axes)
    assert one == both[1:]
    assert both[0] != both[1]
    (legend,) = figure.legends
    assert [handle.get_color() for handle in legend.get_lines()] == both


@pytest.mark.slow
def test_levels_are_steps_of_their_own(pair: dict[str, nn.Module], tmp_path: Path) -> None:
    study = Stability(
        pair["original"],
        pair["manipulated"],
        INTERPRETERS,
        LOSS,
        disturbances={"images": ImageNoise((0.1, 0.2))},
    )
    logger = TensorBoardLogger(tmp_path, name="", version="")
    Trainer(**{**SILENT, "logger": logger}, precision="64-true").test(
        study, shapes(), verbose=False
    )
    findings = study.findings()
    write_report(findings, tmp_path / "report", [logger])
    events = EventAccumulator(str(tmp_path)).Reload()
    curve = events.Scalars("stability/accuracy_top1/original/images")
    assert [event.step for event in curve] == [0, 1, 2]
    # runs can be sorted by the last point of each curve
    content = events.summary_metadata["_hparams_/experiment"].plugin_data.content
    finals = HParamsPluginData.FromString(content).experiment.metric_infos
    last = "stability/accuracy_top1/original/images/last"
    assert last in [each.name.tag for each in finals]
    assert [event.value for event in events.Scalars(last)] == [curve[2].value]
    assert curve[2].value == pytest.approx(findings.curve("images", "original")[2].value)
