"""The findings of a perturbation study, in words, as a table, and drawn."""

from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.findings import Findings, Picture
from evaluation.perturbation.pictures import Curve, curves
from lightning_modules.names import humanize


@dataclass(frozen=True)
class PerturbationFindings(Findings):
    """AOPC and perturbation curves of each network, in every order of the regions."""

    study = "perturbation"
    manipulated: str
    networks: tuple[str, ...]
    interpreters: tuple[str, ...]
    curves: tuple[Curve, ...]

    def sentences(self) -> list[str]:
        """Return AOPC of the manipulated network's own heatmaps beside a random order's."""
        network, name = self.manipulated, humanize(self.manipulated)
        chance = self.results.find("aopc_random", network=network).value
        found = []
        for interpreter in self.interpreters:
            labels = {"network": network, "interpreter": interpreter, "heatmaps": network}
            area = self.results.find("aopc_morf", **labels).value
            found.append(
                f"{humanize(interpreter).capitalize()} of the {name} network: replacing the "
                f"regions that it ranks highest lowers the probability of the label by {area:.3f} "
                f"on average, replacing regions at random by {chance:.3f}."
            )
        return found

    def summary(self) -> list[list[str]]:
        """Return AOPC, a column for each network that it is scored on."""
        rows = [["", *(f"on the {humanize(network)}" for network in self.networks)]]
        orders = [curve for curve in self.curves if curve.network == self.curves[0].network]
        for order in orders:
            title = f"AOPC {order.kind}"
            if order.interpreter and order.heatmaps:
                name = humanize(order.interpreter)
                title = f"{title} {name}, heatmaps of the {humanize(order.heatmaps)}"
            labels = {"interpreter": order.interpreter, "heatmaps": order.heatmaps}
            areas = [
                self.results.find(f"aopc_{order.kind}", network=network, **labels).value
                for network in self.networks
            ]
            rows.append([title, *(f"{area:.4f}" for area in areas)])
        return rows

    def pictures(self) -> Iterator[Picture]:
        """Draw the curves of each interpreter, a panel for each network."""
        original, manipulated = sorted(self.networks, key=lambda name: name == self.manipulated)
        for name in self.interpreters:
            panels = {
                network: [
                    curve
                    for curve in self.curves
                    if curve.network == network and curve.interpreter in (name, None)
                ]
                for network in self.networks
            }
            yield Picture((name, "perturbation"), curves(panels, (original, manipulated)))
