"""The fooling study: accuracy and heatmaps of an original and of manipulated networks."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from evaluation.counts.compared import compared
from evaluation.counts.heatmaps import HeatmapCounts
from evaluation.fooling.findings import FoolingFindings, Part
from evaluation.fooling.pictures import Example
from evaluation.fooling.trained_on import checked
from evaluation.measurements import Measurement
from evaluation.networks import by_name, check_roles
from evaluation.study import Study
from interpreters import Explanation, Interpreter
from lightning_modules.data import Batch, data_of, masks_of, names_of
from lightning_modules.pictures import rows_of
from losses import Loss


class Fooling(Study):
    """An original and manipulated networks on the test split (Heo et al. 2019).

    Args:
        original: The network before the manipulation, or its name among `networks`.
        manipulated: The network after it, several by name, or their names among `networks`.
        interpreters: Interpreters to test by name, those that were trained on and others.
        loss: The loss whose success measure t tells if an image's heatmap was manipulated.
        control: The original fine-tuned as long without a penalty, to compare accuracy with.
        trained_on: Names of the interpreters that the manipulation was trained on, if known, or
            those of each manipulated network by its name; the report marks them.
        networks: Networks by name, for roles that are given by name.
    """

    name = FoolingFindings.study
    loss: Loss

    def __init__(
        self,
        original: nn.Module | str,
        manipulated: nn.Module | dict[str, nn.Module] | str | list[str],
        interpreters: dict[str, Interpreter],
        loss: Loss,
        control: nn.Module | str | None = None,
        trained_on: Sequence[str] | Mapping[str, Sequence[str]] = (),
        networks: dict[str, nn.Module] | None = None,
    ) -> None:
        first, changed = (
            by_name("original", original, networks),
            by_name("manipulated", manipulated, networks),
        )
        last = {} if control is None else by_name("control", control, networks)
        check_roles(networks, first, changed, last)
        super().__init__({**first, **changed, **last}, interpreters)
        self.loss, self.manipulated = loss, [*changed]
        self.trained_on = checked(trained_on, self.manipulated, [*interpreters])
        self.measured: list[Measurement] = []

    def masked(self) -> bool:
        """Return True if heatmaps are compared with the data's masks of the objects."""
        return hasattr(data_of(self.trainer), "masks")

    def judged(self) -> dict[str, Loss]:
        """Return the loss that judges each part of a heatmap, by name; `""` is all of it."""
        return {"": self.loss}

    def explain(
        self, network: nn.Module, interpreter: Interpreter, batch: Batch
    ) -> list[Explanation]:
        """Explain a batch; the first heatmaps are compared with the last ones of the original."""
        images, labels, _ = batch
        return [interpreter(network, images, labels)]

    def measures(self, heatmaps: list[Tensor], reference: Tensor) -> list[Tensor]:
        """Return the success measure of each part, shape (N,) each."""
        judges = self.judged().values()
        return [
            judge.measure(maps, reference) for judge, maps in zip(judges, heatmaps, strict=True)
        ]

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        self.counts = HeatmapCounts(
            [*self.networks],
            self.manipulated,
            [*self.interpreters],
            self.judged(),
            data_of(self.trainer).classes,
            len(self.explained()),
            self.masked(),
        )

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Explain a batch once by each interpreter and network; logits come from the same pass."""
        self.add_outputs(batch, self.add_heatmaps(batch))

    def add_heatmaps(self, batch: Batch) -> dict[str, list[Explanation]]:
        """Count the heatmaps of every interpreter and network; return those of the last one."""
        masks = masks_of(self.trainer, batch[2]).to(batch[0]) if self.masked() else None
        explain = partial(self.explain, batch=batch)
        found = {}
        for name, network, explanations, reference in compared(
            self.interpreters, self.networks, explain, self.progress
        ):
            found[network] = explanations
            heatmaps = [explanation.heatmap for explanation in explanations]
            self.not_finite.add(network, name, torch.cat(heatmaps))
            loss = self.loss(heatmaps[0], reference)
            measures = self.measures(heatmaps, reference)
            self.counts.add(network, name, heatmaps[0], reference, loss, measures, batch, masks)
        return found

    def add_outputs(self, batch: Batch, found: dict[str, list[Explanation]]) -> None:
        """Count the predictions of every network."""
        outputs = {name: explanations[-1].logits for name, explanations in found.items()}
        self.counts.add_outputs(outputs, batch[1])

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.measured = self.counts.measurements()
        successes = self.counts.successes
        self.spread = {key: metric.compute().cpu() for key, metric in successes.spread.items()}
        self.chosen = {pair: metric.compute() for pair, metric in successes.examples.items()}

    def measurements(self) -> list[Measurement]:
        """Return everything that was counted."""
        return self.measured

    def findings(self, settings: dict[str, Any] | None = None) -> FoolingFindings:
        """Return the measurements, histograms of the success measures, and images worth showing."""
        original = next(iter(self.networks))
        parts = {
            part: Part(judge.bounds, judge.success, judge is self.loss)
            for part, judge in self.judged().items()
        }
        histograms = {
            name: {
                network: {part: self.spread[name, network, part] for part in parts}
                for network in (original, *self.manipulated)
            }
            for name in self.interpreters
        }
        examples = {
            name: {network: self._examples(name, network) for network in self.manipulated}
            for name in self.interpreters
        }
        return FoolingFindings(
            self.results(settings),
            original,
            tuple(self.manipulated),
            tuple(self.networks),
            tuple(self.interpreters),
            parts,
            {network: tuple(names) for network, names in self.trained_on.items()},
            histograms,
            examples,
        )

    @torch.no_grad()
    def _examples(self, name: str, network: str) -> dict[str, Example]:
        """Return a few images of each kind, with both networks' heatmaps and success measures."""
        data, interpreter, found = data_of(self.trainer), self.interpreters[name], {}
        for kind, rows in self.chosen[name, network].items():
            if not len(rows):
                continue
            images, labels, _ = self.images_at(rows[:, 1].long(), explained=True)
            heatmaps = {
                each: interpreter(self.networks[each], images, labels).heatmap.cpu()
                for each in (next(iter(self.networks)), network)
            }
            classes = tuple(names_of(data, label) for label in labels)
            found[kind] = Example(images.cpu(), classes, rows[:, 2:].cpu(), rows_of(heatmaps))
        return found
