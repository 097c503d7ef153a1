"""The pictures of a fooling study."""

from itertools import product
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure

from evaluation.figures import heat_table, histogram
from lightning_modules.data import data_of, names_of, take
from lightning_modules.pictures import panel, rows_of
from metrics import fooled

if TYPE_CHECKING:
    from evaluation.fooling import Fooling


@torch.no_grad()
def fooling_pictures(study: "Fooling") -> dict[str, Figure]:
    """Every success rate, histograms of t, and the images that were fooled best and worst."""
    pictures = {}
    several = len(study.manipulated) > 1
    if several:
        for part in study.judged():
            pictures[f"{part}_rates".lstrip("_")] = rates(study, part)
    for name, network in product(study.interpreters, study.manipulated):
        key = f"{network}_{name}" if several else name
        for part, judge in study.judged().items():
            before, after = (
                study.table[f"measure/{net}/{name}/{part}"] for net in ("original", network)
            )
            title = f"{key}_{part}_measure" if part else f"{key}_measure"
            pictures[title] = histogram(before, after, judge.success)
        pictures[f"{key}_heatmaps"] = examples(study, network, name)
    return pictures


def rates(study: "Fooling", part: str) -> Figure:
    """The success rate of every manipulated network, by every interpreter."""
    low, high = study.judged()[part].success

    def rate(network: str, name: str) -> float:
        measure = study.table[f"measure/{network}/{name}/{part}"]
        return float(fooled(measure, low, high).double().mean())

    values = [[rate(net, name) for name in study.interpreters] for net in study.manipulated]
    return heat_table(values, study.manipulated, [*study.interpreters])


def examples(study: "Fooling", network: str, name: str) -> Figure:
    """Three images that the interpreter was fooled on best, in the middle, and worst."""
    data, interpreter = data_of(study.trainer), study.interpreters[name]
    order = study.table[f"loss/{network}/{name}"].argsort(stable=True)
    middle = len(order) // 2
    ranks = {"best": order[:3], "median": order[middle : middle + 3], "worst": order[-3:]}
    chosen = torch.cat([*ranks.values()])
    images, labels, _ = take(study.explained(), study.table["index"][chosen].tolist())
    images, labels = images.to(study.device).type(study.dtype), labels.to(study.device)
    places = [place for place, rank in ranks.items() for _ in rank]
    after = [study.table[f"measure/{network}/{name}/{part}"][chosen] for part in study.judged()]
    titles = [
        f"{place}, t = {', '.join(f'{t:.3f}' for t in measures)}\n{names_of(data, label)}"
        for place, label, *measures in zip(places, labels, *after, strict=True)
    ]
    heatmaps = {
        net: interpreter(study.networks[net], images, labels).heatmap
        for net in ("original", network)
    }
    return panel(images, rows_of(heatmaps), titles)
