"""The fooling study: what a manipulation did to accuracy and to each interpreter's heatmaps."""

from collections.abc import Sequence
from itertools import product

from matplotlib.figure import Figure
from torch import Tensor, nn

from evaluation.accuracy import accuracies, drops
from evaluation.fooling_pictures import fooling_pictures
from evaluation.outputs import Outputs
from evaluation.refusals import usable
from evaluation.results import Number, Results
from evaluation.similarity import Similarities
from evaluation.study import Study
from interpreters import Interpreter
from interpreters.base import snake_case
from lightning_modules.data import Batch, Images, data_of
from losses import Loss
from metrics import PerImage, correct, fooled, mean_interval, wilson_interval


class Fooling(Study):
    """Original and manipulated networks side by side, on the test split (Heo et al. 2019).

    Args:
        original: The network before the manipulation.
        manipulated: The network after it, or several by name, each with a row in the table of
            success rates.
        interpreters: Interpreters to test by name, those that were fooled and others.
        loss: The loss whose success measure t says how far an image's heatmap was manipulated.
        control: The original fine-tuned as long without a penalty, to compare accuracy with.
    """

    name = "fooling"

    def __init__(
        self,
        original: nn.Module,
        manipulated: nn.Module | dict[str, nn.Module],
        interpreters: dict[str, Interpreter],
        loss: Loss,
        control: nn.Module | None = None,
    ) -> None:
        if isinstance(manipulated, nn.Module):
            manipulated = {"manipulated": manipulated}
        if taken := manipulated.keys() & {"original", "control"} or not manipulated:
            raise ValueError(
                f"`manipulated` must name at least one network, and none of them original or "
                f"control, got {taken if manipulated else 'none'}"
            )
        networks = {"original": original, **manipulated}
        super().__init__(
            networks if control is None else {**networks, "control": control}, interpreters
        )
        self.loss, self.manipulated = loss, [*manipulated]
        self.table: dict[str, Tensor] = {}
        self.means: list[Number] = []

    def explained(self) -> Images:
        """The test images whose heatmaps are compared."""
        return data_of(self.trainer).images("test")

    def judged(self) -> dict[str, Loss]:
        """The loss that judges each part of a heatmap, by its name; no name where it has one."""
        return {"": self.loss}

    def measured(self, heatmap: Tensor, reference: Tensor) -> Sequence[Tensor]:
        """The success measure of each part, shape (N,) each."""
        return [self.loss.measure(heatmap, reference)]

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and make a row for each test image."""
        super().setup(stage)
        self.interpreters, self.refused = usable(
            self.interpreters, self.networks.values(), self.explained(), self.loss
        )
        self.outputs = Outputs(self.networks)
        others = [name for name in self.networks if name != "original"]
        self.similarities = Similarities(others, self.interpreters)
        columns = [f"{network}/top{k}" for network in self.networks for k in (1, 5)]
        self.hits = PerImage(len(data_of(self.trainer).images("test")), tuple(columns))
        pairs = [f"{network}/{name}" for network in self.networks for name in self.interpreters]
        columns = [f"loss/{pair}" for pair in pairs]
        columns += [f"measure/{pair}/{part}" for pair in pairs for part in self.judged()]
        self.measures = PerImage(len(self.explained()), tuple(columns))

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """One explained pass for each interpreter and network; accuracy comes from the same."""
        self.add_hits(batch, self.add_measures(batch))

    def add_measures(self, batch: Batch) -> dict[str, Tensor]:
        """Explain a batch by every interpreter on every network; the logits of each network."""
        images, labels, indices = batch
        row, outputs = {}, {}
        for name, interpreter in self.interpreters.items():
            reference = None
            for network_name, network in self.networks.items():
                outputs[network_name], heatmap = interpreter(network, images, labels)
                if reference is None:
                    reference = heatmap
                else:
                    self.similarities.add(network_name, name, heatmap, reference)
                pair = f"{network_name}/{name}"
                row[f"loss/{pair}"] = self.loss(heatmap, reference)
                measures = self.measured(heatmap, reference)
                for part, measure in zip(self.judged(), measures, strict=True):
                    row[f"measure/{pair}/{part}"] = measure
        self.measures.update(indices, row)
        return outputs

    def add_hits(self, batch: Batch, outputs: dict[str, Tensor]) -> None:
        """Note which images each network classified correctly, from its logits (N, K)."""
        _, labels, indices = batch
        row = {
            f"{network}/top{k}": correct(logits, labels, k)
            for network, logits in outputs.items()
            for k in (1, 5)
        }
        self.hits.update(indices, row)
        self.outputs.update(outputs, labels)

    def on_test_epoch_end(self) -> None:
        """Bring the rows of all processes together."""
        self.table = {**self.hits.table(), **self.measures.table()}
        self.means = [*self.outputs.numbers(), *self.similarities.numbers()]

    def numbers(self) -> list[Number]:
        """Every figure of the study."""
        unmanipulated = [name for name in self.networks if name not in self.manipulated]
        return [
            *accuracies(self.table, self.networks),
            *drops(self.table, self.manipulated, unmanipulated),
            *self._successes(),
            *self.means,
        ]

    def _successes(self) -> list[Number]:
        numbers = []
        judged = self.judged().items()
        for name, network, (part, judge) in product(self.interpreters, self.networks, judged):
            measure = self.table[f"measure/{network}/{name}/{part}"]
            success = fooled(measure, *judge.success).double()
            loss = snake_case(type(judge).__name__)
            direction = "higher" if judge.higher_is_better else "lower"
            labels = {"network": network, "interpreter": name, "loss": loss}
            labels |= {"part": part} if part else {}
            rate = Number.mean_of(
                "fooling_success_rate", success, wilson_interval(success), "higher", **labels
            )
            mean = Number.mean_of("test_loss", measure, mean_interval(measure), direction, **labels)
            numbers += [rate, mean]
        return numbers

    def summary(self, results: Results) -> list[list[str]]:
        """Accuracy and success rates before and after, and of the control where there is one."""
        rows = [["", *self.networks]]
        kinds: list[tuple[str, str, dict[str, str]]] = [
            (f"accuracy top-{k}", f"accuracy_top{k}", {}) for k in (1, 5)
        ]
        for name, part in product(self.interpreters, self.judged()):
            labels = {"interpreter": name} | ({"part": part} if part else {})
            title = f"FSR {name.replace('_', ' ')} {part}".strip()
            kinds.append((title, "fooling_success_rate", labels))
        for title, name, labels in kinds:
            values = [results.find(name, network=n, **labels).value for n in self.networks]
            rows.append([title, *(f"{100 * value:.2f} %" for value in values)])
        return rows

    def pictures(self) -> dict[str, Figure]:
        """Every success rate, histograms of t, and the images that were fooled best and worst."""
        return fooling_pictures(self)
