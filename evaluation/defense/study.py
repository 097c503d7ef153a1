"""The defence study: accuracy, accuracy under attack and success rates with each defence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import nn

from attacks import PGD, Attack
from evaluation.counts.compared import compared
from evaluation.counts.heatmaps import HeatmapCounts
from evaluation.counts.shares import shares
from evaluation.defense.findings import DefenseFindings
from evaluation.explained import panel_of
from evaluation.measurements import Measurement
from evaluation.networks import by_name, check_roles
from evaluation.study import Study
from interpreters import Interpreter
from lightning_modules.data import Batch, data_of, masks_of
from losses import Loss
from metrics import Keyed, MeanCurve, Metrics, correct
from seeds import generators


@dataclass
class Defended:
    """A network that was trained with a defence or without, and its manipulated versions.

    Args:
        original: The network before any manipulation, or its name among the study's `networks`.
        manipulated: The network after manipulations, and after a later defence, by name, or their
            names among `networks`.
    """

    original: nn.Module | str
    manipulated: dict[str, nn.Module] | list[str]


class Group(NamedTuple):
    """The networks of a defence by their names in the study, the original first.

    `manipulated` has the name of each manipulated network by its name in the configuration.
    """

    networks: dict[str, nn.Module]
    manipulated: dict[str, str]


class Defense(Study):
    """Accuracy, accuracy under attack and success rates of networks with and without a defence.

    Args:
        defenses: Networks by the name of their defence; a measurement of the manipulated network
            `m` of the defence `d` is that of the network `d_m`, one of its original is that of `d`.
        interpreters: Interpreters to test by name.
        loss: The loss whose success measure t tells if an image's heatmap was manipulated.
        attack: The attack on the networks; PGD if not given.
        seed: Seed of the attack's random starts, with the image's index.
        networks: Networks by name, for roles that are given by name.
    """

    name = DefenseFindings.study
    loss: Loss

    def __init__(
        self,
        defenses: dict[str, Defended],
        interpreters: dict[str, Interpreter],
        loss: Loss,
        attack: Attack | None = None,
        seed: int = 0,
        networks: dict[str, nn.Module] | None = None,
    ) -> None:
        if not defenses:
            raise ValueError("`defenses` is empty; give at least one")
        self.groups = {name: grouped(name, each, networks) for name, each in defenses.items()}
        check_roles(None, *(group.networks for group in self.groups.values()))
        every = {name: net for each in self.groups.values() for name, net in each.networks.items()}
        used = {name: net for name, net in (networks or {}).items() if net in every.values()}
        check_roles(networks, used)
        super().__init__(every, interpreters)
        self.loss, self.attack, self.seed = loss, attack or PGD(), seed
        self.robust = Metrics({name: MeanCurve() for name in every})
        self.measured: list[Measurement] = []

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        data = data_of(self.trainer)
        self.masked = hasattr(data, "masks")
        self.counts = Keyed(
            {
                defense: HeatmapCounts(
                    [*group.networks],
                    [*group.manipulated.values()],
                    [*self.interpreters],
                    {"": self.loss},
                    data.classes,
                    len(self.explained()),
                    self.masked,
                )
                for defense, group in self.groups.items()
            }
        )

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Explain a batch once by each interpreter and network, and attack every network."""
        for defense in self.progress(self.groups):
            for add in self.progress((self._add_heatmaps, self._add_attacked)):
                add(defense, batch)

    def _add_heatmaps(self, defense: str, batch: Batch) -> None:
        """Count heatmaps and logits of a defence's networks."""
        images, labels, indices = batch
        masks = masks_of(self.trainer, indices).to(images) if self.masked else None
        counts, outputs = self.counts[defense], {}
        for name, network, (explanation,), reference in compared(
            self.interpreters,
            self.groups[defense].networks,
            lambda network, interpreter: [interpreter(network, images, labels)],
            self.progress,
        ):
            outputs[network], heatmap = explanation
            self.not_finite.add(network, name, heatmap)
            loss, measure = self.loss(heatmap, reference), self.loss.measure(heatmap, reference)
            counts.add(network, name, heatmap, reference, loss, [measure], batch, masks)
        counts.add_outputs(outputs, labels)

    def _add_attacked(self, defense: str, batch: Batch) -> None:
        """Attack a defence's networks, and count the images that they still classify correctly."""
        images, labels, indices = batch
        for name, network in self.groups[defense].networks.items():
            attacked = self.attack(network, images, labels, generators(indices, self.seed))
            self.robust[name].update(correct(network(attacked), labels, 1)[:, None])

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.measured = [each for counts in self.counts.values() for each in counts.measurements()]
        for name, robust in self.robust.items():
            self.measured += shares({"robust_accuracy_top1": "higher"}, robust, name)

    def measurements(self) -> list[Measurement]:
        """Return everything that was counted."""
        return self.measured

    def findings(self, settings: dict[str, Any] | None = None) -> DefenseFindings:
        """Return the measurements, and some images as every network explains them."""
        return DefenseFindings(
            self.results(settings),
            {defense: group.manipulated for defense, group in self.groups.items()},
            tuple(self.networks),
            tuple(self.interpreters),
            {name: panel_of(self, name, self.networks) for name in self.interpreters},
        )


def grouped(defense: str, given: Defended, networks: Mapping[str, nn.Module] | None) -> Group:
    """Return the networks of a defence; those that are given by name are among `networks`."""
    (original,) = by_name("original", given.original, networks).values()
    changed = by_name("manipulated", given.manipulated, networks)
    names = {name: f"{defense}_{name}" for name in changed}
    return Group({defense: original} | {names[name]: changed[name] for name in changed}, names)
