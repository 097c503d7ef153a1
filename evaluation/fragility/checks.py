"""Attacks and positions that a fragility study cannot have, found before it begins."""

from collections.abc import Mapping
from itertools import product

from torch import nn

from attacks import Attack
from interpreters import Interpreter
from lightning_modules.data import Batch
from seeds import generators


def check_attacks(
    networks: Mapping[str, nn.Module],
    interpreters: Mapping[str, Interpreter],
    attacks: Mapping[str, Attack],
    batch: Batch,
    k: float,
    seed: int,
) -> None:
    """Make every attack on a batch, against each interpreter and network.

    Raises: ValueError: one of them fails, or the heatmaps have fewer than k positions.
    """
    images, labels, indices = batch
    for (network_name, network), (name, interpreter) in product(
        networks.items(), interpreters.items()
    ):
        logits, heatmap = interpreter(network, images, labels)
        # an image with another label would not be attacked at all
        predicted, positions = logits.argmax(1), heatmap[0].numel()
        if k > positions:
            raise ValueError(
                f"`k` is {k}, and the heatmaps of {name} on the network {network_name} have "
                f"{positions} positions; take fewer, or a share of them, below 1"
            )
        for attack_name, attack in attacks.items():
            try:
                draws = generators(indices, seed)
                attack.against(interpreter)(network, images, predicted, draws)
            except ValueError as error:
                raise ValueError(
                    f"{attack_name} cannot attack {name} on the network {network_name}: {error}"
                ) from error
