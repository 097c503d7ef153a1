"""Findings that are saved and loaded again."""

import io
import json
from pathlib import Path
from unittest.mock import patch

from matplotlib.figure import Figure

from evaluation.findings import Findings
from evaluation.report.drawing import draw
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
    with (
        patch("evaluation.report.drawing.lay_out"),
        patch("evaluation.report.drawing.rendered", pixels),
    ):
        drawn = draw(loaded, second, Style())
    assert len({picture.file for picture in drawn}) == len(drawn)
    with Style().applied():
        for before, after in zip(findings.pictures(), drawn, strict=True):
            assert pixels(before.figure) == after.png


def pixels(figure: Figure, form: str = "png") -> bytes:
    """The pixels of a figure that is not laid out, which takes as long as all the rest."""
    if form == "pdf":
        return b""
    figure.set_layout_engine(None)
    file = io.BytesIO()
    figure.savefig(file, format="raw")
    return file.getvalue()
