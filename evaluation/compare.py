"""Show several results side by side: python -m evaluation.compare RUN1 RUN2 ..."""

import argparse
import math
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.table import Table

from endings import in_brief
from evaluation.report.write import PAGES
from evaluation.saving import reason
from evaluation.tables import to_csv, to_latex
from files import StoredFileError, read_bytes, replace
from lightning_modules.names import humanize

LABELS = ("name", "network", "interpreter", "part", "against", "heatmaps", "x")


class ResultsError(ValueError):
    """A run has no results that can be compared."""


class Figure(BaseModel):
    """A measurement in results.json; null stands for NaN."""

    name: str
    value: float | None
    interval: tuple[float | None, float | None] | None = None
    network: str | None = None
    interpreter: str | None = None
    part: str | None = None
    against: str | None = None
    heatmaps: str | None = None
    x: float | None = None
    label: str | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """Its name, its labels and its position on a curve."""
        return tuple(getattr(self, label) for label in LABELS)


class Stored(BaseModel):
    """The part of results.json that is compared."""

    figures: list[Figure]


def figures_of(run: Path) -> dict[tuple[Any, ...], Figure]:
    """Return the measurements of a run by their name and labels, without those of each class."""
    try:
        figures = Stored.model_validate_json(read_bytes(run / "report" / "results.json")).figures
    except (StoredFileError, ValidationError) as error:
        raise ResultsError(
            f"{run} has no results to compare: {reason(error)}; give folders of runs that "
            "evaluate.py has written a report to"
        ) from error
    return {figure.key: figure for figure in figures if figure.label is None}


def side_by_side(runs: list[Path]) -> list[list[str]]:
    """Return a row for each measurement that any run has, a column for each run, a header first."""
    found = [figures_of(run) for run in runs]
    rows = [["figure", *map(str, runs)]]
    for key in dict.fromkeys(key for figures in found for key in figures):
        rows.append([title_of(key), *(shown(figures.get(key)) for figures in found)])
    return rows


def title_of(key: tuple[Any, ...]) -> str:
    """Return the name and labels of a measurement, and its position on a curve."""
    *parts, x = key
    title = " ".join(humanize(part) for part in parts if part)
    return title if x is None else f"{title} at {x:g}"


def shown(figure: Figure | None) -> str:
    """Return a measurement with its interval, or nothing where a run has none; null means NaN."""
    if figure is None:
        return ""
    value, *ends = (
        math.nan if number is None else number
        for number in (figure.value, *(figure.interval or ()))
    )
    return f"{value:.4f} ({ends[0]:.4f} to {ends[1]:.4f})" if ends else f"{value:.4f}"


def main(args: list[str] | None = None) -> None:
    """Print the table, and write it as a page, CSV and LaTeX where a folder is given."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.compare", description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of evaluated runs")
    parser.add_argument("--output", type=Path, help="folder for index.html, table.csv, table.tex")
    given = parser.parse_args(args)
    rows = side_by_side(given.runs)
    header, *body = rows
    table = Table(*header)
    for row in body:
        table.add_row(*row)
    # names are no markup
    Console(markup=False, emoji=False).print(table)
    if given.output is not None:
        given.output.mkdir(parents=True, exist_ok=True)
        replace(given.output / "table.csv", to_csv(rows))
        replace(given.output / "table.tex", to_latex(rows))
        page = PAGES.get_template("compare.html").render(rows=rows)
        replace(given.output / "index.html", page)


if __name__ == "__main__":
    with in_brief():
        main()
