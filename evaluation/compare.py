"""Show several results side by side: python -m evaluation.compare RUN1 RUN2 ..."""

import argparse
import json
import math
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from evaluation.report.write import PAGES
from evaluation.tables import to_csv, to_latex
from files import replace
from lightning_modules.names import humanize

LABELS = ("name", "network", "interpreter", "part", "against", "heatmaps", "x")


class ResultsError(ValueError):
    """A run has no results that can be compared."""


def figures_of(run: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the measurements of a run by their name and labels, without those of each class."""
    path = run / "report" / "results.json"
    try:
        content = json.loads(path.read_text())
        figures = content["figures"]
    except (OSError, ValueError, KeyError) as error:
        raise ResultsError(
            f"{run} has no results to compare: {error}; give folders of runs that evaluate.py "
            "has written a report to"
        ) from error
    return {tuple(map(f.get, LABELS)): f for f in figures if "label" not in f}


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


def shown(figure: dict[str, Any] | None) -> str:
    """Return a measurement with its interval, or nothing where a run has none; null means NaN."""
    if figure is None:
        return ""
    value, *ends = (
        math.nan if number is None else number
        for number in (figure["value"], *figure.get("interval", ()))
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
    main()
