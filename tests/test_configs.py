"""Every part of the configurations can be put where it belongs."""

import re
from pathlib import Path

import pytest

import evaluate
import train
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


STUDIES = sorted((ROOT / "configs").rglob("evaluate*.yaml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: "-".join(path.parts[-2:]))
def test_studies(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # as the command in the first lines has it, an overlay with what it lies over
    configs = re.findall(r"--config (\S+)", command_of(path))
    assert ROOT / configs[-1] == path
    arguments = [part for config in configs for part in ("--config", str(ROOT / config))]
    with pytest.raises(SystemExit, match="0"):
        evaluate.main([*arguments, "--print_config"])
    assert "class_path: evaluation." in capsys.readouterr().out
