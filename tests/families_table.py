"""The table of the docs that says which interpreter is exact on which family of networks."""

from pathlib import Path

from families import FAMILIES

from benchmarks.shipped import DIFFERENTIABLE

PATH = Path(__file__).parents[1] / "docs" / "families.md"
HEAD = """# Where heatmaps have an exact gradient in the weights

Written by `pytest tests/interpreters/test_families.py --write-docs`, and checked by every test run:
`exact` means that the gradient of the heatmap in all weights agrees with central differences in
float64 on a small member of the family.
"""


def read() -> dict[tuple[str, str], str]:
    """The outcome of each pair of family and interpreter."""
    rows = [line for line in PATH.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    families = cells[0][1:]
    return {
        (family, row[0]): outcome
        for row in cells[2:]
        for family, outcome in zip(families, row[1:], strict=True)
    }


def write(outcomes: list[tuple[str, str, str]]) -> None:
    """Write the table anew, one row for each interpreter."""
    pairs = {(family, name): outcome for family, name, outcome in outcomes}
    lines = [f"| | {' | '.join(FAMILIES)} |", "|---" * (len(FAMILIES) + 1) + "|"]
    for name in DIFFERENTIABLE:
        row = " | ".join(pairs[family, name] for family in FAMILIES)
        lines.append(f"| {name} | {row} |")
    PATH.write_text(HEAD + "\n" + "\n".join(lines) + "\n")
