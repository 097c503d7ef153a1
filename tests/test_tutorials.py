"""The configurations that the tutorials of docs/ tell their readers to write."""

import json
import re
from pathlib import Path

import pytest
import torch
from helpers import QUIET

from networks import save_weights, torchvision_network
from trompe.__main__ import main

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```yaml\n(run: .*?)```", re.DOTALL)
pytestmark = pytest.mark.usefixtures("kept_parsers", "few_pictures")


def configurations(page: str) -> list[str]:
    return BLOCK.findall((ROOT / "docs" / page).read_text())


def test_fool_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training, study = configurations("fool.md")
    for name, content, task in (("mine", training, "fit"), ("study", study, "evaluate")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(content)
        with pytest.raises(SystemExit, match="0"):
            main([task, "--config", str(path), "--print_config"])
        assert "run: runs/mine" in capsys.readouterr().out


@pytest.mark.slow
def test_is_my_networks_heatmap_robust(image_folder: Path, tmp_path: Path) -> None:
    (content,) = configurations("robust.md")
    torch.manual_seed(0)
    save_weights(torchvision_network("squeezenet1_1", num_classes=3), tmp_path / "mine.pth")
    for old, new in (
        ("name: resnet50, num_classes: 10", "name: squeezenet1_1, num_classes: 3"),
        ("mine.pth", str(tmp_path / "mine.pth")),
        ("root: IMAGES", f"root: {image_folder}, size: 32, workers: 0"),
        ("steps: 30", "steps: 1"),
    ):
        assert old in content
        content = content.replace(old, new)
    (tmp_path / "robust.yaml").write_text(content)
    config = ["--config", str(tmp_path / "robust.yaml"), "--run", str(tmp_path)]
    main(["evaluate", *config, "--limit_images", "3", *QUIET])
    found = json.loads((tmp_path / "report" / "results.json").read_text())
    assert found["study"] == "fragility"
    names = {each["name"] for each in found["figures"]}
    # the measures that the page explains
    assert {"top_k_intersection", "rank_correlation", "center_distance"} < names
    assert {"label_unchanged", "image_similarity"} < names
