"""The pictures of a defence study."""

from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure

from evaluation.figures import bars, heat_table
from lightning_modules.data import data_of, names_of, take
from lightning_modules.pictures import panel, rows_of

if TYPE_CHECKING:
    from evaluation.defense import Defense

IMAGES = 6


@torch.no_grad()
def defense_pictures(study: "Defense") -> dict[str, Figure]:
    """Accuracies, success rates, and every network's heatmaps of the same images."""
    networks, interpreters = [*study.networks], [*study.interpreters]
    found = {(n.name, n.network, n.interpreter): n for n in study.figures}
    accuracies = {
        title: [found[name, network, None] for network in networks]
        for title, name in (
            ("as they are", "accuracy_top1"),
            ("under attack", "robust_accuracy_top1"),
        )
    }
    rates = [
        [found["fooling_success_rate", network, name].value for name in interpreters]
        for network in networks
    ]
    pictures = {
        "accuracies": bars(accuracies, networks),
        "rates": heat_table(rates, networks, interpreters),
    }
    return pictures | {f"{name}_heatmaps": heatmaps(study, name) for name in interpreters}


def heatmaps(study: "Defense", name: str) -> Figure:
    """Some images of the test split, and below them what each network shows."""
    data = data_of(study.trainer)
    test = data.images("test")
    random = torch.randperm(len(test), generator=torch.Generator().manual_seed(study.seed))
    images, labels, _ = take(test, random[:IMAGES].tolist())
    images, labels = images.to(study.device).type(study.dtype), labels.to(study.device)
    maps = {
        network.replace("_", " "): study.interpreters[name](module, images, labels).heatmap
        for network, module in study.networks.items()
    }
    return panel(images, rows_of(maps), [names_of(data, label) for label in labels])
