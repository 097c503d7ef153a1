"""The orders in which a perturbation study replaces regions."""

from typing import NamedTuple


class Order(NamedTuple):
    """Whose heatmaps order the regions, by which interpreter, and from which end."""

    interpreter: str
    heatmaps: str
    kind: str

    @property
    def labels(self) -> dict[str, str]:
        """What its figures are called by."""
        named = {"interpreter": self.interpreter, "heatmaps": self.heatmaps}
        return {} if self == RANDOM else named


KINDS = {"morf": True, "lerf": False}
BETTER = {"morf": "higher", "lerf": "lower", "random": "none"}
RANDOM = Order("random", "random", "random")
