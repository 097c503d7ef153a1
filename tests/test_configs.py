"""Every part of the configurations can be put where it belongs."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonargparse import ArgumentParser
from lightning.pytorch.cli import LightningCLI

import evaluate
from docs.results import command_of
from lightning_modules import AdversarialTraining, PassiveFooling

CONFIGS = Path(__file__).parents[1] / "configs"
LRP = f"--fooling.interpreter={CONFIGS}/interpreters/lrp.yaml"
# the folders, where their parts go, and how the names of their classes begin
PLACES = {
    "interpreters": ("fooling.interpreter", "interpreters."),
    "networks": ("fooling.network", "networks."),
    "losses": ("fooling.loss", "losses."),
    "composites": ("fooling.interpreter.init_args.composite", "interpreters.lrp."),
    "attacks": ("training.attack", "attacks."),
}
PARTS = [path for folder in PLACES for path in sorted((CONFIGS / folder).glob("*.yaml"))]
STUDIES = sorted(CONFIGS.rglob("evaluate*.yaml"))


def name_of(path: Path) -> str:
    return "-".join(path.with_suffix("").parts[-2:])


@pytest.fixture(scope="module")
def modules() -> ArgumentParser:
    """A parser of what two modules take, without the trainer and the data of a whole run."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(PassiveFooling, "fooling", sub_configs=True)
    parser.add_class_arguments(AdversarialTraining, "training", sub_configs=True)
    return parser


@pytest.mark.parametrize("path", PARTS, ids=name_of)
def test_parts(path: Path, modules: ArgumentParser) -> None:
    place, begins = PLACES[path.parent.name]
    network = CONFIGS / "networks" / "vgg16.yaml"
    found: Any = modules.parse_args(
        [
            *(f"--{module}.network={network}" for module in ("fooling", "training")),
            f"--training.attack={CONFIGS}/attacks/pgd.yaml",
            f"--fooling.loss={CONFIGS}/losses/location.yaml",
            LRP,
            f"--{place}={path}",
        ]
    )
    assert found[place].class_path.startswith(begins)


@pytest.fixture(scope="module")
def evaluation() -> ArgumentParser:
    """The parser of evaluate.py, which takes long to make."""
    made: list[ArgumentParser] = []

    def keep(_: LightningCLI, parser: ArgumentParser, __: Any) -> None:
        made.append(parser)
        sys.exit()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LightningCLI, "parse_arguments", keep)
        with pytest.raises(SystemExit):
            evaluate.main([])
    return made[0]


@pytest.mark.slow
@pytest.mark.parametrize("path", STUDIES, ids=name_of)
def test_studies(path: Path, evaluation: ArgumentParser) -> None:
    # as the command in the first lines has it, an overlay with what it lies over
    configs = [CONFIGS.parent / name for name in re.findall(r"--config (\S+)", command_of(path))]
    assert configs[-1] == path
    found: Any = evaluation.parse_args([f"--config={config}" for config in configs])
    assert found.model.class_path.startswith("evaluation.")
