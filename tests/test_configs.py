"""Every configuration says what it is for, and every part fits where it belongs."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonargparse import ArgumentParser

import evaluate
import train
from docs.configs_index import CONFIGS, PAGE, SECTIONS, evaluates, first_line, index
from docs.results import command_of
from lightning_modules import AdversarialTraining, PassiveFooling
from trompe.command_line import CommandLine

pytestmark = pytest.mark.usefixtures("kept_parsers")
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
EXPERIMENTS = sorted((CONFIGS / "experiments").rglob("*.yaml"))
STUDIES = [path for path in EXPERIMENTS if evaluates(path)]
# the other trainings run in test_command_line.py
TRAININGS = [
    path
    for path in EXPERIMENTS
    if not evaluates(path) and path.name.startswith(("densenet121_", "resnet50_"))
]
TIME = re.compile(r"\b\d[\d,.]* (seconds?|minutes?|hours?)\b|\bnot timed here\b")


def name_of(path: Path) -> str:
    return "-".join(path.with_suffix("").parts[-2:])


@pytest.fixture(scope="module")
def modules() -> ArgumentParser:
    """A parser of what two modules take, without the trainer and the data of a whole run."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(PassiveFooling, "fooling", sub_configs=True)
    parser.add_class_arguments(AdversarialTraining, "training", sub_configs=True)
    return parser


def parsed(parser: ArgumentParser, arguments: list[str]) -> Any:
    """Settings of a command, checked, without the defaults, which take most of the time."""
    return parser.parse_args(arguments, defaults=False)


@pytest.mark.parametrize("path", PARTS, ids=name_of)
def test_parts(path: Path, modules: ArgumentParser) -> None:
    place, begins = PLACES[path.parent.name]
    network = CONFIGS / "networks" / "vgg16.yaml"
    arguments = [
        *(f"--{module}.network={network}" for module in ("fooling", "training")),
        f"--training.attack={CONFIGS}/attacks/pgd.yaml",
        f"--fooling.loss={CONFIGS}/losses/location.yaml",
        LRP,
        f"--{place}={path}",
    ]
    found = parsed(modules, arguments)
    assert found[place].class_path.startswith(begins)


def test_the_index_is_that_of_the_first_lines() -> None:
    assert PAGE.read_text() == index(), "run `python -m docs.configs_index`"


def test_every_file_is_in_the_index() -> None:
    folders = {path.parent.relative_to(CONFIGS).as_posix() for path in CONFIGS.rglob("*.yaml")}
    assert folders == set(SECTIONS)


def test_a_first_line_says_what_a_file_is_for(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    for text in ("run: runs/mine\n", "# python train.py fit --config mine.yaml\n", ""):
        path.write_text(text)
        with pytest.raises(ValueError, match="must be a comment"):
            first_line(path)
    path.write_text("# Mine.\nrun: runs/mine\n")
    assert first_line(path) == "Mine."


@pytest.mark.parametrize("path", EXPERIMENTS, ids=name_of)
def test_experiments_say_how_long_they_take(path: Path) -> None:
    assert TIME.search(first_line(path)), first_line(path)


def parser_of(main: Callable[[list[str]], None]) -> ArgumentParser:
    """The parser of a command, which takes long to make."""
    made: list[ArgumentParser] = []

    def keep(_: CommandLine, parser: ArgumentParser, __: Any) -> None:
        made.append(parser)
        sys.exit()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CommandLine, "parse_arguments", keep)
        with pytest.raises(SystemExit):
            main([])
    return made[0]


@pytest.fixture(scope="module")
def training() -> ArgumentParser:
    return parser_of(train.main)


@pytest.fixture(scope="module")
def evaluation() -> ArgumentParser:
    return parser_of(evaluate.main)


def configurations(path: Path) -> list[str]:
    """Those of the command in its first lines: an overlay together with the files below it."""
    names = re.findall(r"--config (\S+)", command_of(path))
    assert CONFIGS.parent / names[-1] == path
    # the trainer's folder is linked to that of the run
    return [*(f"--config={CONFIGS.parent / name}" for name in names), "--run=runs/latest"]


@pytest.mark.slow
@pytest.mark.parametrize("path", TRAININGS, ids=name_of)
def test_trainings(path: Path, training: ArgumentParser) -> None:
    found = parsed(training, ["fit", *configurations(path)])
    assert found.fit.model.class_path.startswith("lightning_modules.")


@pytest.mark.slow
@pytest.mark.parametrize("path", STUDIES, ids=name_of)
def test_studies(path: Path, evaluation: ArgumentParser) -> None:
    found = parsed(evaluation, configurations(path))
    assert found.model.class_path.startswith("evaluation.")
