"""A table of rates as colours."""

from collections.abc import Collection, Sequence
from itertools import product

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evaluation.plots.colours import MANIPULATED
from lightning_modules.names import humanize


def heat_table(
    rates: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    framed: Collection[tuple[int, int]] = (),
    axes_names: tuple[str, str] = ("network", "tested with"),
) -> Figure:
    """Draw rates in [0, 1] as a table of colours, each with its percentage.

    Args:
        rates: by row, then by column.
        rows: their names.
        columns: their names.
        framed: row and column of each rate that gets a frame, as a network was trained on it.
        axes_names: of the rows, and of the columns.
    """
    size = (1.4 * len(columns) + 2, 0.5 * len(rows) + 1.2)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.imshow(rates, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, rate_row), column in product(enumerate(rates), range(len(columns))):
        rate = rate_row[column]
        colour = "white" if rate < 0.5 else "black"
        axes.text(column, row, f"{100 * rate:.1f} %", color=colour, ha="center", va="center")
    axes.set_xticks(range(len(columns)), [humanize(name) for name in columns])
    axes.set_yticks(range(len(rows)), [humanize(name) for name in rows])
    for row, column in framed:
        corner = (column - 0.47, row - 0.45)
        frame = Rectangle(corner, 0.94, 0.9, fill=False, edgecolor=MANIPULATED, linewidth=3)
        axes.add_patch(frame)
    axes.set_xlabel(axes_names[1] + (", framed where trained on" if framed else ""))
    axes.set_ylabel(axes_names[0])
    axes.spines[:].set_visible(False)
    return figure
