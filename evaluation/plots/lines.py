"""Curves over levels, such as noise or epsilons."""

from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.figure import Figure

from evaluation.measurements import Measurement
from lightning_modules.names import humanize


def lines(
    panels: Mapping[str, Mapping[str, Sequence[Measurement]]],
    below: Sequence[str],
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw curves over equally spaced levels with their intervals, a panel for each quantity.

    Args:
        panels: by title, then by the curve's name; points with their level `x`.
        below: the label of each panel's levels.
        limits: least and greatest value of all panels; their own if not given.
    """
    figure = Figure(figsize=(3.4 * len(panels) + 1.8, 3), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    named: dict[str, Artist] = {}
    # a panel may lack a curve that others have
    labels = [*dict.fromkeys(label for drawn in panels.values() for label in drawn)]
    for axes, title, (kind, drawn) in zip(row, below, panels.items(), strict=True):
        for label, points in drawn.items():
            positions = range(len(points))
            colour = f"C{labels.index(label)}" if label else "0.3"
            (line,) = axes.plot(positions, [point.value for point in points], ".-", color=colour)
            ends = [point.interval or (point.value, point.value) for point in points]
            low, high = [end[0] for end in ends], [end[1] for end in ends]
            axes.fill_between(positions, low, high, color=colour, alpha=0.15, linewidth=0)
            axes.set_xticks(positions, [f"{point.x:g}" for point in points])
            if label:
                named[humanize(label)] = line
        if limits:
            margin = 0.03 * (limits[1] - limits[0])
            axes.set_ylim(limits[0] - margin, limits[1] + margin)
        axes.set_title(humanize(kind), fontsize=10)
        axes.set_xlabel(title)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend([*named.values()], [*named], loc="outside right center", fontsize=8)
    return figure
