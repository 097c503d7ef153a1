"""Attacks that cannot be made, found before a fragility study begins."""

from itertools import product
from typing import TYPE_CHECKING

from lightning_modules.data import take
from seeds import generators

if TYPE_CHECKING:
    from evaluation.fragility import Fragility


def check_attacks(study: "Fragility") -> None:
    """Make every attack of a study with a ball of no size, on one image.

    Raises: ValueError: one of them fails, or the study compares more places than heatmaps have.
    """
    images, labels, indices = take(study.explained(), [0])
    for (network_name, network), (name, interpreter) in product(
        study.networks.items(), study.interpreters.items()
    ):
        logits, heatmap = interpreter(network, images, labels)
        # an image with another label would not be attacked at all
        predicted, places = logits.argmax(1), heatmap[0].numel()
        if study.k > places:
            raise ValueError(
                f"`k` is {study.k}, and the heatmaps of {name} on the network {network_name} have "
                f"{places} places; take fewer, or a share of them, below 1"
            )
        for attack in study.attacks:
            try:
                made = study.attack_of(attack, interpreter, 0, indices)
                made(network, images, predicted, generators(indices, study.seed))
            except ValueError as error:
                raise ValueError(
                    f"{attack} cannot attack {name} on the network {network_name}: {error}"
                ) from error
