"""The perturbation study against a loop over images and steps, and what must hold of any curve."""

import json
from pathlib import Path

import pytest
import torch
from helpers import SILENT, tiny_network
from lightning import Trainer
from torch import Tensor, nn

from benchmarks.evaluation import passes_of
from datamodules import Shapes
from evaluation import Perturbation
from evaluation.fills import MeanFill
from evaluation.perturbation.regions import shuffles
from evaluation.report import write_report
from interpreters import GradCam, InputXGradient

INTERPRETERS = {"grad_cam": GradCam(), "product": InputXGradient()}
SETTINGS = {"region": 20, "steps": 7, "fill": MeanFill(), "chunk": 10}
IMAGES = 11


def data() -> Shapes:
    return Shapes(train=24, validation=24, test=IMAGES, batch_size=4)


@pytest.fixture(scope="module")
def networks() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return tiny_network().double().eval(), tiny_network().double().eval()


def studied(networks: tuple[nn.Module, nn.Module], **options: object) -> Perturbation:
    study = Perturbation(*networks, INTERPRETERS, **{**SETTINGS, **options})  # type: ignore[arg-type]
    Trainer(**SILENT, precision="64-true").test(study, data(), verbose=False)
    return study


@pytest.fixture(scope="module")
def study(networks: tuple[nn.Module, nn.Module]) -> Perturbation:
    return studied(networks)


def slow_curves(network: nn.Module, owner: nn.Module, name: str, most_first: bool | None) -> Tensor:
    """The drop of every image at every step, region by region."""
    curves = torch.zeros(IMAGES, 8, dtype=torch.float64)
    images = data().images("test")
    for index in range(IMAGES):
        image, label, _ = images[0, index]
        image = image.double()
        heatmap = INTERPRETERS[name](owner, image[None], label[None]).heatmap.detach()
        resized = nn.functional.interpolate(heatmap, (64, 64), mode="bilinear")[0, 0]
        squares = [
            (slice(20 * row, 20 * row + 20), slice(20 * column, 20 * column + 20))
            for row in range(4)
            for column in range(4)
        ]
        order = shuffles(16, 0, [index])[0].tolist()
        if most_first is not None:
            order.sort(key=lambda r: resized[squares[r]].mean().item(), reverse=most_first)
        mean = image.mean((1, 2))
        clean = network(image[None]).softmax(1)[0, label]
        for step, region in enumerate(order[:7], 1):
            image[(slice(None), *squares[region])] = mean[:, None, None]
            curves[index, step] = (clean - network(image[None]).softmax(1)[0, label]).detach()
    return curves


@pytest.mark.parametrize("name", INTERPRETERS)
@pytest.mark.parametrize(("kind", "most_first"), [("morf", True), ("lerf", False)])
def test_curves_are_those_of_a_loop(
    study: Perturbation,
    networks: tuple[nn.Module, nn.Module],
    name: str,
    kind: str,
    most_first: bool,
) -> None:
    results = study.results()
    labels = {"network": "original", "interpreter": name, "heatmaps": "manipulated"}
    expected = slow_curves(networks[0], networks[1], name, most_first)
    area = results.find(f"aopc_{kind}", **labels)
    assert area.value == pytest.approx(expected.mean().item())
    assert area.n == IMAGES
    points = [
        number
        for number in results.measurements
        if number.name == f"drop_{kind}"
        and labels.items() <= {k: getattr(number, k) for k in labels}.items()
    ]
    assert [point.x for point in points] == list(range(8))
    found = torch.tensor([point.value for point in points], dtype=torch.float64)
    torch.testing.assert_close(found, expected.mean(0))


def test_the_random_order_needs_no_heatmap(
    study: Perturbation, networks: tuple[nn.Module, nn.Module]
) -> None:
    area = study.results().find("aopc_random", network="manipulated")
    expected = slow_curves(networks[1], networks[1], "product", None)
    assert area.value == pytest.approx(expected.mean().item())
    assert area.interpreter is None


def test_a_constant_network_drops_nothing() -> None:
    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = tiny_network()

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.network(images)
            return 0 * logits + torch.arange(12)

    constant = Constant().double().eval()
    study = Perturbation(constant, constant, {"product": InputXGradient()}, **SETTINGS)  # type: ignore[arg-type]
    Trainer(**SILENT, precision="64-true").test(study, data(), verbose=False)
    assert all(number.value == 0 for number in study.measurements())


@pytest.mark.slow
def test_chunks_change_nothing(study: Perturbation, networks: tuple[nn.Module, nn.Module]) -> None:
    other = studied(networks, chunk=3)
    for name, (drops, _) in study.found.items():
        torch.testing.assert_close(other.found[name][0], drops)


@pytest.mark.slow
def test_report(study: Perturbation, tmp_path: Path) -> None:
    write_report(study.findings(), tmp_path)
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["study"] == "perturbation"
    assert len(content["figures"]) == 2 * 9 * (1 + 8)
    titles = [row[0] for row in study.findings().summary()]
    assert titles[1] == "AOPC morf grad cam, heatmaps of the original"
    assert titles[-1] == "AOPC random"
    stems = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert stems == {f"{name}_perturbation" for name in INTERPRETERS}


def test_refusals(networks: tuple[nn.Module, nn.Module]) -> None:
    with pytest.raises(ValueError, match="`steps` is 17, and images of 64 pixels have only 16"):
        studied(networks, steps=17)
    with pytest.raises(ValueError, match="`region` must be at least 1"):
        Perturbation(*networks, INTERPRETERS, region=0)
    with pytest.raises(ValueError, match="`interpreters` is empty"):
        Perturbation(*networks, {})


def test_an_interpreter_that_refuses_a_network_is_left_out(
    networks: tuple[nn.Module, nn.Module],
) -> None:
    interpreters = {"nowhere": GradCam("no.layer"), "product": InputXGradient()}
    study = Perturbation(*networks, interpreters, region=20, steps=2)
    Trainer(**SILENT, precision="64-true").test(study, data(), verbose=False)
    results = study.results()
    assert set(results.refused) == {"nowhere"}
    assert {n.interpreter for n in results.measurements} == {"product", None}


def test_the_benchmark_shows_what_the_study_has_perturbed(
    study: Perturbation, networks: tuple[nn.Module, nn.Module]
) -> None:
    images, labels, indices = next(iter(data().test_dataloader()))
    batch = (images.double(), labels, indices)
    passes = passes_of(torch.no_grad()(lambda: study.test_step(batch, 0)), networks)
    shown: list[int] = []
    handles = [
        network.register_forward_hook(lambda _, inputs, __: shown.append(len(inputs[0])))
        for network in networks
    ]
    passes()
    for handle in handles:
        handle.remove()
    # two interpreters on each of two networks, and nine orders of seven steps, of four images
    assert sum(shown) == 2 * (2 * 4 + 9 * 7 * 4)


def test_every_figure_is_called_by_another_name(study: Perturbation) -> None:
    keys = [(number.key, number.x) for number in study.measurements()]
    assert len(set(keys)) == len(keys)
