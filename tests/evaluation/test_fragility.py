"""The fragility study against a plain loop, and what must hold of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import SILENT, heatmaps_of, labels_of, shapes, tiny_network
from lightning import Trainer
from round_trip import assert_survives
from scipy.stats import spearmanr
from torch import Tensor, nn

from attacks import (
    LossAttack,
    MassCenterAttack,
    ObjectMask,
    RandomSign,
    TargetedAttack,
    TopKAttack,
    center_of,
)
from attacks.balls import Generators
from evaluation import Fragility
from evaluation.fragility.findings import FragilityFindings
from evaluation.fragility.movement import MEASURES
from evaluation.fragility.pictures import AttackedImages, Heatmaps, attacked_images
from evaluation.report import write_report
from interpreters import Captum, Explanation, InputXGradient, Interpreter, SimpleGradient
from lightning_modules.data import take
from seeds import generator

INTERPRETERS: dict[str, Interpreter] = {
    "gradient": SimpleGradient(),
    "product": InputXGradient(),
}
TEST = take(shapes().images("test"), [*range(7)])
ABSENT = min({*range(12)} - {*TEST[1].tolist()})
ATTACKS = {
    "random": RandomSign(),
    "top_k": TopKAttack(k=40, steps=3, step_size=0.01),
    "center": MassCenterAttack(steps=3, step_size=0.01),
}


def network(favourite: int = 4) -> nn.Module:
    """One to which all images are of one class."""
    torch.manual_seed(0)
    made = tiny_network().double().eval()
    with torch.no_grad():
        made.get_parameter("network.7.bias")[favourite] += 5
    return made


def studied(**options: Any) -> Fragility:
    given: dict[str, Any] = {
        "networks": {"original": network()},
        "interpreters": INTERPRETERS,
        "attacks": ATTACKS,
        "epsilons": (0, 4),
        "k": 40,
        **options,
    }
    study = Fragility(**given)
    Trainer(**SILENT, precision="64-true").test(study, shapes(), verbose=False)
    return study


@pytest.fixture(scope="module")
def study() -> Fragility:
    return studied()


@pytest.fixture(scope="module")
def findings(study: Fragility) -> FragilityFindings:
    return study.findings()


def test_an_attack_may_bring_its_own_interpreter() -> None:
    """Then heatmaps without a gradient are compared too, on the images that it finds."""
    borrowed = TopKAttack(interpreter=SimpleGradient(), k=40, steps=3, step_size=0.01)
    saliency = {"captum": Captum("Saliency"), "gradient": SimpleGradient()}
    study = studied(interpreters=saliency, attacks={"borrowed": borrowed})
    assert not study.refused
    found = {
        name: [m.value for m in study.measurements() if m.interpreter == name] for name in saliency
    }
    # captum's saliency is the same gradient
    assert found["captum"] == pytest.approx(found["gradient"])
    with pytest.raises(ValueError, match="none of the interpreters can be attacked: captum"):
        studied(interpreters={"captum": saliency["captum"]})


def test_figures_are_those_of_a_plain_loop(study: Fragility, findings: FragilityFindings) -> None:
    net, images, labels = network(), TEST[0].double(), TEST[1]
    right = net(images).argmax(1) == labels
    assert 0 < right.sum() < len(labels)
    assert study.measurements()[0].value == right.double().mean()
    for name, interpreter in INTERPRETERS.items():
        for attack in ATTACKS:
            made = study.sized(attack, 4, TEST[2]).against(interpreter)
            kept, correlations, shifts, changes = [], [], [], []
            for row in right.nonzero()[:, 0].tolist():
                image, label = images[row : row + 1], labels[row : row + 1]
                attacked = made(net, image, label, [generator(0, row)])
                first, second = (
                    interpreter(net, each, label).heatmap.detach() for each in (image, attacked)
                )
                highest = [
                    # of equal positions the first ones
                    set(sorted(range(4096), key=(-m.abs().flatten()).tolist().__getitem__)[:40])
                    for m in (first, second)
                ]
                kept.append(len(highest[0] & highest[1]) / 40)
                pair = (first.abs().flatten(), second.abs().flatten())
                correlations.append(spearmanr(*pair).statistic)
                shifts.append(((center_of(first) - center_of(second)) / 64).norm().item())
                changes.append(255 * (attacked - image).abs().max().item())
            for measure, values in (
                ("top_k_intersection", kept),
                ("rank_correlation", correlations),
                ("center_distance_share", shifts),
                ("largest_change", changes),
            ):
                point = findings.curve(measure, "original", name, attack)[1]
                assert point.n == right.sum()
                assert point.value == pytest.approx(sum(values) / len(values))


def test_nothing_moves_by_attacks_of_no_size(findings: FragilityFindings) -> None:
    still = (1, 1, 0, 0, 1, 0, 1, 0, 0)
    for name in INTERPRETERS:
        for attack in ATTACKS:
            for measure, value in zip(MEASURES, still, strict=True):
                point = findings.curve(measure, "original", name, attack)[0]
                assert point.x == 0
                assert point.value == pytest.approx(value)


def test_labels_stay_and_changes_are_small(findings: FragilityFindings) -> None:
    for name in INTERPRETERS:
        for attack in ATTACKS:
            point = findings.curve("label_unchanged", "original", name, attack)[1]
            assert point.value == 1
            point = findings.curve("largest_change", "original", name, attack)[1]
            assert 0 < point.value <= 4 + 1e-9


@pytest.mark.slow
def test_report(tmp_path: Path) -> None:
    networks = {"original": network(), "defended": network(5)}
    study = studied(networks=networks, interpreters={"gradient": SimpleGradient()})
    findings = study.findings()
    page = write_report(findings, tmp_path)
    assert "Gradient on the network defended: rank correlation" in page.read_text()
    assert [row[:3] for row in findings.summary()[1:]] == [
        [net, "gradient", attack.replace("_", " ")] for net in networks for attack in ATTACKS
    ]
    assert {path.stem for path in (tmp_path / "figures").glob("*.png")} == {
        f"{net}_gradient_{kind}" for net in networks for kind in ("curves", "images")
    }


@pytest.mark.slow
def test_findings_survive(tmp_path: Path) -> None:
    networks = {"v1.0": network(), "a/b": network(5)}
    attacks = {"image": RandomSign(), "keys": RandomSign()}
    study = studied(networks=networks, interpreters={"layer4.1": SimpleGradient()}, attacks=attacks)
    assert_survives(study.findings(), tmp_path)


def test_pictures_show_the_images_that_were_measured(
    study: Fragility, findings: FragilityFindings
) -> None:
    net, order = network(), torch.randperm(7, generator=torch.Generator().manual_seed(0))
    right = [i for i in order.tolist() if net(TEST[0][[i]].double()).argmax(1) == TEST[1][i]][:3]
    images, labels = TEST[0][right].double(), TEST[1][right]
    for name, interpreter in INTERPRETERS.items():
        shown = findings.examples["original"][name]
        torch.testing.assert_close(shown.before.images, images)
        for attack in ATTACKS:
            made = study.sized(attack, 4, torch.tensor(right)).against(interpreter)
            attacked = made(net, images, labels, [generator(0, index) for index in right])
            # pixels are kept in single precision
            expected = attacked.float().double()
            torch.testing.assert_close(shown.after[attack].images, expected)


def test_nothing_is_attacked_more_than_once() -> None:
    attacked: list[int] = []

    @dataclass(frozen=True, kw_only=True)
    class Counted(RandomSign):
        """Counts what it attacks."""

        def __call__(
            self, network: nn.Module, images: Tensor, labels: Tensor, generators: Generators = None
        ) -> Tensor:
            attacked.append(len(images))
            return super().__call__(network, images, labels, generators)

    study = studied(attacks={"counted": Counted()}, epsilons=(2, 4))
    right = study.measurements()[0].value * len(TEST[1])
    # two sizes, and of one image one of no size before the study begins
    assert sum(attacked) == pytest.approx(len(INTERPRETERS) * (2 * right + 1))


def test_importances_of_an_image_have_one_scale() -> None:
    images, before, after = (torch.randn(2, n, 8, 8, dtype=torch.float64) for n in (3, 1, 1))
    made = {"smaller": Heatmaps(images, before / 1000), "a": Heatmaps(images, after)}
    figure = attacked_images(AttackedImages(("a", "b"), Heatmaps(images, before), made))
    for line, maps in enumerate(zip(before, before, after, strict=True)):
        sizes = [each.abs() / each.abs().mean() for each in maps]
        highest = torch.stack(sizes).max().item()
        for column, expected in enumerate(sizes):
            shown = heatmaps_of(figure)[3 * line + column]
            torch.testing.assert_close(shown.get_clim(), (0.0, highest))
            torch.testing.assert_close(torch.as_tensor(shown.get_array()), expected[0])
    rows, titles, _ = labels_of(figure)
    assert rows[1] == f"b\n0 to {highest:.2g}"
    assert [*map(titles.index, ("smaller", "a"))] == [2, 5]


def test_the_objects_of_the_data_as_regions() -> None:
    attacks = {
        name: TargetedAttack(region=ObjectMask(inside), steps=4, step_size=0.01)
        for name, inside in (("onto", True), ("away", False))
    }
    study = studied(attacks=attacks, interpreters={"product": InputXGradient()})
    net, indices = network(), TEST[2]
    right = net(TEST[0].double()).argmax(1) == TEST[1]
    images, labels, indices = TEST[0][right].double(), TEST[1][right], indices[right]
    masks = shapes().masks(indices, "test").double()
    shares = {}
    for name in attacks:
        made = study.sized(name, 4, indices).against(InputXGradient())
        attacked = made(net, images, labels)
        heatmap = InputXGradient()(net, attacked, labels).heatmap.abs()
        shares[name] = ((heatmap * masks).sum((1, 2, 3)) / heatmap.sum((1, 2, 3))).mean()
    assert shares["onto"] > shares["away"]


def test_data_that_do_not_know_their_objects() -> None:
    attack = TargetedAttack(region=ObjectMask(), steps=1)
    study = Fragility({"original": network()}, INTERPRETERS, {"onto": attack}, k=40)
    data = shapes()
    unknowing = type("Unknowing", (), {n: getattr(data, n) for n in ("images", "classes")})()
    trainer = Trainer(**SILENT)
    trainer.datamodule = unknowing  # type: ignore[attr-defined]
    study.trainer = trainer
    with pytest.raises(ValueError, match="Unknowing has no object masks"):
        study.sized("onto", 4, TEST[2])


def test_an_attack_that_fails_is_found_before_the_study_begins() -> None:
    """Whatever the first image, which would not be attacked at all, is taken for."""

    def refused(heatmap: Tensor, reference: Tensor) -> Tensor:
        raise ValueError("no such picture")

    favourite = next(int(label) for label in TEST[1] if label != TEST[1][0])
    with pytest.raises(ValueError, match=r"picture cannot attack gradient .*: no such picture"):
        studied(
            networks={"original": network(favourite)},
            attacks={"picture": LossAttack(loss=refused, steps=1)},
        )


def test_images_are_explained_once_before_all_attacks() -> None:
    explained: list[int] = []

    @dataclass(frozen=True)
    class Counted(SimpleGradient):
        """Counts what it explains."""

        def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
            explained.append(len(images))
            return super().__call__(network, images, labels)

    def passes(attacks: int) -> int:
        explained.clear()
        names = [f"random_{number}" for number in range(attacks)]
        given = dict.fromkeys(names, RandomSign())
        study = studied(interpreters={"g": Counted()}, attacks=given, epsilons=(4,))
        # the pictures explain each attacked image too
        right = int(study.measurements()[0].value * len(TEST[1]))
        return sum(explained) - attacks * min(right, 3)

    (one, two), right = (passes(1), passes(2)), TEST[1].eq(4).sum()
    # an attack costs the heatmaps of what it made, and no more
    assert two - one == right


def test_an_interpreter_without_a_gradient_is_left_out() -> None:
    study = studied(interpreters={"captum": Captum("Saliency"), "gradient": SimpleGradient()})
    assert "no gradient in the image" in study.refused["captum"]
    assert {measured.interpreter for measured in study.measurements()} == {"gradient", None}
    with pytest.raises(ValueError, match="none of the interpreters can be attacked: captum"):
        studied(interpreters={"captum": Captum("Saliency")})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": {"original": network(ABSENT)}}, "classifies none of the 7 test images"),
        ({"networks": {}}, "`networks` is empty"),
        ({"attacks": {}}, "`attacks` is empty"),
        ({"epsilons": ()}, "`epsilons` is empty"),
        ({"epsilons": (2, 1)}, r"`epsilons` must rise, from 0 or above, got \[2, 1\]"),
        ({"epsilons": (-1, 1)}, "must rise, from 0 or above"),
        (
            {"attacks": {"top_k": TopKAttack(k=5000)}},
            "top_k cannot attack gradient on the network original: `k` is 5000",
        ),
        ({"k": 5000}, "`k` is 5000, and the heatmaps of gradient on the network original have"),
        ({"k": 2.7}, "`k` must be a number of"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        studied(**options)
