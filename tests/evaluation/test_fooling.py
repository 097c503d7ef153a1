"""The fooling study: its figures against a plain loop, and its pictures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from drawn import drawn
from helpers import SILENT, labels_of, shapes, tiny_network
from lightning import Trainer
from matplotlib.patches import Rectangle
from scipy.spatial.distance import cosine
from scipy.stats import entropy, pearsonr, spearmanr
from torch import nn
from torchmetrics.functional.classification import multiclass_calibration_error

from evaluation import Fooling
from evaluation.report import write_report
from interpreters import Captum, GradCam, SimpleGradient
from lightning_modules.data import take
from lightning_modules.preflight import NetworkError
from losses import Location, Swap, location
from metrics import mass_accuracy, pointing_game

KINDS = ("measure", "classes", "heatmaps", "best_and_worst")
INTERPRETERS = {"grad_cam": GradCam(), "gradient": SimpleGradient()}


@pytest.fixture(scope="module")
def networks() -> list[nn.Module]:
    torch.manual_seed(0)
    return [tiny_network().eval() for _ in range(3)]


@pytest.fixture(scope="module")
def study(networks: list[nn.Module]) -> Fooling:
    original, manipulated, control = networks
    study = Fooling(original, manipulated, INTERPRETERS, Location(success=(0.0, 0.34)), control)
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    return study


def test_figures_are_those_of_a_plain_loop(study: Fooling, networks: list[nn.Module]) -> None:
    results, data = study.results(), shapes().images("test")
    measures: list[float] = []
    hits: dict[str, list[bool]] = {"original": [], "manipulated": [], "control": []}
    for index in range(7):
        images, labels, _ = (field[None] for field in data[0, index])
        for name, network in zip(hits, networks, strict=True):
            logits, heatmap = SimpleGradient()(network, images, labels)
            hits[name].append(bool(logits.argmax() == labels))
            if name == "manipulated":
                measures.append(location(heatmap).item())
    labels_of = {"network": "manipulated", "interpreter": "gradient"}
    rate = results.find("fooling_success_rate", **labels_of)
    # float32 convolutions round differently in batches of another size
    assert results.find("test_loss", **labels_of).value == pytest.approx(
        sum(measures) / 7, abs=1e-6
    )
    assert rate.value == sum(measure <= 0.34 for measure in measures) / 7
    assert 0 < rate.value < 1
    for name, found in hits.items():
        assert results.find("accuracy_top1", network=name).value == pytest.approx(sum(found) / 7)
    drop = results.find("accuracy_top1_drop", against="control")
    expected = 100 * (sum(hits["control"]) - sum(hits["manipulated"])) / 7
    assert drop.value == pytest.approx(expected)
    assert drop.interval is not None
    assert drop.interval[0] < drop.value < drop.interval[1]


def test_figures_of_each_class_make_up_those_of_all(study: Fooling) -> None:
    numbers = study.measurements()
    by_class = [number for number in numbers if number.label is not None]
    kinds = {(n.name, n.network, n.interpreter) for n in by_class}
    # the heatmaps are large enough for all seven similarities
    assert len(kinds) == 3 + 3 * 2 + 2 * 2 * 7
    test = shapes().images("test")
    labels = take(test, [*range(len(test))])[1].tolist()
    for name, network, interpreter in kinds:
        points = [
            n
            for n in by_class
            if (n.name, n.network, n.interpreter) == (name, network, interpreter)
        ]
        classes = shapes().classes
        assert {n.label: n.n for n in points} == {classes[k]: labels.count(k) for k in set(labels)}
        assert all(n.label == classes[int(n.x)] for n in points if n.x is not None)
        whole = next(
            n
            for n in numbers
            if (n.name, n.network, n.interpreter)
            == (name.removesuffix("_by_class"), network, interpreter)
        )
        assert {n.better for n in points} == {whole.better}
        mean = sum(n.value * n.n for n in points) / sum(n.n for n in points)
        assert mean == pytest.approx(whole.value)


def test_a_network_against_itself_is_not_manipulated(networks: list[nn.Module]) -> None:
    study = Fooling(networks[0], networks[0], INTERPRETERS, Location())
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    results = study.results()
    assert results.find("accuracy_top5_drop").value == 0
    for name in INTERPRETERS:
        same = [
            results.find("test_loss", network=n, interpreter=name).value
            for n in ("original", "manipulated")
        ]
        assert same[0] == same[1]


def test_one_explained_pass_for_each_network_and_interpreter(networks: list[nn.Module]) -> None:
    study = Fooling(networks[0], networks[1], INTERPRETERS, Location())
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    passes: list[int] = []
    handles = [n.register_forward_hook(lambda *_: passes.append(1)) for n in networks[:2]]
    with torch.no_grad():
        study.test_step(next(iter(shapes().test_dataloader())), 0)
    for handle in handles:
        handle.remove()
    assert len(passes) == 4


@pytest.mark.slow
def test_report(study: Fooling, tmp_path: Path) -> None:
    findings = study.findings({"model": {"loss": "<b>"}})
    results, page = findings.results, write_report(findings, tmp_path)
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["schema"] == 1
    assert content["study"] == "fooling"
    assert content["settings"] == {"model": {"loss": "<b>"}}
    assert set(content["fingerprints"]) == {"data", "original", "manipulated", "control"}
    plain = [number for number in results.measurements if number.label is None]
    assert len(plain) == 6 + 4 + 7 + 12 + 2 * 2 * 7 + 3 * 2 * 2
    assert len(content["figures"]) == len(results.measurements) > len(plain)
    assert len((tmp_path / "results.csv").read_text().splitlines()) == 1 + len(results.measurements)
    html = page.read_text()
    assert f"{len(plain)} measurements with their intervals" in html
    assert "The measurements of each class are in" in html
    assert "&lt;b&gt;" in html
    assert {path.stem for path in (tmp_path / "figures").glob("*.png")} == {
        "rates",
        *(f"{name}_{kind}" for name in INTERPRETERS for kind in KINDS),
    }


@pytest.mark.slow
def test_several_manipulated_networks(networks: list[nn.Module]) -> None:
    original, first, second = networks
    named = {"top_k": first, "location": second}
    trained = {"location": ["gradient"]}
    loss = Location(success=(0.0, 0.34))
    study = Fooling(original, named, INTERPRETERS, loss, trained_on=trained)
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    findings = study.findings()
    results, pictures = findings.results, drawn(findings)
    for name, network in named.items():
        alone = Fooling(original, network, INTERPRETERS, Location(success=(0.0, 0.34)))
        Trainer(**SILENT).test(alone, shapes(), verbose=False)
        for number in alone.measurements():
            if number.network == "manipulated":
                labels = {key: getattr(number, key) for key in ("interpreter", "against", "label")}
                found = results.find(number.name, network=name, **labels)
                assert found == replace(number, network=name)
    (table,) = pictures["rates"].axes
    rates = [
        results.find("fooling_success_rate", network=network, interpreter=name).value
        for network in named
        for name in INTERPRETERS
    ]
    assert [text.get_text() for text in table.texts] == [f"{100 * rate:.1f} %" for rate in rates]
    # the second network was trained on the second interpreter
    (frame,) = table.patches
    assert isinstance(frame, Rectangle)
    assert frame.get_xy() == pytest.approx((1 - 0.47, 1 - 0.45))
    unknown, known = study.findings().sentences()
    assert "never trained on" not in unknown
    assert "grad cam, never trained on, lies on" in known
    assert "gradient lies on" in known
    assert {name for name in pictures if name.endswith("_heatmaps")} == {
        f"{network}_{name}_heatmaps" for network in named for name in INTERPRETERS
    }


@pytest.mark.slow
def test_one_network_has_a_table_too(networks: list[nn.Module]) -> None:
    captum = {**INTERPRETERS, "captum": Captum("Saliency")}
    study = Fooling(networks[0], networks[1], captum, Location(), trained_on=["grad_cam"])
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    results = study.results()
    assert results.find("rank_correlation", interpreter="captum").n == 7
    (table,) = drawn(study.findings())["rates"].axes
    assert [label.get_text() for label in table.get_xticklabels()] == [
        *("grad cam", "gradient", "captum")
    ]
    (frame,) = table.patches
    assert isinstance(frame, Rectangle)
    assert frame.get_xy() == pytest.approx((0 - 0.47, 0 - 0.45))
    assert "captum, never trained on, lies on" in study.findings().sentences()[0]


def test_manipulated_networks_have_names_of_their_own(networks: list[nn.Module]) -> None:
    with pytest.raises(ValueError, match="`manipulated` is empty; give at least one network"):
        Fooling(networks[0], {}, INTERPRETERS, Location())
    with pytest.raises(ValueError, match="two networks are called original; rename one"):
        Fooling(networks[0], {"original": networks[1]}, INTERPRETERS, Location())


def test_roles_may_be_named(study: Fooling, networks: list[nn.Module]) -> None:
    named = dict(zip(("v1.0", "keys", "a/b"), networks, strict=True))
    loss = Location(success=(0.0, 0.34))
    roles = Fooling("v1.0", ["keys"], INTERPRETERS, loss, control="a/b", networks=named)
    Trainer(**SILENT).test(roles, shapes(), verbose=False)
    names = {"v1.0": "original", "keys": "manipulated", "a/b": "control"}
    assert [
        replace(
            found,
            network=names[found.network],
            against=found.against and names[found.against],
        )
        for found in roles.measurements()
    ] == study.measurements()


@pytest.mark.parametrize(
    ("original", "manipulated", "error"),
    [
        (
            "v1",
            "keys",
            r"names v1, which `networks` does not have .did you mean `v1\.0`",
        ),
        ("a" * 10**4, "keys", r"names a{80}\.\.\., which"),
        ("v1.0", ["v1.0", "keys"], r"two networks are called v1\.0"),
        ("keys", "keys", "two networks are called keys"),
    ],
)
def test_roles_that_no_network_has(
    original: str, manipulated: str | list[str], error: str, networks: list[nn.Module]
) -> None:
    named = {"v1.0": networks[0], "keys": networks[1]}
    with pytest.raises(ValueError, match=error):
        Fooling(original, manipulated, INTERPRETERS, Location(), networks=named)
    with pytest.raises(ValueError, match=r"`networks` has keys, which no role names"):
        Fooling("v1.0", networks[2], INTERPRETERS, Location(), networks=named)


def test_pictures_show_best_median_worst_and_some_at_random(
    study: Fooling, networks: list[nn.Module]
) -> None:
    pictures = drawn(study.findings())
    titles = [
        title
        for name in ("gradient_best_and_worst", "gradient_heatmaps")
        for title in labels_of(pictures[name])[1]
    ]
    images, labels, _ = take(shapes().images("test"), [*range(7)])
    values = location(SimpleGradient()(networks[1], images, labels).heatmap).tolist()
    order = sorted(values)
    shown = [float(title.split("= ")[1].split("\n")[0]) for title in titles]
    # titles show three decimals
    assert shown[:9] == pytest.approx([*order[:3], *order[-3:], *order[3:6]], abs=6e-4)
    assert {round(value, 3) for value in shown[9:]} < {round(value, 3) for value in values}
    kinds = [title.split(",")[0] for title in titles]
    assert kinds == [kind for kind in ("best", "worst", "median", "random") for _ in range(3)]


def test_outputs_and_similarities_are_those_of_a_plain_loop(
    study: Fooling, networks: list[nn.Module]
) -> None:
    results, data = study.results(), shapes().images("test")
    batch = [data[0, index] for index in range(7)]
    images, labels = torch.stack([b.images for b in batch]), torch.stack([b.labels for b in batch])
    before, after = (SimpleGradient()(n, images, labels) for n in networks[:2])
    first, second = (each.heatmap.detach().flatten(1).numpy() for each in (before, after))
    labels_of = {"network": "manipulated", "interpreter": "gradient"}
    expected = {
        "rank_correlation": [spearmanr(a, b).statistic for a, b in zip(first, second, strict=True)],
        "correlation": [pearsonr(a, b).statistic for a, b in zip(first, second, strict=True)],
        "cosine": [1 - cosine(a, b) for a, b in zip(first, second, strict=True)],
    }
    for name, values in expected.items():
        # float32 heatmaps of another batch round differently, which moves equal ranks
        assert results.find(name, **labels_of).value == pytest.approx(sum(values) / 7, abs=1e-4)
    p, q = (each.logits.detach().double().softmax(1).numpy() for each in (before, after))
    divergence = results.find("kl_divergence", network="manipulated")
    assert divergence.value == pytest.approx(entropy(p, q, axis=1).mean(), rel=1e-4)
    same = (p.argmax(1) == q.argmax(1)).mean()
    assert results.find("agreement", network="manipulated").value == pytest.approx(same)
    error = multiclass_calibration_error(after.logits.detach(), labels, 12, n_bins=15)
    found = results.find("calibration_error", network="manipulated")
    assert found.value == pytest.approx(error.item(), abs=1e-6)
    assert found.interval is None


def test_localization_is_that_of_a_plain_loop(study: Fooling, networks: list[nn.Module]) -> None:
    data = shapes()
    images, labels, indices = take(data.images("test"), [*range(7)])
    masks = data.masks(indices, "test")
    for name, network in zip(("original", "manipulated", "control"), networks, strict=True):
        for interpreter, explain in INTERPRETERS.items():
            heatmap = explain(network, images, labels).heatmap.detach()
            mass = mass_accuracy(heatmap, masks).mean().item()
            labels_of = {"network": name, "interpreter": interpreter}
            found = study.results().find("relevance_mass_accuracy", **labels_of)
            assert found.value == pytest.approx(mass, abs=1e-5)
            found = study.results().find("pointing_game", **labels_of)
            assert found.value == pytest.approx(pointing_game(heatmap, masks).double().mean())


def test_an_interpreter_that_refuses_a_network_is_left_out(networks: list[nn.Module]) -> None:
    interpreters = {"nowhere": GradCam("no.layer"), **INTERPRETERS}
    study = Fooling(networks[0], networks[1], interpreters, Location())
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    results = study.results()
    assert set(results.refused) == {"nowhere"}
    assert "no.layer" in results.refused["nowhere"]
    assert {n.interpreter for n in results.measurements} == {None, *INTERPRETERS}
    alone = Fooling(networks[0], networks[1], {"nowhere": GradCam("no.layer")}, Location())
    with pytest.raises(ValueError, match="no interpreter can explain these networks: nowhere"):
        Trainer(**SILENT).test(alone, shapes(), verbose=False)


def test_a_refusal_says_which_network_refused(networks: list[nn.Module]) -> None:
    # its layers have other names
    named = {"first": networks[1], "second": nn.Sequential(networks[2])}
    interpreters = {"by_name": GradCam("3"), **INTERPRETERS}
    study = Fooling(networks[0], named, interpreters, Location())
    Trainer(**SILENT).test(study, shapes(), verbose=False)
    assert study.refused.keys() == {"by_name"}
    assert study.refused["by_name"].startswith("on the network second: no layer `3`")


def test_a_loss_that_cannot_judge_is_refused_before_the_study(networks: list[nn.Module]) -> None:
    study = Fooling(networks[0], networks[1], INTERPRETERS, Swap())
    study.trainer = Trainer(**SILENT)
    study.trainer.datamodule = shapes()  # type: ignore[attr-defined]  # as Lightning sets it
    with pytest.raises(ValueError, match="Swap needs the heatmaps of two classes"):
        study.setup("test")


def test_networks_must_suit_the_data(networks: list[nn.Module]) -> None:
    study = Fooling(networks[0], tiny_network(3), INTERPRETERS, Location())
    with pytest.raises(NetworkError, match="12 classes and the network 3"):
        Trainer(**SILENT).test(study, shapes(), verbose=False)


def test_networks_must_know_the_same_classes() -> None:
    study = Fooling(tiny_network(), tiny_network(classes=13), INTERPRETERS, Location())
    with pytest.raises(
        NetworkError, match="the data has 12 classes and the network 13; set `num_classes`"
    ):
        Trainer(**SILENT).test(study, shapes(), verbose=False)


def test_interpreters_must_be_named(networks: list[nn.Module]) -> None:
    with pytest.raises(ValueError, match="`interpreters` is empty"):
        Fooling(networks[0], networks[1], {}, Location())
