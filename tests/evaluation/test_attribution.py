"""The attribution study against a loop over images, what it costs, and what is refused."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import SILENT, tiny_network
from lightning import Trainer
from test_partial import Stop
from torch import Tensor, nn

from attacks.transfer import MIG, SSA
from datamodules import Shapes
from evaluation import Attribution, Infidelity, MaxSensitivity
from evaluation.fills import MeanFill
from evaluation.measurements import Measurement
from evaluation.report import write_report
from evaluation.resume import PartialResults
from interpreters import (
    AttEXplore,
    Captum,
    Explanation,
    Explored,
    GradCam,
    InputXGradient,
    Interpreter,
)
from metrics.insertion_deletion import area, insertion_deletion, replaced
from metrics.pixel_orders import standard, variant_f, variant_u

IMAGES, STEPS = 7, 6
SMALL: dict[str, Any] = {"epsilon": 0.06, "step_size": 0.02, "steps": 2}
INTERPRETERS: dict[str, Interpreter] = {
    "grad_cam": GradCam(),
    "product": InputXGradient(),
    "ssa": AttEXplore(SSA(samples=2, **SMALL)),
    "mig": AttEXplore(MIG(points=3, **SMALL), target="prediction"),
    "captum": Captum("Saliency", options={"abs": False}),
}
ORDERS = {"standard": standard, "u": variant_u, "f": variant_f}


class Flat(Interpreter):
    """A heatmap that says nothing."""

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        return Explanation(network(images), torch.ones_like(images[:, :1]))


def data() -> Shapes:
    return Shapes(train=24, validation=24, test=IMAGES, batch_size=4)


@pytest.fixture(scope="module")
def networks() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return tiny_network().double().eval(), tiny_network().double().eval()


def studied(network: nn.Module, **options: Any) -> Attribution:
    study = Attribution(network, **{"interpreters": INTERPRETERS, "steps": STEPS, **options})
    Trainer(**SILENT, precision="64-true").test(study, data(), verbose=False)
    return study


@pytest.fixture(scope="module")
def study(networks: tuple[nn.Module, nn.Module]) -> Attribution:
    first, second = networks
    return studied(first, scorers={"other": second}, orders=ORDERS, fill=MeanFill(), chunk=5)


# only those that tell channels apart have every order
PAIRS = [(name, order) for name in ("ssa", "mig", "captum") for order in ORDERS]
PAIRS += [(name, "standard") for name in ("grad_cam", "product")]


@cache
def areas_of(
    networks: tuple[nn.Module, nn.Module], name: str, order: str, net: nn.Module
) -> Tensor:
    """Every area of every image, (IMAGES, areas), one image at a time."""
    interpreter, values, step = INTERPRETERS[name], [], -(-64 * 64 // STEPS)
    for index in range(IMAGES):
        image, label, _ = data().images("test")[0, index]
        images, labels = image.double()[None], label[None]
        wanted = interpreter.explained(networks[0](images), labels)[:, 0]
        found = interpreter.attribution(networks[0], images, wanted)
        insertion, deletion = insertion_deletion(
            net,
            replaced(images, MeanFill()(images, [index])),
            ORDERS[order](found, step),
            STEPS,
            net(images).argmax(1),
            1,
        )
        drop = (deletion[:, :1] - deletion).mean(1)
        inside, outside = area(insertion), area(deletion)
        values.append(torch.cat([inside, outside, inside - outside, drop]))
    return torch.stack(values)


@pytest.mark.slow
@pytest.mark.parametrize("scorer", ["explained", "other"])
@pytest.mark.parametrize(("name", "order"), PAIRS)
def test_areas_and_gains_are_those_of_single_images(
    study: Attribution, networks: tuple[nn.Module, nn.Module], name: str, order: str, scorer: str
) -> None:
    net, results = networks[0 if scorer == "explained" else 1], study.results()
    values = areas_of(networks, name, order, net)
    first = "grad_cam" if order == "standard" else "ssa"
    gains = values - areas_of(networks, first, order, net)
    labels_of = {"network": scorer, "interpreter": name, "part": order}
    for column, kind in enumerate(("insertion", "deletion", "difference", "aopc")):
        actual = results.find(kind, **labels_of)
        assert actual.value == pytest.approx(values[:, column].mean().item())
        assert actual.n == IMAGES
        if name == first:
            with pytest.raises(LookupError):
                results.find(f"{kind}_gain", **labels_of)
            continue
        gain = results.find(f"{kind}_gain", **labels_of, against=first)
        half = 1.959964 * gains[:, column].std().item() / IMAGES**0.5
        mean = gains[:, column].mean().item()
        assert gain.value == pytest.approx(mean)
        assert gain.interval == pytest.approx((mean - half, mean + half), rel=1e-6)


def test_what_an_explanation_costs(study: Attribution) -> None:
    passes = {
        number.interpreter: number.value
        for number in study.measurements()
        if number.name == "passes"
    }
    assert passes == {"grad_cam": 1, "product": 1, "captum": 1, "ssa": 2 * 2, "mig": 2 * 3}


def test_a_heatmap_that_says_nothing_is_flagged(networks: tuple[nn.Module, nn.Module]) -> None:
    study = studied(networks[0], interpreters={"flat": Flat(), "product": InputXGradient()})
    results = study.results()
    assert results.find("constant_attributions", interpreter="flat").value == 1
    assert results.find("constant_attributions", interpreter="product").value == 0
    said = " ".join(study.findings().sentences())
    assert "Flat is constant on 100.0 % of the images" in said
    assert "Product is" not in said


@pytest.mark.slow
def test_a_stopped_study_has_the_same_figures(
    networks: tuple[nn.Module, nn.Module], tmp_path: Path
) -> None:
    def figures(study: Attribution) -> list[Measurement]:
        return [number for number in study.measurements() if number.name != "seconds"]

    whole = studied(networks[0])
    stopped = Attribution(networks[0], INTERPRETERS, steps=STEPS)
    partial = PartialResults(tmp_path, {}, resume=False, seconds=0.0)
    trainer = Trainer(**SILENT, precision="64-true", callbacks=[partial, Stop(1)])
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        trainer.test(stopped, data(), verbose=False)
    again = Attribution(networks[0], INTERPRETERS, steps=STEPS)
    partial = PartialResults(tmp_path, {}, resume=True, seconds=0.0)
    trainer = Trainer(**SILENT, precision="64-true", callbacks=[partial])
    trainer.test(again, data(), verbose=False)
    assert figures(again) == figures(whole)


@pytest.mark.slow
@pytest.mark.usefixtures("without_pdf")
def test_report(study: Attribution, tmp_path: Path) -> None:
    results, findings = study.results(), study.findings()
    write_report(findings, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text())["study"] == "attribution"
    header, *rows = findings.summary()
    assert header[:3] == ["", "order, mean", "scored on"]
    assert header[3:] == [
        *("insertion", "deletion", "difference", "aopc", "insertion over grad cam or ssa"),
        *("pointing game", "seconds", "passes"),
    ]
    assert len(rows) == 2 * len(PAIRS)
    for order in ORDERS:
        cells = [row[3] for row in rows if row[1:3] == [order, "explained"]]
        insertions = [float(cell.split(" ± ")[0]) for cell in cells]
        assert insertions == sorted(insertions, reverse=True)
    gains = {row[0]: row[7] for row in rows if row[1:3] == ["u", "explained"]}
    assert gains["ssa"] == ""
    assert float(gains["mig"].split(" ± ")[0]) == pytest.approx(
        results.find("insertion_gain", interpreter="mig", part="u", network="explained").value,
        abs=5e-4,  # three decimals
    )
    assert {gain[:1] for gain in gains.values()} <= {"", "+", "-"}
    best = results.find("insertion", interpreter=rows[0][0], part="standard", network="explained")
    assert best.interval is not None
    assert rows[0][3] == f"{best.value:.3f} ± {best.interval[1] - best.value:.3f}"
    assert set(results.refused) == {
        f"{name} in the order {order}" for name in ("grad_cam", "product") for order in "uf"
    }
    stems = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    scored = [f"{net}_{order}" for net in ("explained", "other") for order in ORDERS]
    drawn = {f"{each}_{kind}" for each in scored for kind in ("areas", "curves")}
    assert stems == {"heatmaps", *drawn}


def test_every_figure_is_called_by_another_name(study: Attribution) -> None:
    keys = [(number.key, number.x) for number in study.measurements()]
    assert len(set(keys)) == len(keys)


def test_only_the_explained_network_has_to_be_explained(
    networks: tuple[nn.Module, nn.Module],
) -> None:
    class Closed(nn.Module):
        """A network that has no layer of this name."""

        def __init__(self) -> None:
            super().__init__()
            self.inside = networks[1]

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.inside(images)
            return logits

    study = studied(networks[0], interpreters={"cam": GradCam("3")}, scorers={"other": Closed()})
    assert not study.refused
    study.results().find("insertion", network="other", interpreter="cam")


def test_what_is_not_finite_counts_in_no_figure(networks: tuple[nn.Module, nn.Module]) -> None:
    class Broken(Interpreter):
        """A heatmap that is no number somewhere."""

        def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
            return Explanation(network(images), (images[:, :1] - 0.5).sqrt())

    class Endless(Explored):
        """An attribution that has no bound; a heatmap's would be no number once it is resized."""

        def explore(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
            """Infinite somewhere."""
            return torch.where(images == images.amax((1, 2, 3), True), torch.inf, images)

    broken: dict[str, Interpreter] = {"broken": Broken(), "endless": Endless()}
    measures = {"infidelity": Infidelity(), "sensitivity": MaxSensitivity(samples=1)}
    study = studied(networks[0], interpreters=broken, measures=measures)
    for name in broken:
        labels = {"interpreter": name}
        count = study.results().find("not_finite", **labels)
        assert count.value == count.n == IMAGES
        for figure in ("constant_attributions", "infidelity", "sensitivity", "insertion"):
            found = study.results().find(figure, **labels)
            assert found.n == 0
            assert math.isnan(found.value)


def test_no_interpreter_has_the_only_order(networks: tuple[nn.Module, nn.Module]) -> None:
    with pytest.raises(ValueError, match="no interpreter has an order: the order ranks three"):
        studied(networks[0], interpreters={"cam": GradCam()}, orders={"u": variant_u})


def test_refusals(networks: tuple[nn.Module, nn.Module]) -> None:
    for name in ("steps", "chunk"):
        with pytest.raises(ValueError, match=f"`{name}` must be at least 1, got 0"):
            Attribution(networks[0], INTERPRETERS, **{name: 0})  # type: ignore[arg-type]  # by name
    with pytest.raises(ValueError, match="two networks are called explained; rename one"):
        Attribution(networks[0], INTERPRETERS, scorers={"explained": networks[1]})
    with pytest.raises(ValueError, match="`interpreters` is empty"):
        Attribution(networks[0], {})
