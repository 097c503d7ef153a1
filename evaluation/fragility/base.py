"""The base of studies that compare explanations of an image before and after attacks."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from attacks import Attack
from evaluation.counts.attack_curves import AttackCurves, check_epsilons
from evaluation.fragility.attacked import AttackFindings
from evaluation.measurements import Measurement
from evaluation.study import Study
from interpreters import Interpreter
from lightning_modules.data import masks_of


class AttackStudy(Study):
    """Explanations before and after attacks of several sizes.

    Args:
        networks: By name; the data are fitted to the input size of the first.
        interpreters: By name, at least one; not given where no heatmaps are compared.
        attacks: By name, at least one.
        epsilons: Radii of the attacks, in units of 1/255.
        seed: Seed of random values, with the index of the image.
    """

    curves: AttackCurves

    def __init__(
        self,
        networks: dict[str, nn.Module],
        interpreters: dict[str, Interpreter] | None,
        attacks: dict[str, Attack],
        epsilons: Sequence[float],
        seed: int,
    ) -> None:
        if not attacks:
            raise ValueError("`attacks` is empty; give at least one")
        check_epsilons(epsilons)
        super().__init__(networks, interpreters)
        self.attacks, self.epsilons, self.seed = attacks, epsilons, seed
        self.measured: list[Measurement] = []

    def sized(self, name: str, epsilon: float, indices: Tensor) -> Attack:
        """Return an attack of this radius, in units of 1/255, on the images with these indices."""
        attack = replace(self.attacks[name], epsilon=epsilon / 255)
        if attack.needs_masks:
            return attack.with_masks(masks_of(self.trainer, indices))
        return attack

    def measurements(self) -> list[Measurement]:
        """Return every accuracy, and every point of every curve."""
        return self.measured

    @abstractmethod
    def findings(self, settings: dict[str, Any] | None = None) -> AttackFindings:
        """Return the measurements, and some images before and after each attack."""
