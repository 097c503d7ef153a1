"""The stability study: does the lie survive noise or further training? (Heo et al. 2019)."""

from functools import cache
from itertools import product
from typing import Any, NamedTuple

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from evaluation.accuracy import counts_of
from evaluation.disturbances import Disturbance, Networks
from evaluation.results import Number, Results, words
from evaluation.stability_pictures import stability_pictures
from evaluation.study import Study
from interpreters import Explanation, Interpreter
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch
from losses import Loss
from metrics import MeanCurve, correct, fooled, wilson_interval

ACCURACY = "accuracy"


class Condition(NamedTuple):
    """A level of a disturbance, and both networks there."""

    level: float
    networks: Networks


class Stability(Study):
    """Accuracy and success rates over levels of what may happen after a manipulation.

    Heatmaps are compared with the undisturbed original's of the same image, and with its heatmap
    of the noisy image where there is noise on it.

    Args:
        original: The network before the manipulation.
        manipulated: The network after it.
        interpreters: Interpreters to test by name.
        loss: The loss whose success measure t says how far an image's heatmap was manipulated.
        disturbances: What happens to the networks or to the images, by name.
    """

    name = "stability"
    loss: Loss

    def __init__(
        self,
        original: nn.Module,
        manipulated: nn.Module,
        interpreters: dict[str, Interpreter],
        loss: Loss,
        disturbances: dict[str, Disturbance],
    ) -> None:
        if not disturbances:
            raise ValueError("`disturbances` is empty; name at least one")
        self.pair = {"original": original, "manipulated": manipulated}
        networks, self.conditions = dict(self.pair), {}
        for kind, disturbance in disturbances.items():
            self.conditions[kind] = [Condition(0, self.pair)]
            for place, level in enumerate(disturbance.levels, 1):
                disturbed = disturbance.networks(self.pair, level)
                self.conditions[kind].append(Condition(level, disturbed))
                networks |= {
                    f"{name}_{kind}_{place}": network
                    for name, network in disturbed.items()
                    if network is not self.pair[name]
                }
        super().__init__(networks, interpreters)
        self.loss, self.disturbances = loss, disturbances
        self.figures: list[Number] = []

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        self.keys = [*product(self.conditions, self.pair, [ACCURACY, *self.interpreters])]
        self.curves = Metrics(
            {"/".join(key): MeanCurve(len(self.conditions[key[0]])) for key in self.keys}
        )

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """One explained pass for each interpreter, network and version of the images."""
        images, labels, indices = batch
        # read once, not at every level
        indices = indices.cpu()

        @cache
        def explained(network: nn.Module, images: Tensor) -> dict[str, Explanation]:
            return {name: each(network, images, labels) for name, each in self.interpreters.items()}

        for kind, conditions in self.progress(self.conditions.items()):
            disturbance, columns = self.disturbances[kind], []
            for level, networks in self.progress(conditions):
                seen = disturbance.images(images, indices, level) if level else images
                found = {role: explained(network, seen) for role, network in networks.items()}
                columns.append(self._counted(found, explained(self.network, seen), labels))
            for key in columns[0]:
                points = torch.stack([column[key] for column in columns], 1)
                self.curves[f"{kind}/{key}"].update(points)

    def _counted(
        self,
        found: dict[str, dict[str, Explanation]],
        references: dict[str, Explanation],
        labels: Tensor,
    ) -> dict[str, Tensor]:
        """Whether each image is classified rightly, and whether its heatmaps are fooled, (N,)."""
        counted = {}
        for role, explanations in found.items():
            for name, (logits, heatmap) in explanations.items():
                measure = self.loss.measure(heatmap, references[name].heatmap)
                counted[f"{role}/{name}"] = fooled(measure, *self.loss.success)
                counted[f"{role}/{ACCURACY}"] = correct(logits, labels, 1)
        return counted

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.figures = []
        for kind, role, name in self.keys:
            counts, images = counts_of(self.curves[f"{kind}/{role}/{name}"])
            labels: dict[str, Any] = {"network": role, "n": images, "part": kind}
            if name != ACCURACY:
                labels["interpreter"] = name
            title = "accuracy_top1" if name == ACCURACY else "fooling_success_rate"
            for (level, _), count in zip(self.conditions[kind], counts, strict=True):
                interval = wilson_interval(count, images)
                number = Number(title, count / images, interval, "higher", x=level, **labels)
                self.figures.append(number)

    def numbers(self) -> list[Number]:
        """Every point of every curve."""
        return self.figures

    def curve(self, kind: str, role: str, interpreter: str | None = None) -> list[Number]:
        """Success rates by an interpreter, or accuracies, from level 0 up."""
        wanted = (kind, role, interpreter)
        return [n for n in self.figures if (n.part, n.network, n.interpreter) == wanted]

    def sentences(self, results: Results) -> list[str]:
        """What the strongest level of each disturbance leaves of the lie, and of the accuracy."""
        found = []
        for kind, disturbance in self.disturbances.items():
            before, *_, after = self.curve(kind, "manipulated")
            lies = []
            for name in self.interpreters:
                first, *_, last = self.curve(kind, "manipulated", name)
                rates = f"{100 * first.value:.1f} → {100 * last.value:.1f} %"
                lies.append(f"{name.replace('_', ' ')} lies on {rates} of the images")
            accuracy = f"{100 * before.value:.1f} → {100 * after.value:.1f} %"
            found.append(
                f"{disturbance.unit.capitalize()}, {after.x:g}: {'; '.join(lies)}; accuracy "
                f"{accuracy}."
            )
        return found

    def summary(self, results: Results) -> list[list[str]]:
        """Accuracies and the manipulated network's success rates, a row for each level."""
        names = [f"FSR {name.replace('_', ' ')}" for name in self.interpreters]
        rows = [["", "level", "accuracy, original", "accuracy, manipulated", *names]]
        for kind in self.disturbances:
            columns = [self.curve(kind, role) for role in self.pair]
            columns += [self.curve(kind, "manipulated", name) for name in self.interpreters]
            for points in zip(*columns, strict=True):
                cells = (f"{100 * point.value:.2f} %" for point in points)
                rows.append([words(kind), f"{points[0].x:g}", *cells])
        return rows

    def pictures(self) -> dict[str, Figure]:
        """Success rates and accuracies over the levels, and heatmaps of the same images."""
        return stability_pictures(self)
