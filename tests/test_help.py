"""Help fits on a few screens, and names the classes of trompe that fit."""

import re

import pytest

from trompe.evaluate import main as evaluate
from trompe.help import FIRST
from trompe.train import main as train


def help_of(capsys: pytest.CaptureFixture[str], command: object, *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        command([*arguments])  # type: ignore[operator]
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_the_help_of_a_training(capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(capsys, train, "fit", "--help")
    assert len(shown.splitlines()) < 120
    assert max(map(len, shown.splitlines())) <= 100
    assert "lightning_modules.PassiveFooling" in shown
    assert "datamodules.ImageFolder" in shown
    assert "evaluation.Fooling" not in shown
    # every option is there, those that are seldom set by their name alone
    assert "--trainer.gradient_clip_val" in shown
    assert "--trainer.max_epochs" in shown


def test_the_help_of_studies(capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(capsys, evaluate, "--help")
    assert len(shown.splitlines()) < 120
    for name in ("evaluation.Fooling", "evaluation.Attribution", "--overwrite", "--limit_images"):
        assert name in shown
    assert "PassiveFooling" not in shown


def test_what_is_set_first_exists(capsys: pytest.CaptureFixture[str]) -> None:
    texts = [text for section in FIRST.values() for text in section.values()]
    shown = help_of(capsys, train, "fit", "--help") + help_of(capsys, evaluate, "--help")
    joined = " ".join(shown.split())
    assert [text for text in texts if text not in joined] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--model.help", "lightning_modules.PassiveFooling"], "networks.timm_network"),
        (["--model.help", "PassiveFooling", "--model.interpreter.help", "GradCam"], "layer"),
        (["--data.help", "datamodules.ImageFolder"], "classes"),
    ],
)
def test_the_help_of_a_class(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    shown = help_of(capsys, train, "fit", *arguments)
    assert len(shown.splitlines()) < 120
    assert expected in shown
    # no class of a library stands where one of ours is meant
    assert not re.search(r"torch\.nn\.|timm\.|torchvision\.models|captum", shown)
