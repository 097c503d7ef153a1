"""What attacks of several sizes do to each image, as the points of curves."""

from collections.abc import Mapping, Sequence
from itertools import product

from torch import Tensor, nn

from evaluation.results import Number
from lightning_modules.classifier import Metrics
from metrics import MeanCurve

# the names of a network, of what explains it, and of an attack
Key = tuple[str, str, str]


class AttackCurves(nn.Module):
    """Means of every measure over the images, at each size of the ball, for each attack.

    Args:
        keys: Whose curves.
        measures: By name, which end an attack is after.
        epsilons: Radii of the balls, in units of 1/255.
    """

    def __init__(
        self, keys: Sequence[Key], measures: Mapping[str, str], epsilons: Sequence[float]
    ) -> None:
        super().__init__()
        self.keys, self.measures, self.epsilons = keys, measures, epsilons
        self.means = Metrics(
            {
                "/".join((*key, measure)): MeanCurve(len(epsilons))
                for key, measure in product(keys, measures)
            }
        )

    def update(self, key: Key, values: Tensor) -> None:
        """Add some images: every measure of every size, shape (N, sizes, measures)."""
        for measure, column in zip(self.measures, values.unbind(2), strict=True):
            self.means["/".join((*key, measure))].update(column)

    def numbers(self) -> list[Number]:
        """Every point of every curve, brought together from all processes."""
        found = []
        for (network, name, attack), (measure, better) in product(self.keys, self.measures.items()):
            curve = self.means["/".join((network, name, attack, measure))].compute().T.tolist()
            found += [
                Number(
                    measure,
                    mean,
                    (mean - half, mean + half),
                    better,
                    network,
                    int(images),
                    interpreter=name,
                    part=attack,
                    x=epsilon,
                )
                for epsilon, (mean, half, images) in zip(self.epsilons, curve, strict=True)
            ]
        return found


def check_epsilons(epsilons: Sequence[float]) -> None:
    """Raise ValueError unless these are radii that rise from 0 or above."""
    if not epsilons:
        raise ValueError("`epsilons` is empty; give at least one")
    if any(low >= high for low, high in zip([-1e-9, *epsilons], epsilons, strict=False)):
        raise ValueError(f"`epsilons` must rise, from 0 or above, got {[*epsilons]}")
