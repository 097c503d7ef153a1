"""The orders in which a perturbation study replaces regions."""

from typing import NamedTuple

KINDS = {"morf": True, "lerf": False}
BETTER = {"morf": "higher", "lerf": "lower", "random": "none"}


class Order(NamedTuple):
    """The heatmaps that order the regions, by interpreter and network, and the end they begin at.

    `interpreter` and `heatmaps` are None for the random order.
    """

    kind: str
    interpreter: str | None = None
    heatmaps: str | None = None


RANDOM = Order("random")
