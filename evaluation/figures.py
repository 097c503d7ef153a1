"""The figures of studies."""

from collections.abc import Collection, Mapping, Sequence
from itertools import product

import torch
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from evaluation.results import Number, words

ORIGINAL, MANIPULATED = "#4477aa", "#cc6677"
COLOURS = {"original": ORIGINAL, "manipulated": MANIPULATED, "random": "0.5"}
COLOURS_OF_BARS = (ORIGINAL, MANIPULATED, "#ddcc77")
# more intervals would hide one another
MOST_BANDS = 6
STYLES = {"morf": "-", "lerf": "--", "random": ":"}
ORDERS = {"morf": "most relevant first", "lerf": "least relevant first"}


def histogram(
    before: Tensor, after: Tensor, bounds: tuple[float, float], success: tuple[float, float]
) -> Figure:
    """How the success measure t is spread, in counts of equal bins; success is shaded."""
    figure = Figure(figsize=(6, 2.6), layout="constrained")
    axes = figure.subplots()
    edges = torch.linspace(*bounds, len(before) + 1).tolist()
    axes.axvspan(*success, color="0.9", label="fooled", zorder=0)
    axes.stairs(before.tolist(), edges, fill=True, color=ORIGINAL, alpha=0.75, label="original")
    axes.stairs(
        after.tolist(), edges, fill=True, color=MANIPULATED, alpha=0.75, label="manipulated"
    )
    axes.set_xlim(*bounds)
    axes.set_xlabel("success measure t")
    axes.set_ylabel("images")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def heat_table(
    rates: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    fooled: Collection[tuple[int, int]] = (),
    named: tuple[str, str] = ("network", "tested with"),
) -> Figure:
    """Rates in [0, 1] as a table of colours, each with its percentage.

    Args:
        rates: by row, then by column.
        rows: their names.
        columns: their names.
        fooled: row and column of the rates that a network was trained for; they are framed.
        named: what the rows are, and what the columns are.
    """
    size = (1.4 * len(columns) + 2, 0.5 * len(rows) + 1.2)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.imshow(rates, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, rate_row), column in product(enumerate(rates), range(len(columns))):
        rate = rate_row[column]
        colour = "white" if rate < 0.5 else "black"
        axes.text(column, row, f"{100 * rate:.1f} %", color=colour, ha="center", va="center")
    axes.set_xticks(range(len(columns)), [words(name) for name in columns])
    axes.set_yticks(range(len(rows)), [words(name) for name in rows])
    for row, column in fooled:
        corner = (column - 0.47, row - 0.45)
        frame = Rectangle(corner, 0.94, 0.9, fill=False, edgecolor=MANIPULATED, linewidth=3)
        axes.add_patch(frame)
    axes.set_xlabel(named[1] + (", framed where trained on" if fooled else ""))
    axes.set_ylabel(named[0])
    axes.spines[:].set_visible(False)
    return figure


def curves(panels: dict[str, dict[tuple[str, str], Tensor]]) -> Figure:
    """Perturbation curves, a panel for each network that they are scored on.

    Args:
        panels: by network, then by whose heatmaps and which order; rows of each: the mean drop
            at every step, half the width of its interval, and the number of images.
    """
    figure = Figure(figsize=(4.2 * len(panels) + 1.8, 3.2), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (network, lines) in zip(row, panels.items(), strict=True):
        for (owner, kind), (mean, half, _) in lines.items():
            steps = torch.arange(len(mean)).tolist()
            label = f"heatmaps of the {owner}, {ORDERS[kind]}" if kind in ORDERS else "random order"
            colour = COLOURS[owner]
            axes.plot(steps, mean.tolist(), STYLES[kind], color=colour, label=label)
            low, high = (mean - half).tolist(), (mean + half).tolist()
            axes.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.set_title(f"on the {network} network", fontsize=10)
        axes.set_xlabel("regions replaced")
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel("drop of the label's probability")
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return figure


def lines(
    panels: Mapping[str, Mapping[str, Sequence[Number]]],
    below: Sequence[str],
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Curves over equally spaced levels with their intervals, a panel for each kind of figure.

    Args:
        panels: by title, then by the curve's name; points with their level `x`.
        below: what the levels of each panel are.
        limits: the least and the greatest value that all panels show; their own if not given.
    """
    figure = Figure(figsize=(3.4 * len(panels) + 1.8, 3), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    named: dict[str, Artist] = {}
    # a panel may lack a curve that others have
    labels = [*dict.fromkeys(label for drawn in panels.values() for label in drawn)]
    for axes, title, (kind, drawn) in zip(row, below, panels.items(), strict=True):
        for label, points in drawn.items():
            places = range(len(points))
            colour = f"C{labels.index(label)}" if label else "0.3"
            (line,) = axes.plot(places, [point.value for point in points], ".-", color=colour)
            ends = [point.interval or (point.value, point.value) for point in points]
            low, high = [end[0] for end in ends], [end[1] for end in ends]
            axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
            axes.set_xticks(places, [f"{point.x:g}" for point in points])
            if label:
                named[words(label)] = line
        if limits:
            margin = 0.03 * (limits[1] - limits[0])
            axes.set_ylim(limits[0] - margin, limits[1] + margin)
        axes.set_title(words(kind), fontsize=10)
        axes.set_xlabel(title)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend([*named.values()], [*named], loc="outside right center", fontsize=8)
    return figure


def bars(groups: Mapping[str, Sequence[Number]], rows: Sequence[str], below: str) -> Figure:
    """Shares in [0, 1] with their intervals: a bar in each row for every key."""
    figure = Figure(figsize=(6, 0.55 * len(rows) + 1), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(groups)
    axes.margins(y=0.02)
    for place, (label, numbers) in enumerate(groups.items()):
        values = torch.tensor([number.value for number in numbers])
        ends = torch.tensor([number.interval for number in numbers]).T
        middles = torch.arange(len(rows)) + (place - (len(groups) - 1) / 2) * height
        whiskers = (ends - values).abs().tolist()
        axes.barh(
            middles.tolist(),
            values.tolist(),
            0.9 * height,
            xerr=whiskers,
            label=label,
            color=COLOURS_OF_BARS[place],
            error_kw={"linewidth": 1},
        )
    axes.set_yticks(range(len(rows)), [words(row) for row in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(below)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(groups), frameon=False)
    return figure


def areas(panels: Mapping[str, Mapping[str, Tensor]], below: str) -> Figure:
    """Curves from 0 to 1, a panel for each kind; with their intervals where these are few.

    Args:
        panels: by title, then by the curve's name; rows of each: means at evenly spaced places,
            half the widths of their intervals, and the number of images.
        below: what the places are.
    """
    figure = Figure(figsize=(4.2 * len(panels) + 1.8, 3.2), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, drawn) in zip(row, panels.items(), strict=True):
        for place, (label, (mean, half, _)) in enumerate(drawn.items()):
            places = torch.linspace(0, 1, len(mean)).tolist()
            colour, style = f"C{place % 10}", ("-", "--", ":")[place // 10 % 3]
            axes.plot(places, mean.tolist(), style, color=colour, label=words(label))
            if len(drawn) <= MOST_BANDS:
                low, high = (mean - half).tolist(), (mean + half).tolist()
                axes.fill_between(places, low, high, color=colour, alpha=0.12, linewidth=0)
        axes.set_title(words(title), fontsize=10)
        axes.set_xlabel(below)
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel("probability of the class")
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return figure
