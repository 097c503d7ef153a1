"""The randomisation study: dependence of heatmaps on the weights (Adebayo et al. 2018)."""

from dataclasses import replace
from itertools import product
from typing import Any

from torch import nn

from evaluation.counts.shares import shares
from evaluation.counts.similarity import Similarities, similarities
from evaluation.explained import panel_of
from evaluation.measurements import Measurement, means
from evaluation.networks import by_name, check_roles
from evaluation.randomization.cascade import cascade
from evaluation.randomization.findings import ABSOLUTE, RandomizationFindings
from evaluation.study import Study
from interpreters import Interpreter
from lightning_modules.data import Batch
from losses import spearman
from metrics import MeanCurve, Metrics, correct

# the heatmap of a random network should be a different one
OPPOSITE = {"higher": "lower", "lower": "higher"}


class Randomization(Study):
    """Similarity to a network's own heatmaps while its layers are made random, the last first.

    An interpreter whose heatmaps stay the same shows the image and not the network (Adebayo et al.
    2018, section 3).

    Args:
        original: The network, or its name among `networks`.
        interpreters: Interpreters to test by name.
        stages: Number of networks with random layers, up to the one where all are random.
        seed: Seed of the random weights.
        networks: Networks by name, for a role that is given by name.
    """

    name = RandomizationFindings.study

    def __init__(
        self,
        original: nn.Module | str,
        interpreters: dict[str, Interpreter],
        stages: int = 8,
        seed: int = 0,
        networks: dict[str, nn.Module] | None = None,
    ) -> None:
        first = by_name("original", original, networks)
        check_roles(networks, first)
        ((name, network),) = first.items()
        found = {f"{stage.layers}_random": stage for stage in cascade(network, stages, seed)}
        # the original is found by its position, whatever its name is
        self.original = name if name not in found else f"{name}, original"
        self.stages = found
        randomized = {name: stage.network for name, stage in found.items()}
        super().__init__({self.original: network, **randomized}, interpreters)
        self.hits = Metrics({name: MeanCurve() for name in self.networks})
        self.measured: list[Measurement] = []

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        self.similarities = Similarities(self.stages, self.interpreters)
        # a random weight in the last layer may flip the sign of the whole heatmap
        pairs = product(self.stages, self.interpreters)
        self.absolute = Metrics({pair: MeanCurve() for pair in pairs})

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Explain a batch once by each interpreter and network; logits come from the same pass."""
        images, labels, _ = batch
        outputs = {}
        for name, interpreter in self.progress(self.interpreters.items()):
            outputs[self.original], reference = interpreter(self.network, images, labels)
            self.not_finite.add(self.original, name, reference)
            for network in self.progress(self.stages):
                outputs[network], heatmap = interpreter(self.networks[network], images, labels)
                self.not_finite.add(network, name, heatmap)
                self.similarities.add(network, name, similarities(heatmap, reference))
                unsigned = spearman(heatmap.abs(), reference.abs())
                self.absolute[network, name].update(unsigned[:, None])
        for network, logits in outputs.items():
            self.hits[network].update(correct(logits, labels, 1)[:, None])

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        layers = {self.original: 0} | {name: stage.layers for name, stage in self.stages.items()}
        found = [
            accuracy
            for network, hits in self.hits.items()
            for accuracy in shares({"accuracy_top1": "higher"}, hits, network)
        ]
        similar = self.similarities.measurements()
        for (network, name), absolute in self.absolute.items():
            points = absolute.compute()
            similar += means({ABSOLUTE: "higher"}, points, network, interpreter=name)
        found += [replace(each, better=OPPOSITE[each.better]) for each in similar]
        self.measured = [
            replace(each, network="randomized", x=layers[each.network]) for each in found
        ]

    def measurements(self) -> list[Measurement]:
        """Return every point of every curve."""
        return self.measured

    def findings(self, settings: dict[str, Any] | None = None) -> RandomizationFindings:
        """Return the curves, and some images as every network explains them."""
        return RandomizationFindings(
            self.results(settings),
            tuple(self.interpreters),
            {stage.layers: stage.down_to for stage in self.stages.values()},
            {name: panel_of(self, name, self.networks) for name in self.interpreters},
        )
