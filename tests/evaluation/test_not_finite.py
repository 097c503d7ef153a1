"""Heatmaps that are not finite count in no figure of any study, and are counted themselves."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from broken_studies import (
    BRIGHT,
    STUDIES,
    Broken,
    BrokenNormalize,
    Make,
    active,
    bright,
    curvature,
    fooling,
    fragility,
    perturbation,
)
from helpers import SILENT
from lightning import Trainer
from torch.utils.data import Dataset

import evaluation
from datamodules import Composites, Shapes
from datamodules.base import Split
from datamodules.outlines import OUTLINES
from evaluation import Curvature, Study, Transfer
from evaluation.measurements import Measurement, select
from evaluation.report import write_report
from lightning_modules.data import Images, take
from lightning_modules.preflight import NetworkError

FIRST, SECOND = [*OUTLINES][1:3]
ALL = -1.0
# they do not depend on heatmaps
OF_IMAGES = {"seconds", "passes", "accuracy_top1", "label_unchanged", "confidence_change"}
OF_IMAGES |= {"image_similarity", "largest_change", "change_length", "not_finite"}
every_study = pytest.mark.parametrize("make", STUDIES, ids=lambda make: make.__name__)


def evaluated(make: Make, limit: float = BRIGHT, without: bool = False, **options: Any) -> Study:
    """A study after its test; `without` those images whose heatmaps are not finite."""
    study = make({"broken": Broken(limit=limit, **options)}, limit)
    step, start = study.test_step, study.on_test_start

    def on_test_start() -> None:
        start()
        for module in study.modules():
            if isinstance(module, BrokenNormalize):
                module.on = True

    def test_step(batch: Any, *rest: int) -> None:
        kept = ~bright(batch[0])
        if kept.any():
            step(tuple(each[kept] for each in batch), *rest)

    study.on_test_start = on_test_start  # type: ignore[method-assign]
    if without:
        study.test_step = test_step  # type: ignore[method-assign]
    data = Shapes(train=24, validation=24, test=24, batch_size=7)
    pairs = Composites(data, (FIRST, SECOND), train=4, test=4, batch_size=3)
    trainer = Trainer(**SILENT, precision="64-true")
    trainer.test(study, pairs if make is active else data, verbose=False)
    return study


def figures(study: Study) -> dict[Any, Measurement]:
    """Those that depend on heatmaps, by name, labels and position."""
    return {
        (each.key, each.x, each.label): each
        for each in study.results().measurements
        if each.name not in OF_IMAGES and (each.interpreter or isinstance(study, Curvature))
    }


@cache
def without_the_broken(make: Make) -> dict[Any, Measurement]:
    """The figures of a study of the images whose heatmaps are finite."""
    return figures(evaluated(make, without=True))


def share_of_bright(study: Study) -> float:
    images = take(study.explained(), [*range(len(study.explained()))])[0]
    return float(bright(images).float().mean())


def test_no_study_of_heatmaps_is_left_out() -> None:
    public = {each for each in vars(evaluation).values() if isinstance(each, type)}
    studies = {each for each in public if issubclass(each, Study)} - {Study, Transfer}
    assert studies == {type(make({"broken": Broken()}, BRIGHT)) for make in STUDIES}


@every_study
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.slow
def test_figures_are_those_of_the_other_images(make: Make, value: float) -> None:
    study = evaluated(make, value=value)
    found, expected = figures(study), without_the_broken(make)
    assert found.keys() == expected.keys()
    for key, each in found.items():
        if each.interpreter == "whole":
            continue
        assert each.n == expected[key].n, key
        assert each.value == pytest.approx(expected[key].value, rel=1e-6, abs=1e-9), key
        assert each.interval == pytest.approx(expected[key].interval, rel=1e-6, abs=1e-6), key
    # one of two images is attacked
    share = 0.5 if make is fragility else share_of_bright(study)
    counted = select(study.results().measurements, name="not_finite")
    assert {each.network for each in counted} == set(study.networks)
    assert 0 < share < 1
    for each in counted:
        assert each.value == pytest.approx(share * each.n)
        assert each.interpreter == (None if make is curvature else "broken")


@every_study
@pytest.mark.slow
@pytest.mark.usefixtures("without_pdf")
def test_a_report_without_any_finite_heatmap_says_so_first(make: Make, tmp_path: Path) -> None:
    findings = evaluated(make, limit=ALL).findings()
    first, count = findings.opening()[0], findings.results.find("not_finite").n
    assert first.startswith(f"{count} of {count} {findings.explanations} of ")
    assert first.endswith("were not finite and count in no figure.")
    assert first in write_report(findings, tmp_path).read_text()


def test_finite_heatmaps_are_not_counted() -> None:
    study = evaluated(fooling, limit=1.0)
    assert not select(study.results().measurements, name="not_finite")
    assert study.findings().opening() == study.findings().sentences()


class Spoilt(Dataset[Any]):
    """Images of which the last is NaN."""

    def __init__(self, images: Images) -> None:
        self.inner = images

    def __len__(self) -> int:
        return len(self.inner)

    def __getitem__(self, key: Any) -> Any:
        image, label, index = self.inner[key]
        return image * (torch.nan if index == len(self) - 1 else 1), label, index


class SpoiltShapes(Shapes):
    """Data whose last test image is NaN."""

    def images(self, split: Split) -> Any:
        images = super().images(split)
        return Spoilt(images) if split == "test" else images


def test_an_image_that_is_not_finite_is_refused() -> None:
    data = SpoiltShapes(train=24, validation=24, test=24, batch_size=7)
    study = perturbation({"broken": Broken()}, BRIGHT)
    with pytest.raises(ValueError, match="got NaN in 1 of 6; leave them out"):
        Trainer(**SILENT).test(study, data, verbose=False)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_network_that_is_not_finite_is_refused(value: float) -> None:
    study = fooling({"broken": Broken()}, BRIGHT)
    with torch.no_grad():
        study.network.get_parameter("network.3.weight")[0, 0] = value
    with pytest.raises(NetworkError, match="returns NaN or infinity for images of noise"):
        Trainer(**SILENT).test(study, Shapes(train=24, validation=24, test=24), verbose=False)
