"""The same images as every network of a study shows them."""

import torch
from matplotlib.figure import Figure

from evaluation.study import Study
from lightning_modules.data import data_of, names_of, take
from lightning_modules.pictures import panel, rows_of

IMAGES = 6


@torch.no_grad()
def network_heatmaps(study: Study, interpreter: str, seed: int) -> Figure:
    """Some images of the test split, drawn by the seed, and below them each network's heatmaps."""
    data = data_of(study.trainer)
    test = data.images("test")
    random = torch.randperm(len(test), generator=torch.Generator().manual_seed(seed))
    images, labels, _ = take(test, random[:IMAGES].tolist())
    images, labels = images.to(study.device).type(study.dtype), labels.to(study.device)
    maps = {
        network.replace("_", " "): study.interpreters[interpreter](module, images, labels).heatmap
        for network, module in study.networks.items()
    }
    return panel(images, rows_of(maps), [names_of(data, label) for label in labels])
