"""The pictures of an attribution study."""

from itertools import product
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure

from evaluation.attribution_maps import largest_of
from evaluation.attribution_tables import AREAS
from evaluation.figures import areas
from evaluation.forest import forest
from evaluation.results import words
from lightning_modules.data import data_of, names_of
from lightning_modules.pictures import panel

if TYPE_CHECKING:
    from evaluation.attribution import Attribution

IMAGES = 6


def attribution_pictures(study: "Attribution") -> dict[str, Figure]:
    """Areas and curves on each network in each order, and images with their heatmaps."""
    pictures = {}
    for scorer, order in product(study.networks, study.orders):
        names = [name for name, other in study.pairs.values() if other == order]
        if not names:
            continue
        # rows of each: means, then halves of intervals, then counts; a column for each area
        found = {name: study.found[f"{scorer}/{name}/{order}"] for name in names}
        best = sorted(names, key=lambda name: float(found[name][0, 0]), reverse=True)
        panels = {
            kind: {name: found[name][:, column] for name in best}
            for column, kind in enumerate(AREAS)
        }
        panels[f"insertion over {words(study.first[order])}"] = {
            name: study.found[f"{scorer}/{name}/{order}/gain"][:, 0] for name in best
        }
        pictures[f"{scorer}_{order}_areas"] = forest(panels)
        panels = {
            kind: {name: study.found[f"{scorer}/{name}/{order}/{kind}_curve"] for name in names}
            for kind in ("insertion", "deletion")
        }
        pictures[f"{scorer}_{order}_curves"] = areas(panels, "share of the pixels")
    pictures["heatmaps"] = heatmaps(study)
    return pictures


@torch.no_grad()
def heatmaps(study: "Attribution") -> Figure:
    """Some random images, and every interpreter's heatmap of each, up to its own highest value."""
    data, (images, labels, _) = data_of(study.trainer), study.some(IMAGES)
    maps = {}
    for name, interpreter in study.interpreters.items():
        heatmap = interpreter(study.network, images, labels).heatmap
        maps[name] = heatmap / largest_of(heatmap)
    return panel(images, maps, [names_of(data, label) for label in labels])
