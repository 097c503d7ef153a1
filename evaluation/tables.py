"""Tables as files that papers and spreadsheets read."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

Rows = Sequence[Sequence[Any]]
SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*(e[+-]?\d+)?|inf|nan)( ± \d+\.?\d*| ± nan)?( %)?")


def to_csv(rows: Rows) -> str:
    """Return rows of equal length, the header first, as CSV in which no cell is a formula."""
    file = io.StringIO()
    csv.writer(file).writerows([[literal(cell) for cell in row] for row in rows])
    return file.getvalue()


def literal(cell: Any) -> Any:
    """Return a cell that a spreadsheet takes as text: one that could be a formula gets a quote.

    Example:
        >>> literal("=1+1"), literal("-0.5 ± 0.1")
        ("'=1+1", '-0.5 ± 0.1')
    """
    if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r\n") and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def to_latex(rows: Rows) -> str:
    """Return rows of equal length, the header first, as a LaTeX table with booktabs' rules."""
    header, *body = [" & ".join(map(escaped, row)) + r" \\" for row in rows]
    columns = "l" + "r" * (len(rows[0]) - 1)
    begin = f"\\begin{{tabular}}{{{columns}}}"
    lines = [begin, r"\toprule", header, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text on one line in which LaTeX sees no command."""
    return "".join(SPECIAL.get(sign, sign) for sign in " ".join(text.split()))
