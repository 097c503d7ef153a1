"""Success rate and accuracy of each class, as bars."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from evaluation.counts.classes import ACCURACY, RATE
from evaluation.measurements import Measurement, select
from evaluation.plots.bars import bars

SHOWN = 10


def class_bars(found: Sequence[Measurement], network: str, interpreter: str) -> Figure:
    """Draw the rate and accuracy of each class, or of those with the highest and lowest rates."""
    accuracies = {m.label: m for m in select(found, name=ACCURACY, network=network)}
    parts: dict[str, dict[str | None, Measurement]] = {}
    for rate in select(found, name=RATE, network=network, interpreter=interpreter):
        title = f"fooled, {rate.part}" if rate.part else "fooled"
        parts.setdefault(title, {})[rate.label] = rate
    first = next(iter(parts.values()))
    rows = sorted(first, key=lambda label: first[label].value, reverse=True)
    if len(rows) > 2 * SHOWN:
        rows = rows[:SHOWN] + rows[-SHOWN:]
    groups = {title: [of_class[row] for row in rows] for title, of_class in parts.items()}
    groups["accuracy"] = [accuracies[row] for row in rows]
    return bars(groups, [str(row) for row in rows], "share of the images")
