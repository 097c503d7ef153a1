"""Measures of each image under attacks of several sizes, as the points of curves."""

from collections.abc import Mapping, Sequence
from itertools import product

from torch import Tensor, nn

from evaluation.measurements import Measurement, means
from metrics import MeanCurve, Metrics

# the names of a network, of what explains it, and of an attack
Key = tuple[str, str, str]


class AttackCurves(nn.Module):
    """Means of every measure over the images, at each epsilon, for each attack.

    Args:
        keys: The curves' names.
        measures: By name, the end of the scale that an attack is after.
        epsilons: Largest changes of a pixel, in units of 1/255.
    """

    def __init__(
        self, keys: Sequence[Key], measures: Mapping[str, str], epsilons: Sequence[float]
    ) -> None:
        super().__init__()
        self.measures, self.epsilons = measures, epsilons
        self.means = Metrics({key: MeanCurve(len(epsilons)) for key in product(keys, measures)})

    def add(self, key: Key, values: Tensor) -> None:
        """Add some images: every measure at every epsilon, shape (N, epsilons, measures)."""
        for measure, column in zip(self.measures, values.unbind(2), strict=True):
            self.means[key, measure].update(column)

    def measurements(self) -> list[Measurement]:
        """Return every point of every curve, for all processes to compute."""
        found = []
        for ((network, name, attack), measure), metric in self.means.items():
            better = {measure: self.measures[measure]}
            for epsilon, point in zip(self.epsilons, metric.compute().split(1, 1), strict=True):
                found += means(better, point, network, interpreter=name, part=attack, x=epsilon)
        return found


def check_epsilons(epsilons: Sequence[float]) -> None:
    """Raise ValueError unless these are numbers that rise from 0 or above."""
    if not epsilons:
        raise ValueError("`epsilons` is empty; give at least one")
    if any(low >= high for low, high in zip([-1e-9, *epsilons], epsilons, strict=False)):
        raise ValueError(f"`epsilons` must rise, from 0 or above, got {[*epsilons]}")
