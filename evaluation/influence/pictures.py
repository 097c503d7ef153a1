"""The pictures of an influence study."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from evaluation.figures import MANIPULATED, ORIGINAL
from evaluation.results import words
from lightning_modules.data import data_of, names_of, take
from lightning_modules.pictures import show_image
from networks import features
from seeds import generators

if TYPE_CHECKING:
    from evaluation.influence import Fit, Influence

IMAGES, HIGHEST = 3, 3
SHOWN = {
    "top_k_intersection": "most influential kept",
    "rank_correlation": "rank correlation",
    "label_unchanged": "label unchanged",
}


class Examples(NamedTuple):
    """Influences on some predictions, by what was done to their images.

    Args:
        images: by name, shape (N, 3, H, W).
        influences: by name, shape (N, training images).
        captions: of each image.
    """

    images: dict[str, Tensor]
    influences: dict[str, Tensor]
    captions: list[str]


def influence_pictures(study: "Influence") -> dict[str, Figure]:
    """The curves of each network and kind of influences, and what explains some images."""
    pictures = {}
    for (network, name), shown in study.examples.items():
        key = study.key_of(network, name)
        pictures[f"{key}_curves"] = study.drawn_curves(network, name, SHOWN, (-0.2, 1))
        for attack in study.attacks:
            pictures[f"{key}_{attack}"] = swapped(study, shown, attack)
    return pictures


@torch.no_grad()
def examples(study: "Influence", fit: "Fit") -> Examples:
    """Some test images, before and after each attack of the largest size."""
    data = data_of(study.trainer)
    images, labels, indices = study.some(IMAGES)
    predicted = fit.network(images).argmax(1)
    made = {"image": images}
    for attack in study.attacks:
        attacked = study.attack_of(attack, fit.influences, study.epsilons[-1])
        draws = generators(indices, study.seed)
        made[attack] = attacked(fit.network, images, predicted, draws)
    found = {
        name: fit.influences(features(fit.network, each)[1], predicted)
        for name, each in made.items()
    }
    captions = [
        f"{names_of(data, label)}, taken for {data.classes[guess]}"
        for label, guess in zip(labels, predicted.tolist(), strict=True)
    ]
    return Examples(made, found, captions)


def swapped(study: "Influence", shown: Examples, attack: str) -> Figure:
    """A line for each image: what explained it, what does after an attack, and all influences."""
    count, columns = len(shown.captions), 2 * (HIGHEST + 1)
    figure = Figure(figsize=(1.3 * (columns + 2.2), 1.55 * count + 0.3), layout="constrained")
    grid = figure.add_gridspec(count, columns + 1, width_ratios=[1] * columns + [1.6])
    for line in range(count):
        for side, name in enumerate(("image", attack)):
            first = side * (HIGHEST + 1)
            place = figure.add_subplot(grid[line, first])
            show_image(place, shown.images[name][line])
            place.set_title(words(name), fontsize=7)
            if not side:
                place.set_ylabel(shown.captions[line].replace(", ", "\n"), fontsize=7)
            influences = shown.influences[name][line]
            highest = influences.topk(min(HIGHEST, len(influences)))
            which = study.drawn[highest.indices.cpu()].tolist()
            images, labels, _ = take(data_of(study.trainer).images("train"), which)
            for rank, value in enumerate(highest.values.tolist()):
                place = figure.add_subplot(grid[line, first + 1 + rank])
                show_image(place, images[rank])
                label = names_of(data_of(study.trainer), labels[rank])
                place.set_title(f"{label} {value:.2g}", fontsize=7)
        scatter(
            figure.add_subplot(grid[line, columns]),
            shown.influences["image"][line],
            shown.influences[attack][line],
        )
    return figure


def scatter(axes: Axes, before: Tensor, after: Tensor) -> None:
    """Influences (N,) after an attack over those before; the highest before are marked."""
    highest = before.topk(min(HIGHEST, len(before))).indices
    axes.axline((0, 0), slope=1, color="0.8", linewidth=1)
    for chosen, colour in ((slice(None), ORIGINAL), (highest, MANIPULATED)):
        axes.plot(before[chosen].tolist(), after[chosen].tolist(), ".", color=colour, markersize=3)
    axes.set_xlabel("influence before", fontsize=7)
    axes.set_ylabel("after", fontsize=7)
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)
