"""Write a report: first what was measured, then tables, pictures and the page."""

import base64
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, PackageLoader
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from evaluation.findings import Findings
from evaluation.report.drawing import Drawn, draw
from evaluation.report.folder import begin, put_in_place
from evaluation.report.style import Style
from evaluation.report.tensorboard import log
from evaluation.saving import save_findings
from evaluation.tables import to_csv, to_latex
from files import replace
from lightning_modules.names import humanize

PAGES = Environment(loader=PackageLoader("evaluation.report", "templates"), autoescape=True)
PAGES.filters["humanize"] = humanize


def write_report(
    findings: Findings, folder: Path, loggers: Iterable[Logger] = (), style: Style | None = None
) -> Path:
    """Write the report of a study to a folder; return its page.

    The files are results.json and .csv (every measurement), findings.json and .safetensors (from
    which the report can be drawn again), summary.csv and .tex, figures/*.png and *.pdf, and
    index.html. What was measured is written before anything is drawn, and an earlier report is kept
    until the new one is whole.

    Args:
        findings: of the study.
        folder: of the report.
        loggers: those of TensorBoard get the measurements and the pictures too.
        style: of the pictures; the project's own if not given.
    """
    new = begin(folder)
    findings.results.write(new)
    save_findings(findings, new)
    if not (folder / "results.json").exists():
        put_in_place(new, folder)
        new.mkdir()
    try:
        drawn = draw_report(findings, new, style or Style())
    except Exception as error:
        error.add_note(
            f"The measurements are safe in {folder}; `python -m evaluation.redraw {folder.parent}` "
            "draws the report from them."
        )
        raise
    put_in_place(new, folder)
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            log(findings.results, drawn, logger)
    return folder / "index.html"


def draw_report(findings: Findings, folder: Path, style: Style) -> list[Drawn]:
    """Write tables, pictures and the page of a report; return the pictures."""
    summary = findings.summary()
    replace(folder / "summary.csv", to_csv(summary))
    replace(folder / "summary.tex", to_latex(summary))
    shutil.rmtree(folder / "figures", ignore_errors=True)
    (folder / "figures").mkdir()
    drawn = draw(findings, folder / "figures", style)
    page = PAGES.get_template("report.html").render(
        results=findings.results,
        sentences=findings.opening(),
        summary=summary,
        pictures=drawn,
        contents=[base64.b64encode(picture.png).decode() for picture in drawn],
        settings=json.dumps(findings.results.settings, indent=2, default=str),
    )
    replace(folder / "index.html", page)
    return drawn
