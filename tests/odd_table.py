"""The table of the docs that says which interpreters refuse which odd network."""

from pathlib import Path

PATH = Path(__file__).parents[1] / "docs" / "odd_networks.md"
HEAD = """# Odd networks: right, or refused

Written by `pytest tests/interpreters/test_odd_networks.py --write-docs`, and checked by every test
run. Each row is a small network with an odd function in its middle, written in
`tests/interpreters/odd_networks.py`. The interpreters that are named refuse it with an error that
says why. The heatmaps of all others do not depend on the other images of the batch, and are those
of the same function written plainly, in float64 and to 1e-6. The gradient of `x.detach()` and of
what is computed without grad mode is 0, as in training: a factor of this kind is a gate, and counts
as a constant. A branch with weights that has no gradient is refused beside one that has: the
heatmap would show the other branch alone.

| function | refused by |
|---|---|
"""


def read() -> dict[str, list[str]]:
    """The names of the interpreters that refuse each network."""
    rows = [line for line in PATH.read_text().splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {name: [each for each in refused.split("; ") if each] for name, refused in cells}


def write(outcomes: list[tuple[str, list[str]]]) -> None:
    """Write the table anew, one row for each network."""
    rows = [f"| {name} | {'; '.join(refused)} |\n" for name, refused in outcomes]
    PATH.write_text(HEAD + "".join(rows))
