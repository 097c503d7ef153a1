"""Every configuration says what it is for, and every part fits where it belongs."""

import re
from pathlib import Path

import pytest

import evaluate
import train
from docs.configs_index import CONFIGS, PAGE, SECTIONS, evaluates, first_line, index
from docs.results import command_of

ROOT = Path(__file__).parents[1]
FOOL = ["fit", "--config", str(ROOT / "configs/experiments/shapes/fool.yaml"), "--print_config"]


def parts(folder: str) -> list[str]:
    return sorted(str(path) for path in (ROOT / "configs" / folder).glob("*.yaml"))


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        train.main([*FOOL, *arguments])
    assert stop.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("path", parts("interpreters"), ids=lambda path: Path(path).stem)
def test_interpreters(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "interpreters." in check(capsys, "--model.init_args.interpreter", path)


@pytest.mark.parametrize("path", parts("networks"), ids=lambda path: Path(path).stem)
def test_networks(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "networks." in check(capsys, "--model.init_args.network", path)


@pytest.mark.parametrize("path", parts("losses"), ids=lambda path: Path(path).stem)
def test_losses(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "losses." in check(capsys, "--model.init_args.loss", path)


@pytest.mark.parametrize("path", parts("composites"), ids=lambda path: Path(path).stem)
def test_composites(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    lrp = str(ROOT / "configs/interpreters/lrp.yaml")
    composite = ("--model.init_args.interpreter.init_args.composite", path)
    assert "interpreters.lrp." in check(capsys, "--model.init_args.interpreter", lrp, *composite)


@pytest.mark.parametrize("path", parts("attacks"), ids=lambda path: Path(path).stem)
def test_attacks(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    defended = str(ROOT / "configs/experiments/shapes/adversarial_training.yaml")
    with pytest.raises(SystemExit, match="0"):
        train.main(
            ["fit", "--config", defended, "--model.init_args.attack", path, "--print_config"]
        )
    assert "attacks." in capsys.readouterr().out


def named(path: Path) -> str:
    return "-".join(path.parts[-2:])


EXPERIMENTS = sorted((CONFIGS / "experiments").rglob("*.yaml"))
STUDIES = [path for path in EXPERIMENTS if evaluates(path)]
TRAININGS = [path for path in EXPERIMENTS if not evaluates(path)]
TIME = re.compile(r"\b\d[\d,.]* (seconds?|minutes?|hours?)\b|\bnot timed here\b")


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


@pytest.mark.parametrize("path", EXPERIMENTS, ids=named)
def test_experiments_say_how_long_they_take(path: Path) -> None:
    assert TIME.search(first_line(path)), first_line(path)


@pytest.mark.parametrize("path", TRAININGS, ids=named)
def test_trainings(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = command_of(path)
    configs = re.findall(r"--config (\S+)", command)
    assert ROOT / configs[-1] == path
    arguments = [part for config in configs for part in ("--config", str(ROOT / config))]
    with pytest.raises(SystemExit, match="0"):
        train.main(["fit", *arguments, "--print_config"])
    assert "class_path: lightning_modules." in capsys.readouterr().out


@pytest.mark.parametrize("path", STUDIES, ids=named)
def test_studies(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # by the command in its comments: an overlay together with the files below it
    configs = re.findall(r"--config (\S+)", command_of(path))
    assert ROOT / configs[-1] == path
    arguments = [part for config in configs for part in ("--config", str(ROOT / config))]
    with pytest.raises(SystemExit, match="0"):
        evaluate.main([*arguments, "--print_config"])
    assert "class_path: evaluation." in capsys.readouterr().out
