"""The stability study: a manipulation under noise or further training (Heo et al. 2019)."""

from functools import cache
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from evaluation.counts.shares import counts_of, share, succeeded
from evaluation.explained import panel_of
from evaluation.measurements import Measurement
from evaluation.networks import by_name, check_roles
from evaluation.stability.disturbances import Disturbance, Networks
from evaluation.stability.findings import StabilityFindings
from evaluation.study import Study
from interpreters import Explanation, Interpreter
from lightning_modules.data import Batch
from losses import Loss
from metrics import MeanCurve, Metrics, correct


class Condition(NamedTuple):
    """A level of a disturbance, and both networks at this level by their role."""

    level: float
    networks: Networks


class Key(NamedTuple):
    """A curve: disturbance, role of the network, and interpreter; None for the accuracy."""

    kind: str
    role: str
    interpreter: str | None


class Stability(Study):
    """Accuracy and success rates over levels of disturbances after a manipulation.

    Heatmaps are compared with the undisturbed original's of the same image, and with its heatmap
    of the noisy image where there is noise on it.

    Args:
        original: The network before the manipulation, or its name among `networks`.
        manipulated: The network after it, or its name among `networks`.
        interpreters: Interpreters to test by name.
        loss: The loss whose success measure t tells if an image's heatmap was manipulated.
        disturbances: Of the networks or of the images, by name.
        networks: Networks by name, for roles that are given by name.
    """

    name = StabilityFindings.study
    loss: Loss

    def __init__(
        self,
        original: nn.Module | str,
        manipulated: nn.Module | str,
        interpreters: dict[str, Interpreter],
        loss: Loss,
        disturbances: dict[str, Disturbance],
        networks: dict[str, nn.Module] | None = None,
    ) -> None:
        if not disturbances:
            raise ValueError("`disturbances` is empty; give at least one")
        first, second = (
            by_name("original", original, networks),
            by_name("manipulated", manipulated, networks),
        )
        ((before, network),), ((after, changed),) = first.items(), second.items()
        self.names = {"original": before, "manipulated": after}
        self.pair = {"original": network, "manipulated": changed}
        roles, self.conditions = [first, second], {}
        for kind, disturbance in disturbances.items():
            self.conditions[kind] = [Condition(0, self.pair)]
            for position, level in enumerate(disturbance.levels, 1):
                disturbed = disturbance.networks(self.pair, level)
                self.conditions[kind].append(Condition(level, disturbed))
                roles.append(
                    {
                        f"{self.names[role]}_{kind}_{position}": network
                        for role, network in disturbed.items()
                        if network is not self.pair[role]
                    }
                )
        check_roles(networks, *roles)
        super().__init__({name: net for role in roles for name, net in role.items()}, interpreters)
        self.loss, self.disturbances = loss, disturbances
        self.measured: list[Measurement] = []

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        keys = product(self.conditions, self.pair, [None, *self.interpreters])
        self.curves = Metrics({Key(*key): MeanCurve(len(self.conditions[key[0]])) for key in keys})

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Explain a batch once by each interpreter, network and version of the images."""
        images, labels, indices = batch
        # read once, not at every level
        indices = indices.cpu()
        names = {network: name for name, network in self.networks.items()}

        @cache
        def explained(network: nn.Module, images: Tensor) -> dict[str, Explanation]:
            found = {
                name: each(network, images, labels) for name, each in self.interpreters.items()
            }
            for name, (_, heatmap) in found.items():
                self.not_finite.add(names[network], name, heatmap)
            return found

        for kind, conditions in self.progress(self.conditions.items()):
            disturbance, columns = self.disturbances[kind], []
            for level, networks in self.progress(conditions):
                seen = disturbance.images(images, indices, level) if level else images
                found = {role: explained(network, seen) for role, network in networks.items()}
                references = explained(self.network, seen)
                columns.append(self._counted(kind, found, references, labels))
            for key in columns[0]:
                points = torch.stack([column[key] for column in columns], 1)
                self.curves[key].update(points)

    def _counted(
        self,
        kind: str,
        found: dict[str, dict[str, Explanation]],
        references: dict[str, Explanation],
        labels: Tensor,
    ) -> dict[Key, Tensor]:
        """Return 1 for each image that is classified correctly, or whose heatmap is fooled."""
        counted = {}
        for role, explanations in found.items():
            for name, (logits, heatmap) in explanations.items():
                measure = self.loss.measure(heatmap, references[name].heatmap)
                counted[Key(kind, role, name)] = succeeded(self.loss, measure)
                counted[Key(kind, role, None)] = correct(logits, labels, 1)
        return counted

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.measured = []
        for (kind, role, name), metric in self.curves.items():
            title = "accuracy_top1" if name is None else "fooling_success_rate"
            labels: dict[str, Any] = {"part": kind, "interpreter": name}
            points = zip(self.conditions[kind], *counts_of(metric), strict=True)
            for (level, _), count, images in points:
                counted = (title, count, images, "higher", self.names[role])
                self.measured.append(share(*counted, x=level, **labels))

    def measurements(self) -> list[Measurement]:
        """Return every point of every curve."""
        return self.measured

    def findings(self, settings: dict[str, Any] | None = None) -> StabilityFindings:
        """Return the curves, and some images as the networks at every level explain them."""
        shown = {self.names[role]: network for role, network in self.pair.items()}
        for kind, (_, *conditions) in self.conditions.items():
            for level, changed in conditions:
                if changed["manipulated"] is not self.pair["manipulated"]:
                    shown[f"{kind} {level:g}"] = changed["manipulated"]
        return StabilityFindings(
            self.results(settings),
            self.names["original"],
            self.names["manipulated"],
            tuple(self.interpreters),
            {kind: disturbance.unit for kind, disturbance in self.disturbances.items()},
            {name: panel_of(self, name, shown) for name in self.interpreters},
        )
