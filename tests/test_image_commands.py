"""`trompe explain`, `attack` and `list`: one picture and a few lines, without a configuration."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from networks import save_weights, timm_network
from trompe.__main__ import main
from trompe.listing import TOPICS
from trompe.parts import interpreter


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    save_weights(timm_network("test_resnet", num_classes=3), Path("mine.safetensors"))
    Path("classes.txt").write_text("cat\ndog\nbird\n")
    for name in ("a.png", "b.png"):
        Image.effect_noise((70, 64), 60).convert("RGB").save(name)
    network = ["--network", "test_resnet", "--weights", "mine.safetensors"]
    return ["a.png", "b.png", *network, "--classes", "classes.txt"]


def test_images_are_explained(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", *given, "--interpreter", "GradCam", "input_x_gradient", "--out", "found.png"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["a.png", "b.png", "picture"]
    assert any(name in lines[0] for name in ("cat", "dog", "bird"))
    with Image.open("found.png") as picture:
        assert picture.width > picture.height  # three columns, two rows


def test_a_class_is_chosen(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", *given, "--label", "2"])
    assert capsys.readouterr().out.count("bird, ") == 2
    assert Path("explained.png").exists()


def test_an_attack_is_shown(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["attack", given[0], *given[2:], "--steps", "2", "--out", "moved.pdf"])
    assert "rank correlation" in capsys.readouterr().out
    assert Path("moved.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--network", "resnet50"], "has no weights: give --weights FILE, or --pretrained"),
        (["--network", "resnet50", "--pretrained", "--out", "x.doc"], "`out` is x.doc"),
        (["--network", "resnet50", "--pretrained", "--out", "no/x.png"], "there is no folder"),
        (
            ["--network", "resnet50", "--pretrained", "--interpreter", "GradKam"],
            "there is no interpreter `GradKam` (did you mean `grad_cam`?)",
        ),
    ],
)
def test_what_cannot_work_is_said_first(options: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", "none.png", *options])
    assert message in str(ended.value.code)


@pytest.mark.parametrize("topic", TOPICS)
def test_lists(topic: str) -> None:
    header, *rows = TOPICS[topic]()
    assert len(rows) > 8
    assert {len(row) for row in rows} == {len(header)}
    assert all(row[0] and row[1] for row in rows)


def test_words_choose_lines(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "networks", "LITE0", "tf_"])
    shown = capsys.readouterr().out
    assert "tf_efficientnet_lite0" in shown
    assert "resnet50" not in shown


def test_interpreters_by_the_names_of_classes() -> None:
    assert interpreter("GradCam") == interpreter("grad_cam")
    assert interpreter("lrp_last") != interpreter("LRP")
