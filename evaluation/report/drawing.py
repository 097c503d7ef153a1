"""The pictures of a report as files."""

import io
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from evaluation.findings import Findings
from evaluation.report.style import Style
from evaluation.slugs import slug
from files import replace
from lightning_modules.names import humanize


class Drawn(NamedTuple):
    """A picture of the report: title, caption, name of its files, width in pixels, PNG."""

    title: str
    caption: str
    file: str
    width: int
    png: bytes


def draw(findings: Findings, folder: Path, style: Style) -> list[Drawn]:
    """Draw all pictures, and write each to the folder as PNG and PDF."""
    found: list[Drawn] = []
    with style.applied():
        for name, figure, caption in findings.pictures():
            figure.set_size_inches(*(style.size * figure.get_size_inches()))
            lay_out(figure)
            png, file = rendered(figure, "png"), slug(name)
            # an attack may be called as a kind of picture is
            if any(file == other.file for other in found):
                file = f"{file}_{len(found)}"
            replace(folder / f"{file}.png", png)
            replace(folder / f"{file}.pdf", rendered(figure, "pdf"))
            title = " ".join(map(humanize, name))
            found.append(Drawn(title, caption, file, round(96 * figure.get_figwidth()), png))
    return found


def lay_out(figure: Figure) -> None:
    """Give everything in a figure its position once, not again for each format."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    # "none" would keep a place for another, for which matplotlib draws twice
    figure.set_layout_engine(None)


def rendered(figure: Figure, form: str) -> bytes:
    """Return a figure as the content of a file."""
    file = io.BytesIO()
    # without the date, so that a picture drawn again is the same file
    metadata = {"CreationDate": None} if form == "pdf" else None
    figure.savefig(file, format=form, metadata=metadata)
    return file.getvalue()
