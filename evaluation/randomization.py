"""The randomisation study: do heatmaps follow the weights at all? (Adebayo et al. 2018)."""

from dataclasses import replace
from itertools import product

from matplotlib.figure import Figure
from torch import nn

from evaluation.accuracy import counts_of
from evaluation.cascade import cascade
from evaluation.figures import lines
from evaluation.network_heatmaps import network_heatmaps
from evaluation.results import Number, Results, means, words
from evaluation.similarity import Similarities
from evaluation.study import Study
from interpreters import Interpreter
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch
from losses import spearman
from metrics import MeanCurve, correct, wilson_interval

# of a random network, a heatmap should be another one
OPPOSITE = {"higher": "lower", "lower": "higher"}
ABSOLUTE = "absolute_rank_correlation"
SHOWN = {
    "rank_correlation": "rank correlation",
    ABSOLUTE: "rank correlation, without sign",
    "structural_similarity": "SSIM",
}


class Randomization(Study):
    """Layers are made random from the last to the first; a heatmap should change with them.

    An interpreter whose heatmaps stay the same shows the image and not the network (Adebayo et al.
    2018, section 3).

    Args:
        original: The network.
        interpreters: Interpreters to test by name.
        stages: How many networks with random layers there are, to the one where all are random.
        seed: Seed of the random weights.
    """

    name = "randomization"

    def __init__(
        self,
        original: nn.Module,
        interpreters: dict[str, Interpreter],
        stages: int = 8,
        seed: int = 0,
    ) -> None:
        self.stages = {f"{stage.layers}_random": stage for stage in cascade(original, stages, seed)}
        randomized = {name: stage.network for name, stage in self.stages.items()}
        super().__init__({"original": original, **randomized}, interpreters)
        self.hits = Metrics({name: MeanCurve() for name in self.networks})
        self.figures: list[Number] = []

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        self.similarities = Similarities(self.stages, self.interpreters)
        pairs = [f"{network}/{name}" for network, name in product(self.stages, self.interpreters)]
        # a random weight in the last layer may turn the sign of the whole heatmap
        self.absolute = Metrics({pair: MeanCurve() for pair in pairs})

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """One explained pass for each interpreter and network; accuracy comes from the same."""
        images, labels, _ = batch
        outputs = {}
        for name, interpreter in self.progress(self.interpreters.items()):
            outputs["original"], reference = interpreter(self.network, images, labels)
            for network in self.progress(self.stages):
                outputs[network], heatmap = interpreter(self.networks[network], images, labels)
                self.similarities.add(network, name, heatmap, reference)
                unsigned = spearman(heatmap.abs(), reference.abs())
                self.absolute[f"{network}/{name}"].update(unsigned[:, None])
        for network, logits in outputs.items():
            self.hits[network].update(correct(logits, labels, 1)[:, None])

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.figures = []
        counts = {"original": 0} | {name: stage.layers for name, stage in self.stages.items()}
        for network, layers in counts.items():
            (hits,), images = counts_of(self.hits[network])
            interval = wilson_interval(hits, images)
            labels = ("higher", "randomized", images)
            self.figures.append(Number("accuracy_top1", hits / images, interval, *labels, x=layers))
        found = self.similarities.numbers()
        for network, name in product(self.stages, self.interpreters):
            points = self.absolute[f"{network}/{name}"].compute()
            found += means({ABSOLUTE: "higher"}, points, network, interpreter=name)
        self.figures += [
            replace(n, network="randomized", x=counts[n.network], better=OPPOSITE[n.better])
            for n in found
        ]

    def numbers(self) -> list[Number]:
        """Every point of every curve."""
        return self.figures

    def curve(self, name: str, interpreter: str | None = None) -> list[Number]:
        """The points of a curve, from few random layers to all."""
        return [n for n in self.figures if (n.name, n.interpreter) == (name, interpreter)]

    def sentences(self, results: Results) -> list[str]:
        """How like the network's own heatmaps those of a wholly random one are."""
        found = []
        for name in self.interpreters:
            curve = self.curve(ABSOLUTE, name)
            first, last = curve[0], curve[-1]
            found.append(
                f"{name.replace('_', ' ').capitalize()}: without their signs, heatmaps have a rank "
                f"correlation of {first.value:.2f} with the network's own when the last {first.x} "
                f"layers are random, and of {last.value:.2f} when all {last.x} are."
            )
        return found

    def summary(self, results: Results) -> list[list[str]]:
        """Accuracy and rank correlations, a row for each network."""
        names = [words(name) for name in self.interpreters]
        rows = [["random layers", "down to", "accuracy top-1", *names]]
        accuracies = self.curve("accuracy_top1")
        rows.append(["0", "", f"{100 * accuracies[0].value:.2f} %", *("" for _ in names)])
        curves = [self.curve("rank_correlation", name) for name in self.interpreters]
        for stage, accuracy, *cells in zip(
            self.stages.values(), accuracies[1:], *curves, strict=True
        ):
            values = (f"{cell.value:.3f}" for cell in cells)
            row = [str(stage.layers), stage.down_to, f"{100 * accuracy.value:.2f} %", *values]
            rows.append(row)
        return rows

    def pictures(self) -> dict[str, Figure]:
        """Accuracy and similarity over the random layers, and the heatmaps of some images."""
        panels: dict[str, dict[str, list[Number]]] = {
            "accuracy top-1": {"": self.curve("accuracy_top1")}
        }
        for kind, title in SHOWN.items():
            curves = {name: self.curve(kind, name) for name in self.interpreters}
            # a window may be larger than the heatmaps
            if found := {name: curve for name, curve in curves.items() if curve}:
                panels[title] = found
        networks = {words(name): network for name, network in self.networks.items()}
        figure = lines(panels, ["random layers"] * len(panels))
        return {"curves": figure} | {
            f"{name}_heatmaps": network_heatmaps(self, name, networks) for name in self.interpreters
        }
