"""Which classes a manipulation fooled best and worst, drawn."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from evaluation.classes import ACCURACY, RATE
from evaluation.figures import bars
from evaluation.results import Number

SHOWN = 10


def class_bars(figures: Sequence[Number], network: str, interpreter: str) -> Figure:
    """Success rate and accuracy of each class, or of those with the highest and lowest rates."""
    of_network = [number for number in figures if number.network == network]
    accuracies = {n.label: n for n in of_network if n.name == ACCURACY}
    parts: dict[str, dict[str | None, Number]] = {}
    for number in of_network:
        if number.name == RATE and number.interpreter == interpreter:
            title = f"fooled, {number.part}" if number.part else "fooled"
            parts.setdefault(title, {})[number.label] = number
    first = next(iter(parts.values()))
    rows = sorted(first, key=lambda label: first[label].value, reverse=True)
    if len(rows) > 2 * SHOWN:
        rows = rows[:SHOWN] + rows[-SHOWN:]
    groups = {title: [of_class[row] for row in rows] for title, of_class in parts.items()}
    groups["accuracy"] = [accuracies[row] for row in rows]
    return bars(groups, [str(row) for row in rows], "share of the images")
