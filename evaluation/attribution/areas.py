"""Areas under the insertion and deletion curves, and what they gain over a first interpreter."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from evaluation.measurements import Measurement, means
from metrics import MeanCurve, Metrics
from metrics.insertion_deletion import area

AREAS = {"insertion": "higher", "deletion": "lower", "difference": "higher", "aopc": "higher"}
GAINS = {f"{name}_gain": better for name, better in AREAS.items()}
CURVES = {"insertion_curve": "higher", "deletion_curve": "lower"}


class Key(NamedTuple):
    """The network that scores, the interpreter, and the order of the pixels."""

    network: str
    interpreter: str
    order: str


class Areas(nn.Module):
    """Means over the images of areas, gains and curves, for each key.

    Args:
        keys: Networks, interpreters and orders.
        first: The interpreter of each order that the others are compared with.
        steps: How many steps the curves have.
    """

    def __init__(self, keys: Sequence[Key], first: Mapping[str, str], steps: int) -> None:
        super().__init__()
        self.first, self.steps = first, steps
        self.areas = Metrics({key: MeanCurve(len(AREAS)) for key in keys})
        self.gains = Metrics({key: MeanCurve(len(GAINS)) for key in keys})
        self.curves = {
            kind: Metrics({key: MeanCurve(steps + 1) for key in keys}) for kind in CURVES
        }
        self.registered = nn.ModuleList(self.curves.values())

    def add(self, key: Key, curves: Sequence[Tensor], first: Tensor | None) -> Tensor:
        """Add a batch; return its areas, shape (N, areas).

        Args:
            key: whose curves.
            curves: probabilities while pixels are inserted and deleted, (N, steps + 1) each.
            first: the areas of the order's first interpreter; None for that one itself.
        """
        insertion, deletion = curves
        inside, outside = area(insertion), area(deletion)
        drop = (deletion[:, :1] - deletion).mean(1)
        areas = torch.stack([inside, outside, inside - outside, drop], 1)
        self.areas[key].update(areas)
        self.gains[key].update(areas - (areas if first is None else first))
        for kind, curve in zip(CURVES, curves, strict=True):
            self.curves[kind][key].update(curve)
        return areas

    def computed(self) -> dict[Key, dict[str, Tensor]]:
        """Return means, half intervals and counts, (3, points) each, for all processes to call."""
        return {
            key: {
                "areas": areas.compute().cpu(),
                "gains": self.gains[key].compute().cpu(),
                **{kind: metrics[key].compute().cpu() for kind, metrics in self.curves.items()},
            }
            for key, areas in self.areas.items()
        }

    def measurements(self, computed: Mapping[Key, Mapping[str, Tensor]]) -> list[Measurement]:
        """Return every area, gain and point of a curve."""
        found = []
        for (network, name, order), points in computed.items():
            labels: dict[str, Any] = {"interpreter": name, "part": order}
            found += means(AREAS, points["areas"], network, **labels)
            if name != (first := self.first[order]):
                found += means(GAINS, points["gains"], network, against=first, **labels)
            for kind, better in CURVES.items():
                for step, point in enumerate(points[kind].split(1, 1)):
                    x = step / self.steps
                    found += means({kind: better}, point, network, x=x, **labels)
        return found
