"""Measured values, each with its interval and the labels of what it was measured on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Measurement:
    """A measured value, its 95 % interval where it has one, and what it was measured on.

    A point of a curve has its position `x`; a value of one class has the class as its `label`.
    """

    name: str
    value: float
    interval: tuple[float, float] | None
    better: str
    network: str
    n: int
    interpreter: str | None = None
    loss: str | None = None
    part: str | None = None
    against: str | None = None
    heatmaps: str | None = None
    x: float | None = None
    label: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """Its name and labels, the same for all points of a curve."""
        labels = (self.network, self.interpreter, self.part, self.against, self.heatmaps)
        return (self.name, *(label for label in labels if label))


def select(measurements: Sequence[Measurement], **labels: Any) -> list[Measurement]:
    """Return the measurements whose fields have these values, in their order."""
    return [m for m in measurements if all(getattr(m, k) == v for k, v in labels.items())]


def find(measurements: Sequence[Measurement], **labels: Any) -> Measurement:
    """Return the first measurement whose fields have these values; raise LookupError if none."""
    for measurement in measurements:
        if all(getattr(measurement, key) == value for key, value in labels.items()):
            return measurement
    raise LookupError(f"no measurement has {labels}")


def means(
    names: Mapping[str, str], points: Tensor, network: str, **labels: Any
) -> list[Measurement]:
    """Return one measurement for each column of a MeanCurve, (3, points).

    Args:
        names: of the columns, with the end of the scale that is better.
        points: means, half widths of their intervals, and counts of images.
        network: the network measured.
        **labels: further fields of every measurement.
    """
    return [
        Measurement(name, mean, (mean - half, mean + half), better, network, int(count), **labels)
        for (name, better), (mean, half, count) in zip(
            names.items(), points.T.tolist(), strict=True
        )
    ]
