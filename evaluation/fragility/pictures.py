"""The pictures of a fragility study."""

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import torch
from matplotlib.figure import Figure
from torch import Tensor

from attacks import importance
from evaluation.results import words
from lightning_modules.data import data_of, names_of
from lightning_modules.pictures import limits_of, scale_named, show_heatmap, show_image

if TYPE_CHECKING:
    from evaluation.fragility import Fragility

SHOWN = {
    "top_k_intersection": "highest places kept",
    "rank_correlation": "rank correlation",
    "center_distance_share": "shift of the centre, in shares of the sides",
}
AMPLIFIED = 10


class Row(NamedTuple):
    """Images (N, 3, H, W), with heatmaps (N, 1, h, w) over them where there are any."""

    title: str
    images: Tensor
    heatmaps: Tensor | None = None


class Examples(NamedTuple):
    """The classes of some images, and what is shown of them."""

    names: list[str]
    rows: list[Row]


def fragility_pictures(study: "Fragility") -> dict[str, Figure]:
    """The curves of each network and interpreter, and images before and after each attack."""
    pictures = {}
    for (network, name), shown in study.examples.items():
        key = study.key_of(network, name)
        pictures[f"{key}_curves"] = study.drawn_curves(network, name, SHOWN)
        if shown.names:
            pictures[f"{key}_images"] = drawn(shown)
    return pictures


@torch.no_grad()
def examples(study: "Fragility", network_name: str, name: str, found: Tensor) -> Examples:
    """Test images and what the largest attacks made of them: rows of an index and all pixels."""
    if not len(found):
        return Examples([], [])
    network, interpreter = study.networks[network_name], study.interpreters[name]
    images, labels, _ = study.taken(found[:, 0].long())
    rows = [
        Row("image", images),
        Row("importance", images, interpreter(network, images, labels).heatmap),
    ]
    made = found[:, 1:].to(images).unflatten(1, (-1, *images.shape[1:])).unbind(1)
    for attack, changed in zip(study.attacks, made, strict=True):
        rows += [
            Row(words(attack), changed),
            Row("importance", changed, interpreter(network, changed, labels).heatmap),
            Row(f"difference, {AMPLIFIED} times", 0.5 + AMPLIFIED * (changed - images)),
        ]
    data = data_of(study.trainer)
    return Examples([names_of(data, label) for label in labels], rows)


def drawn(shown: Examples) -> Figure:
    """A line for each image, a column for each row; the importances of a line have one scale."""
    count, columns = len(shown.names), len(shown.rows)
    # the study measures shares, which the size of a heatmap does not move
    maps = [None if row.heatmaps is None else importance(row.heatmaps) for row in shown.rows]
    limits = limits_of(heatmaps for heatmaps in maps if heatmaps is not None)
    figure = Figure(figsize=(1.55 * columns, 1.62 * count + 0.2), layout="constrained")
    axes = figure.subplots(count, columns, squeeze=False)
    for line, column in product(range(count), range(columns)):
        place, row, heatmaps = axes[line, column], shown.rows[column], maps[column]
        show_image(place, row.images[line])
        if heatmaps is not None:
            show_heatmap(place, heatmaps[line], limits[line], signed=False)
        if line == 0:
            place.set_title(row.title, fontsize=8)
        if column == 0:
            scale = scale_named(limits[line], signed=False)
            place.set_ylabel(f"{shown.names[line]}\n{scale}", fontsize=8)
    return figure
