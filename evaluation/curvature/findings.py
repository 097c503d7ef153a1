"""The findings of a curvature study, in words, as a table, and drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evaluation.curvature.logit_curvature import MEASURES
from evaluation.curvature.pictures import Angles, angles
from evaluation.findings import Findings, Picture
from evaluation.measurements import select
from evaluation.plots.lines import lines
from evaluation.plots.panels import Panel, draw
from lightning_modules.names import humanize

# networks whose gradient changes: that with softplus, whose Hessian is taken, and the given one
ERRORS = ("softplus", "relu")


@dataclass(frozen=True)
class CurvatureFindings(Findings):
    """Measures of each network's curvature, its angles, and the directions of some images."""

    study = "curvature"
    explanations = "gradients"
    networks: tuple[str, ...]
    angles: Mapping[str, Angles]
    directions: Mapping[str, Panel]

    def value(self, name: str, network: str) -> float:
        """Return a measure of a network."""
        return self.results.find(name, network=network).value

    def sentences(self) -> list[str]:
        """Return the angle of each network's two most fragile directions, and its gain."""
        return [
            f"On the network {humanize(name)} the most fragile direction of the explanation lies "
            f"at {self.value('angle', name):.0f} degrees to that of the prediction, a random one "
            f"at {self.value('random_angle', name):.0f}; along it the explanation changes "
            f"{self.value('gain', name):.1f} times as much as along a random one."
            for name in self.networks
        ]

    def summary(self) -> list[list[str]]:
        """Return every measure, a row for each network."""
        rows = [["network", *map(humanize, MEASURES)]]
        for name in self.networks:
            values = (f"{self.value(measure, name):.3g}" for measure in MEASURES)
            rows.append([humanize(name), *values])
        return rows

    def pictures(self) -> Iterator[Picture]:
        """Draw the errors of all networks, and the angles and directions of each."""
        measured, name = self.results.measurements, "linearization_error"
        errors = {
            network: {
                kind: select(measured, name=name, network=network, part=kind) for kind in ERRORS
            }
            for network in self.networks
        }
        below = ["length of the change, in 255ths"] * len(errors)
        yield Picture(("linearization_error",), lines(errors, below))
        for network in self.networks:
            yield Picture((network, "angles"), angles(self.angles[network]))
            yield Picture((network, "directions"), draw(self.directions[network]))
