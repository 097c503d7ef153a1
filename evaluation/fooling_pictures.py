"""The pictures of a fooling study."""

from itertools import product
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure

from evaluation.class_bars import class_bars
from evaluation.classes import RATE
from evaluation.figures import heat_table, histogram
from lightning_modules.data import data_of, names_of, take
from lightning_modules.pictures import panel, rows_of

if TYPE_CHECKING:
    from evaluation.fooling import Fooling

SHOWN = {"heatmaps": ("median", "random"), "best_and_worst": ("best", "worst")}


@torch.no_grad()
def fooling_pictures(study: "Fooling") -> dict[str, Figure]:
    """Every success rate, histograms of t, and images that were fooled well, badly and any how."""
    pictures = {}
    several = len(study.manipulated) > 1
    for part in study.judged():
        pictures[f"{part}_rates".lstrip("_")] = rates(study, part)
    for name, network in product(study.interpreters, study.manipulated):
        key = f"{network}_{name}" if several else name
        for part, judge in study.judged().items():
            before, after = (study.spread[f"{name}/{net}/{part}"] for net in ("original", network))
            title = f"{key}_{part}_measure" if part else f"{key}_measure"
            pictures[title] = histogram(before, after, judge.bounds, judge.success)
        # composites are all of the same two classes
        if any(number.name == RATE for number in study.figures):
            pictures[f"{key}_classes"] = class_bars(study.figures, network, name)
        for title, kinds in SHOWN.items():
            pictures[f"{key}_{title}"] = examples(study, network, name, kinds)
    return pictures


def rates(study: "Fooling", part: str) -> Figure:
    """The success rate of every manipulated network, by every interpreter; framed if trained on."""
    found = {
        (number.network, number.interpreter): number.value
        for number in study.figures
        if number.name == "fooling_success_rate" and number.part == (part or None)
    }
    values = [[found[net, name] for name in study.interpreters] for net in study.manipulated]
    fooled = {
        (row, column)
        for row, network in enumerate(study.manipulated)
        for column, name in enumerate(study.interpreters)
        if name in study.trained_on.get(network, ())
    }
    return heat_table(values, study.manipulated, [*study.interpreters], fooled)


def examples(study: "Fooling", network: str, name: str, shown: tuple[str, ...]) -> Figure:
    """Images of some kinds, such as those that the interpreter was fooled on best, and heatmaps."""
    data, interpreter = data_of(study.trainer), study.interpreters[name]
    chosen = {kind: study.examples[f"{name}/{network}"][kind] for kind in shown}
    kinds = [kind for kind, rows in chosen.items() for _ in rows]
    rows = torch.cat([*chosen.values()])
    images, labels, _ = take(study.explained(), rows[:, 1].long().tolist())
    images, labels = images.to(study.device).type(study.dtype), labels.to(study.device)
    titles = [
        f"{kind}, t = {', '.join(f'{t:.3f}' for t in row[2:].tolist())}\n{names_of(data, label)}"
        for kind, label, row in zip(kinds, labels, rows, strict=True)
    ]
    heatmaps = {
        net: interpreter(study.networks[net], images, labels).heatmap
        for net in ("original", network)
    }
    return panel(images, rows_of(heatmaps), titles)
