"""docs/own_parts.md: parts in files of the user's own, from a folder outside the project."""

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import torch
import yaml
from helpers import QUIET

from networks import load_weights
from trompe.__main__ import main

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```(?:python|yaml)\n# (\w+\.(?:py|yaml))\n(.*?)```", re.DOTALL)
pytestmark = pytest.mark.usefixtures("kept_parsers", "few_pictures")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files of the page, in the working folder, from which nothing was imported yet."""
    files = dict(BLOCK.findall((ROOT / "docs/own_parts.md").read_text()))
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert sorted(files) == [
        "mine.yaml",
        "my_data.py",
        "my_interpreter.py",
        "my_loss.py",
        "my_network.py",
    ]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each not in ("", ".")])
    yield tmp_path
    for name in files:
        sys.modules.pop(name.removesuffix(".py"), None)


def test_a_network_is_trained_with_all_of_them(folder: Path) -> None:
    main(["fit", "--config", "mine.yaml", *QUIET])
    settings = yaml.safe_load((folder / "runs/mine/config.yaml").read_text())["model"]["init_args"]
    assert settings["loss"]["class_path"] == "my_loss.MyLoss"
    names = ("my_interpreter", "my_loss", "my_network")
    my_interpreter, my_loss, my_network = map(import_module, names)
    trained = my_network.my_network().eval()
    load_weights(trained, folder / "runs/mine/weights.safetensors")
    images = torch.rand(2, 3, 16, 16)
    heatmap = my_interpreter.MyInterpreter()(
        trained, images, torch.tensor([[0, 1], [1, 0]])
    ).heatmap
    # the definition, written plainly
    images.requires_grad_()
    (gradient,) = torch.autograd.grad(trained(images)[:, 1].sum(), images)
    torch.testing.assert_close(heatmap[0, 1], gradient[0].square().sum(0))
    torch.testing.assert_close(heatmap[1, 0], gradient[1].square().sum(0))
    bright = torch.zeros(1, 1, 4, 4)
    bright[:, :, 0] = 1
    torch.testing.assert_close(my_loss.MyLoss()(bright, bright), torch.tensor([0.5]))


def test_parts_lie_beside_the_configuration(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(elsewhere := tmp_path_factory.mktemp("elsewhere"))
    main(["fit", "--config", str(folder / "mine.yaml"), "--trainer.fast_dev_run", "true", *QUIET])
    assert sys.modules["my_loss"].__file__ == str(folder / "my_loss.py")
    assert [*elsewhere.rglob("*.py")] == []


def test_a_misspelt_part_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fit", "--config", "mine.yaml", "--model.init_args.loss", "my_loss.MyLos"])
    assert "my_loss" in capsys.readouterr().err
