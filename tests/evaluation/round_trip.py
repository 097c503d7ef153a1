"""Findings that are saved and loaded again."""

import json
from pathlib import Path

from evaluation.findings import Findings
from evaluation.report.drawing import draw, lay_out, rendered
from evaluation.report.style import Style
from evaluation.saving import TENSORS, TEXT, load_findings, save_findings


def assert_survives(findings: Findings, folder: Path) -> None:
    """Numbers, text and tensors are the same after loading, and every picture has equal pixels."""
    first, second = folder / "first", folder / "second"
    first.mkdir()
    second.mkdir()
    save_findings(findings, first)
    loaded = load_findings(first)
    assert type(loaded) is type(findings)
    assert [*loaded.results.measurements] == [*findings.results.measurements]
    save_findings(loaded, second)
    assert (first / TENSORS).read_bytes() == (second / TENSORS).read_bytes()
    contents = [json.loads((saved / TEXT).read_text()) for saved in (first, second)]
    assert contents[0] == contents[1]
    drawn = draw(loaded, second, Style())
    assert len({picture.file for picture in drawn}) == len(drawn)
    with Style().applied():
        for before, after in zip(findings.pictures(), drawn, strict=True):
            lay_out(before.figure)
            assert rendered(before.figure, "png") == after.png
