"""Draw a report again, without networks or images: python -m evaluation.redraw RUN ..."""

import argparse
import shutil
from pathlib import Path

from rich.console import Console

from endings import in_brief
from evaluation.report.folder import NEW, begin, put_in_place
from evaluation.report.style import Style
from evaluation.report.write import draw_report
from evaluation.results import FILES as MEASURED
from evaluation.saving import FILES as SAVED
from evaluation.saving import TEXT, FindingsError, load_findings, reason


def redraw(run: Path, style: Style, names: list[str], output: Path | None = None) -> Path:
    """Draw the tables, pictures and page of a run's report from its findings; return the page.

    Args:
        run: the folder of a run that evaluate.py has written a report to.
        style: of the pictures.
        names: of networks, interpreters, ... that are shown first, in this order.
        output: where the report is written; over the earlier one if not given.

    Raises: FindingsError: the run holds no findings, or they are damaged.
    """
    report = run / "report"
    output = output or report
    # what was measured for a report that could not be drawn
    undrawn = (report / NEW / TEXT).exists()
    folder = report / NEW if undrawn else report
    findings = load_findings(folder)
    own = output.resolve() == report.resolve()
    new = folder if undrawn and own else begin(output)
    try:
        draw_report(findings.ordered(names), new, style)
    except (OSError, MemoryError):
        raise
    # of names that the measurements lack, of tensors of other shapes, ...
    except Exception as error:
        raise FindingsError(
            f"the findings in {folder} cannot be drawn: {reason(error)}; their entries do not fit "
            "each other: evaluate anew (--overwrite true)"
        ) from error
    if not own:
        for name in (*MEASURED, *SAVED):
            shutil.copyfile(folder / name, new / name)
    put_in_place(new, output)
    return output / "index.html"


def main(args: list[str] | None = None) -> None:
    """Draw the report of a run again in another style, size or order."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.redraw", description=main.__doc__)
    parser.add_argument("run", type=Path, help="folder of an evaluated run")
    parser.add_argument(
        "--style",
        action="append",
        default=[],
        help="a style sheet of matplotlib, by name or file: fonts, colours, ...; repeatable",
    )
    parser.add_argument("--colormap", help="colour map of heatmaps from 0 up")
    parser.add_argument(
        "--signed_colormap", default="RdBu_r", help="colour map of heatmaps below and above 0"
    )
    parser.add_argument(
        "--size", type=float, default=1.0, help="factor of the width and height of every figure"
    )
    parser.add_argument(
        "--order",
        nargs="+",
        default=[],
        help="names of networks, interpreters, attacks, ... that are shown first, in this order",
    )
    parser.add_argument("--output", type=Path, help="folder of the new report; RUN/report")
    given = parser.parse_args(args)
    try:
        style = Style(given.style, given.colormap, given.signed_colormap, given.size)
        page = redraw(given.run, style, given.order, given.output)
    except ValueError as error:
        parser.error(str(error))
    Console(markup=False, emoji=False).print(f"report: {page}")


if __name__ == "__main__":
    with in_brief():
        main()
