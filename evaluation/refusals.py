"""Interpreters that cannot explain a network or be attacked, found before the study begins."""

from collections.abc import Mapping

from torch import nn

from attacks import Attack
from interpreters import Interpreter, UnsupportedError
from lightning_modules.data import Images, take
from losses import Loss

NO_GRADIENT = "its heatmaps have no gradient in the image to attack them by"


def usable(
    interpreters: Mapping[str, Interpreter],
    networks: Mapping[str, nn.Module],
    explained: Images,
    loss: Loss | None = None,
) -> tuple[dict[str, Interpreter], dict[str, str]]:
    """Return the interpreters that can explain every network, and why each of the others cannot.

    Raises: ValueError: none is left, or the loss cannot judge their heatmaps.
    """
    images, labels, _ = take(explained, [0])
    left: dict[str, Interpreter] = {}
    refused: dict[str, str] = {}
    for name, interpreter in interpreters.items():
        for network_name, network in networks.items():
            try:
                heatmap = interpreter(network, images, labels).heatmap.detach()
            except UnsupportedError as error:
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
    """Return the interpreters that all attacks can be aimed at, and why each other one cannot be.

    An attack that brings its own interpreter needs no gradient of the others.

    Raises: ValueError: none is left.
    """
    if not any(attack.needs_gradient for attack in attacks.values()):
        return dict(interpreters), {}
    left = {name: each for name, each in interpreters.items() if each.differentiable}
    refused = {name: NO_GRADIENT for name in interpreters if name not in left}
    if not left:
        raise ValueError(f"none of the interpreters can be attacked: {', '.join(refused)}")
    return left, refused
