"""Earlier files are kept, wherever the disk is full and whenever a process is killed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from runpy import run_module
from typing import Any, ClassVar

import pytest
import torch
from injected import ended, full_disk, killed_at_random
from matplotlib.figure import Figure

from evaluation.compare import main as compare_main
from evaluation.findings import Findings, Picture
from evaluation.measurements import Measurement
from evaluation.redraw import main as redraw_main
from evaluation.redraw import redraw
from evaluation.report import write_report
from evaluation.report.style import Style
from evaluation.results import Results
from files import sole_writer
from lightning_modules.checkpoint_files import NEEDED, CheckpointFiles


@dataclass(frozen=True)
class Counted(Findings):
    """A number and its picture."""

    study: ClassVar[str] = "counted"
    number: int

    def sentences(self) -> list[str]:
        return [f"It is {self.number}."]

    def summary(self) -> list[list[str]]:
        return [["", "number"], ["it", str(self.number)]]

    def pictures(self) -> Iterator[Picture]:
        figure = Figure((0.3, 0.2))
        figure.text(0, 0, str(self.number))
        yield Picture(("number",), figure)


def counted(number: int) -> Counted:
    measured = Measurement("number", number, None, "", "it", number)
    return Counted(Results("counted", [measured]), number)


def content(folder: Path) -> dict[str, bytes]:
    """The files of a report that is whole."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    return {name: each for name, each in found.items() if not name.startswith("new/")}


FILES = 9


def test_a_disk_that_is_full_at_any_file_keeps_the_earlier_report(tmp_path: Path) -> None:
    report = tmp_path / "report"
    write_report(counted(1), report)
    before = content(report)
    assert len(before) == FILES
    for after in range(FILES):
        with full_disk(after), pytest.raises(OSError, match=r"No space left on device: '/") as full:
            write_report(counted(2), report)
        assert content(report) == before
    # all was measured, and the page could not be written
    assert full.value.__notes__[0].startswith("The measurements are safe")
    with full_disk(0), pytest.raises(OSError, match="No space left"):
        redraw(tmp_path, Style(), [])
    assert content(report) == before
    redraw(tmp_path, Style(), [], tmp_path / "elsewhere")
    redraw(tmp_path, Style(), [])
    assert not (report / "new").exists()
    write_report(counted(2), tmp_path / "right")
    right = content(tmp_path / "right")
    assert content(report) == content(tmp_path / "elsewhere") == right != before
    assert right.keys() == before.keys()


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_commands_on_reports_end_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(counted(1), tmp_path / "report")
    before, out = content(tmp_path / "report"), str(tmp_path / "out")
    commands = [
        (lambda: redraw_main([str(tmp_path)]), 200, "File too large: "),
        (lambda: compare_main([str(tmp_path), "--output", out]), 5, "File too large: "),
        (lambda: compare_main([out]), None, f"{out} has no results to compare"),
        # python -m evaluation.compare
        (lambda: run_module("evaluation.compare", None, "__main__", True), None, "nowhere has no"),
    ]
    monkeypatch.setattr("sys.argv", ["compare", "nowhere"])
    for command, largest, said in commands:
        code, words = ended(command, largest)
        (line,) = [line for line in words.splitlines() if line.startswith("error: ")]
        assert (code, words.splitlines()[-1]) == (1, line)
        assert line.startswith(f"error: {said}")
        assert "Traceback" not in words
        assert content(tmp_path / "report") == before


def test_what_was_measured_first_is_kept_where_it_cannot_be_drawn(tmp_path: Path) -> None:
    with full_disk(4), pytest.raises(OSError, match="No space left"):
        write_report(counted(1), tmp_path / "report")
    assert len(content(tmp_path / "report")) == 4
    redraw(tmp_path, Style(), [])
    assert len(content(tmp_path / "report")) == FILES


def test_a_redrawn_report_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    write_report(counted(1), tmp_path / "report")
    before = content(tmp_path / "report")
    for after in range(FILES - 4):
        with full_disk(after), pytest.raises(OSError, match="No space left"):
            redraw(tmp_path, replace(Style(), size=2.0), [])
        assert content(tmp_path / "report") == before
    redraw(tmp_path, replace(Style(), size=2.0), [])
    assert content(tmp_path / "report") != before


def test_other_files_in_a_folder_of_reports_stay(tmp_path: Path) -> None:
    write_report(counted(1), tmp_path / "report")
    for folder in (tmp_path / "report", tmp_path / "paper"):
        folder.mkdir(exist_ok=True)
        (folder / "notes.md").write_text("mine")
    write_report(counted(2), tmp_path / "report")
    redraw(tmp_path, Style(), [], tmp_path / "paper")
    assert (tmp_path / "report" / "notes.md").read_text() == "mine"
    assert (tmp_path / "paper" / "notes.md").read_text() == "mine"


def test_a_checkpoint_is_whole_whenever_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    step: dict[str, Any] = {key: {} for key in NEEDED} | {"weights": torch.ones(200_000)}
    CheckpointFiles().save_checkpoint(step, path)

    def save() -> None:
        step["weights"] = step["weights"] + 1
        CheckpointFiles().save_checkpoint(step, path)

    for _ in range(10):
        killed_at_random(save, 0.05)
        found = CheckpointFiles().load_checkpoint(path)["weights"]
        assert (found == found[0]).all()
    assert found[0] > 1
    CheckpointFiles().save_checkpoint(step, path)
    # what a killed process leaves is gone
    assert [each.name for each in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_full_disk_is_told_with_the_run(tmp_path: Path) -> None:
    """TensorBoard does not say to which file it wrote."""
    with (
        pytest.raises(OSError, match=f"No space left on device: '{tmp_path}'"),
        sole_writer(tmp_path, "fit"),
    ):
        raise OSError(28, "No space left on device")
