"""The pictures of a curvature study."""

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from evaluation.curvature import bend
from evaluation.figures import ORIGINAL, lines
from lightning_modules.data import data_of, names_of
from lightning_modules.pictures import panel

if TYPE_CHECKING:
    from evaluation.curvature_study import Curvature

BINS, IMAGES = 30, 4


class Examples(NamedTuple):
    """Images (N, 3, H, W), their classes, and directions by name, each (N, 1, H, W)."""

    images: Tensor
    names: list[str]
    directions: dict[str, Tensor]


def curvature_pictures(study: "Curvature") -> dict[str, Figure]:
    """The angles of each network, the errors of all, and the directions of some images."""
    errors = {
        name: {
            kind: [
                n
                for n in study.figures
                if (n.name, n.network, n.part) == ("linearization_error", name, kind)
            ]
            for kind in ("softplus", "relu")
        }
        for name in study.networks
    }
    below = ["length of the change, in 255ths"] * len(errors)
    pictures = {"linearization_error": lines(errors, below)}
    for name, shown in study.examples.items():
        pictures[f"{name}_angles"] = angles(study, name)
        pictures[f"{name}_directions"] = panel(shown.images, shown.directions, shown.names)
    return pictures


def angles(study: "Curvature", name: str) -> Figure:
    """How the angle to the prediction's direction is spread, and that of random directions."""
    figure = Figure(figsize=(6, 2.6), layout="constrained")
    axes = figure.subplots()
    edges = torch.linspace(0, 90, BINS + 1).tolist()
    for kind, label, colour in (
        ("random_angle", "random, mean of an image's", "0.7"),
        ("angle", "most fragile of the explanation", ORIGINAL),
    ):
        counts = study.counts[f"{name}/{kind}"].tolist()
        axes.stairs(counts, edges, fill=True, alpha=0.75, color=colour, label=label)
    axes.set_xlim(0, 90)
    axes.set_xlabel("angle to the gradient of the prediction, in degrees")
    axes.set_ylabel("images")
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


@torch.no_grad()
def examples(study: "Curvature", name: str) -> Examples:
    """Some test images with both directions of the network."""
    data, network = data_of(study.trainer), study.networks[name]
    images, labels, indices = study.some(IMAGES)
    predicted, soft = network(images).argmax(1), study.softened(network)
    start = study.drawn(images, indices)[0]
    found = bend(soft, images, predicted, start, study.steps, study.leading)
    directions = {
        "of the prediction": found.gradient,
        "of the explanation": found.directions[:, 0],
    }
    # of length 1, as only where they point is compared
    maps = {
        title: F.normalize(each).view_as(images).sum(1, keepdim=True)
        for title, each in directions.items()
    }
    return Examples(images, [names_of(data, label) for label in labels], maps)
