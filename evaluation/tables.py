"""Tables of text as files that papers and spreadsheets read."""

import csv
import io
from collections.abc import Sequence

Rows = Sequence[Sequence[str]]
SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def to_csv(rows: Rows) -> str:
    """Rows of equal length, the header first, as CSV."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def to_latex(rows: Rows) -> str:
    """Rows of equal length, the header first, as a LaTeX table in the rules of booktabs."""
    header, *body = [" & ".join(map(escaped, row)) + r" \\" for row in rows]
    columns = "l" + "r" * (len(rows[0]) - 1)
    begin = f"\\begin{{tabular}}{{{columns}}}"
    lines = [begin, r"\toprule", header, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text in which LaTeX sees no command."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)
