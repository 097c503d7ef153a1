"""Null and nothing in configurations: the default where it is one, refused by name elsewhere."""

from typing import Any

import pytest
import yaml
from lightning import Trainer

from trompe.nulls import empty_sections, missing_values

DATA = "{class_path: datamodules.Shapes, init_args: {seed: null}}"


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (DATA.replace("seed", "test"), ["`x.init_args.test` is null, expected a value; leave it"]),
        (
            f"{{class_path: datamodules.Composites, init_args: {{data: {DATA}}}}}",
            ["`x.init_args.data.init_args.seed` is null"],
        ),
        ("{class_path: evaluation.Fooling, init_args: {trained_on: null}}", ["`x.init_args.train"]),
        (
            "{class_path: torch.optim.Adam, init_args: {lr: null, eps: null, fused: null}}",
            ["`x.init_args.lr` is null", "`x.init_args.eps` is null"],
        ),
        (
            "{class_path: losses.Location, init_args: {margin: null}}",
            ["`x.init_args.margin` is nu"],
        ),
        # by keyword, in a function, and what an imported type stands for
        ("{class_path: networks.cifar_resnet, init_args: {depth: null}}", ["`x.init_args.depth`"]),
        ("{class_path: lightning.pytorch.loggers.WandbLogger, init_args: {project: null}}", []),
        ("{class_path: torch.nn.Module}", ["`x` names no class of its own, only torch.nn.Module"]),
        ("{class_path: interpreters.Interpreter}", ["`x` names no class of its own"]),
        ("{first: {class_path: torch.nn.Module}}", ["`x.first` names no class of its own"]),
        ("{class_path: {class_path: torch.nn.Module}}", ["`x.class_path` names no class of its"]),
        # null is the default, or a value
        ("{class_path: evaluation.Fooling, init_args: {control: null}}", []),
        ("{class_path: interpreters.SimpleGradient, init_args: {layer: null}}", []),
        ("{class_path: networks.shapes_network, init_args: {weights: null}}", []),
        ("{class_path: interpreters.LRP, init_args: null}", []),
        ("null", []),
        ("3", []),
    ],
)
def test_missing_values(settings: str, wrong: list[str]) -> None:
    found = [*missing_values(yaml.safe_load(settings), "x")]
    assert len(found) == len(wrong)
    assert all(said.startswith(expected) for said, expected in zip(found, wrong, strict=True))


def test_options_of_the_trainer() -> None:
    settings = {"devices": None, "callbacks": None, "max_epochs": None}
    (said,) = missing_values(settings, "trainer", Trainer)
    assert said.startswith("`trainer.devices` is null")


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({"trainer": None}, ["`trainer` is null, expected its options"]),
        ({"trainer": [], "best": "x"}, ["`trainer` is []", "`best` is 'x'"]),
        ({"trainer": {}, "data": None}, []),
        (None, []),
    ],
)
def test_empty_sections(content: Any, wrong: list[str]) -> None:
    found = [*empty_sections(content, ("trainer", "best"))]
    assert [said[: len(part)] for said, part in zip(found, wrong, strict=True)] == wrong
