"""The defence study: does a defence keep heatmaps from lying, and what does it cost?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from attacks import PGD, Attack
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
        self.groups = {name: group(name, each, networks) for name, each in defenses.items()}
        check_roles(None, *self.groups.values())
        every = {name: net for nets in self.groups.values() for name, net in nets.items()}
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
                    [*networks],
                    [*networks][1:],
                    [*self.interpreters],
                    {"": self.loss},
                    data.classes,
                    len(self.explained()),
                    self.masked,
                )
                for defense, networks in self.groups.items()
            }
        )

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Explain a batch once by each interpreter and network, then attack every network."""
        images, labels, indices = batch
        for defense, networks in self.groups.items():
            outputs = self._add_heatmaps(self.counts[defense], networks, batch)
            self.counts[defense].add_outputs(outputs, labels)
        for name, network in self.networks.items():
            attacked = self.attack(network, images, labels, generators(indices, self.seed))
            self.robust[name].update(correct(network(attacked), labels, 1)[:, None])

    def _add_heatmaps(
        self, counts: HeatmapCounts, networks: Mapping[str, nn.Module], batch: Batch
    ) -> dict[str, Tensor]:
        """Count the heatmaps of a defence's networks; return the logits of each."""
        images, labels, indices = batch
        masks = masks_of(self.trainer, indices).to(images) if self.masked else None
        outputs = {}
        for name, interpreter in self.progress(self.interpreters.items()):
            reference = None
            for network_name, network in self.progress(networks.items()):
                outputs[network_name], heatmap = interpreter(network, images, labels)
                # the original comes first
                reference = heatmap if reference is None else reference
                loss = self.loss(heatmap, reference)
                measures = [self.loss.measure(heatmap, reference)]
                shown = (heatmap, reference, loss, measures, batch, masks)
                counts.add(network_name, name, *shown)
        return outputs

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
            {name: tuple(networks) for name, networks in self.groups.items()},
            tuple(self.networks),
            tuple(self.interpreters),
            {name: panel_of(self, name, self.networks) for name in self.interpreters},
        )


def group(
    defense: str, given: Defended, networks: Mapping[str, nn.Module] | None
) -> dict[str, nn.Module]:
    """Return the networks of a defence by their names in the study, the original first."""
    (original,) = by_name("original", given.original, networks).values()
    changed = by_name("manipulated", given.manipulated, networks)
    return {defense: original, **{f"{defense}_{name}": net for name, net in changed.items()}}
