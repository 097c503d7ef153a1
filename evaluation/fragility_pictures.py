"""The pictures of a fragility study."""

from itertools import product
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure
from torch import Tensor

from datamodules.seeds import generators
from evaluation.figures import lines
from lightning_modules.data import data_of, names_of, take
from lightning_modules.pictures import show_heatmap, show_image

if TYPE_CHECKING:
    from evaluation.fragility import Fragility

IMAGES = 3
SHOWN = {
    "top_k_intersection": "highest places kept",
    "rank_correlation": "rank correlation",
    "center_shift": "shift of the centre",
}
AMPLIFIED = 10


@torch.no_grad()
def fragility_pictures(study: "Fragility") -> dict[str, Figure]:
    """The curves of each network and interpreter, and images before and after each attack."""
    pictures = {}
    for network, name in product(study.networks, study.interpreters):
        panels = {
            title: {attack: study.curve(measure, network, name, attack) for attack in study.attacks}
            for measure, title in SHOWN.items()
        }
        key = f"{network}_{name}" if len(study.networks) > 1 else name
        pictures[f"{key}_curves"] = lines(panels, ["largest change, in 255ths"] * len(panels))
        pictures[f"{key}_images"] = attacked_images(study, network, name)
    return pictures


def attacked_images(study: "Fragility", network_name: str, name: str) -> Figure:
    """Images and heatmaps, then both after the largest attacks, and what changed in the image."""
    data = data_of(study.trainer)
    test = data.images("test")
    random = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))
    images, labels, indices = take(test, random[:IMAGES].tolist())
    images, labels = images.to(study.device).type(study.dtype), labels.to(study.device)
    network, interpreter = study.networks[network_name], study.interpreters[name]
    rows: list[tuple[str, Tensor, Tensor | None]] = [
        ("image", images, None),
        ("heatmap", images, interpreter(network, images, labels).heatmap),
    ]
    for attack in study.attacks:
        title = attack.replace("_", " ")
        made = study.attack_of(attack, interpreter, study.epsilons[-1])
        attacked = made(network, images, labels, generators(indices, study.seed))
        difference = 0.5 + AMPLIFIED * (attacked - images)
        rows += [
            (title, attacked, None),
            ("heatmap", attacked, interpreter(network, attacked, labels).heatmap),
            (f"difference, {AMPLIFIED} times", difference, None),
        ]
    signed = any(bool((maps < 0).any()) for _, _, maps in rows if maps is not None)
    figure = Figure(figsize=(1.55 * len(rows), 1.62 * len(images) + 0.2), layout="constrained")
    axes = figure.subplots(len(images), len(rows), squeeze=False)
    for (line, label), (column, (title, shown, maps)) in product(
        enumerate(labels), enumerate(rows)
    ):
        place = axes[line, column]
        show_image(place, shown[line])
        if maps is not None:
            show_heatmap(place, maps[line], signed)
        if line == 0:
            place.set_title(title, fontsize=8)
        if column == 0:
            place.set_ylabel(names_of(data, label), fontsize=8)
    return figure
