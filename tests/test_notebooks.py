"""The notebooks: stripped of outputs, and their cells run one after another."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib import use

from docs.notebooks import as_markdown

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# tiny numbers in place of the notebooks' own
SMALL = {"STEPS": 2, "BATCH": 2, "IMAGES": 3, "TRAIN": 12, "TEST": 12}
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str = "code") -> list[dict[str, Any]]:
    content = json.loads(path.read_text())
    assert content["nbformat"] == 4
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


def small(source: str) -> str:
    """The source with small numbers in its settings, such as `STEPS, BATCH = 60, 32`."""

    def replaced(found: re.Match[str]) -> str:
        names, numbers = (found[number].split(", ") for number in (1, 2))
        pairs = zip(names, numbers, strict=True)
        return f"{found[1]} = {', '.join(str(SMALL.get(n, v)) for n, v in pairs)}"

    return re.sub(r"^([A-Z]+(?:, [A-Z]+)*) = (.*)$", replaced, source, flags=re.MULTILINE)


def test_all_are_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["attack", "evaluate", "explain", "fool"]


@by_name
def test_outputs_are_stripped(path: Path) -> None:
    assert cells(path, "markdown")
    for cell in cells(path):
        assert not cell["outputs"]
        assert cell["execution_count"] is None


@pytest.mark.slow
@by_name
def test_cells_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use("agg")
    monkeypatch.chdir(ROOT)
    level = logging.getLogger("lightning.pytorch").level
    try:
        names: dict[str, Any] = {"__name__": path.stem}
        for cell in cells(path):
            exec(compile(small("".join(cell["source"])), str(path), "exec"), names)  # noqa: S102
    finally:
        logging.getLogger("lightning.pytorch").setLevel(level)
    figures = len(plt.get_fignums())
    plt.close("all")
    assert figures >= (0 if path.stem == "evaluate" else 2)


def test_a_page_has_outputs_and_pictures_without_warnings(tmp_path: Path) -> None:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["1\n", "2\n"]},
        {"output_type": "stream", "name": "stderr", "text": ["a warning"]},
        {"output_type": "display_data", "data": {"image/png": "YWJj", "text/plain": "Figure"}},
        {"output_type": "execute_result", "data": {"text/plain": ["3"]}},
    ]
    made = [
        {"cell_type": "markdown", "source": ["# Title\n", "text"]},
        {"cell_type": "code", "source": ["x = 1\n", "x"], "outputs": outputs},
        {"cell_type": "code", "source": ["y"], "outputs": []},
    ]
    (tmp_path / "small.ipynb").write_text(json.dumps({"cells": made}))
    page, pictures = as_markdown(tmp_path / "small.ipynb")
    assert pictures == {"small_0.png": b"abc"}
    assert page == (
        "# Title\ntext\n\n```python\nx = 1\nx\n```\n\n```text\n1\n2\n3\n```\n\n"
        "![Output of the cell above](small_0.png)\n\n```python\ny\n```\n"
    )


def test_settings_are_made_small() -> None:
    assert small("STEPS, BATCH, WEIGHT = 60, 32, 4.0\nx = 3") == (
        "STEPS, BATCH, WEIGHT = 2, 2, 4.0\nx = 3"
    )
