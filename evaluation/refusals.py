"""Interpreters that cannot explain a network or be attacked, found before the study begins."""

from collections.abc import Mapping

import torch
from torch import nn

from attacks import Attack, HeatmapAttack
from interpreters import Interpreter
from lightning_modules.data import Images, take
from losses import Loss

NO_GRADIENT = "its heatmaps have no gradient in the image to attack them by"


def usable(
    interpreters: Mapping[str, Interpreter],
    networks: Mapping[str, nn.Module],
    explained: Images,
    loss: Loss | None = None,
) -> tuple[dict[str, Interpreter], dict[str, str]]:
    """The interpreters that explain every network, and why each of the others does not.

    Raises: ValueError: none is left, or the loss cannot judge their heatmaps.
    """
    images, labels, _ = take(explained, [0])
    left: dict[str, Interpreter] = {}
    refused: dict[str, str] = {}
    for name, interpreter in interpreters.items():
        for network_name, network in networks.items():
            try:
                heatmap = interpreter(network, images, labels).heatmap.detach()
            except torch.OutOfMemoryError:
                raise
            except (AssertionError, RuntimeError, ValueError) as error:
                refused[name] = f"on the network {network_name}: {error}"
                break
        else:
            left[name] = interpreter
            if loss is not None:
                loss(heatmap, heatmap)
    if not left:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise ValueError(f"no interpreter can explain these networks: {reasons}")
    return left, refused


def attackable(
    interpreters: Mapping[str, Interpreter], attacks: Mapping[str, Attack]
) -> tuple[dict[str, Interpreter], dict[str, str]]:
    """The interpreters that all attacks can be made against, and why not against the others.

    An attack that brings its own interpreter is made against that one.

    Raises: ValueError: none is left.
    """
    climbing = [
        each for each in attacks.values() if isinstance(each, HeatmapAttack) and each.uses_gradient
    ]
    if all(attack.interpreter is not None for attack in climbing):
        return dict(interpreters), {}
    left = {name: each for name, each in interpreters.items() if each.differentiable}
    refused = dict.fromkeys(interpreters.keys() - left.keys(), NO_GRADIENT)
    if not left:
        raise ValueError(f"none of the interpreters can be attacked: {', '.join(refused)}")
    return left, refused
