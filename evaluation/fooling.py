"""The fooling study: what a manipulation did to accuracy and to each interpreter's heatmaps."""

from collections.abc import Mapping, Sequence
from itertools import product

from matplotlib.figure import Figure
from torch import Tensor, nn

from evaluation.accuracy import Accuracies
from evaluation.classes import Classes
from evaluation.fooling_pictures import fooling_pictures
from evaluation.localization import Localization
from evaluation.outputs import Outputs
from evaluation.results import Number, Results, words
from evaluation.similarity import Similarities
from evaluation.study import Study
from evaluation.successes import Successes
from interpreters import Interpreter
from lightning_modules.data import Batch, data_of, masks_of
from losses import Loss


class Fooling(Study):
    """Original and manipulated networks side by side, on the test split (Heo et al. 2019).

    Args:
        original: The network before the manipulation.
        manipulated: The network after it, or several by name, each with a row in the table of
            success rates.
        interpreters: Interpreters to test by name, those that were fooled and others.
        loss: The loss whose success measure t says how far an image's heatmap was manipulated.
        control: The original fine-tuned as long without a penalty, to compare accuracy with.
        trained_on: Names of the interpreters that the manipulation was trained on, if known, or
            those of each manipulated network by its name; the report tells the others from them.
    """

    name = "fooling"
    loss: Loss

    def __init__(
        self,
        original: nn.Module,
        manipulated: nn.Module | dict[str, nn.Module],
        interpreters: dict[str, Interpreter],
        loss: Loss,
        control: nn.Module | None = None,
        trained_on: Sequence[str] | Mapping[str, Sequence[str]] = (),
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
        if not isinstance(trained_on, Mapping):
            trained_on = dict.fromkeys(manipulated, trained_on)
        named = {name for names in trained_on.values() for name in names}
        for title, unknown, known in (
            ("manipulated", trained_on.keys() - manipulated.keys(), manipulated),
            ("interpreters", named - interpreters.keys(), interpreters),
        ):
            if unknown:
                raise ValueError(
                    f"`trained_on` names {', '.join(sorted(unknown))}, which `{title}` has not; "
                    f"it has {', '.join(known)}"
                )
        self.loss, self.manipulated, self.trained_on = loss, [*manipulated], trained_on
        self.figures: list[Number] = []
        self.spread: dict[str, Tensor] = {}
        self.examples: dict[str, dict[str, Tensor]] = {}

    def masked(self) -> bool:
        """Whether the data know where in an image its object is."""
        return hasattr(data_of(self.trainer), "masks")

    def judged(self) -> dict[str, Loss]:
        """The loss that judges each part of a heatmap, by its name; no name where it has one."""
        return {"": self.loss}

    def measured(self, heatmap: Tensor, reference: Tensor) -> Sequence[Tensor]:
        """The success measure of each part, shape (N,) each."""
        return [self.loss.measure(heatmap, reference)]

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        others = [name for name in self.networks if name != "original"]
        self.accuracies = Accuracies(self.networks, self.manipulated)
        self.outputs = Outputs(self.networks)
        self.similarities = Similarities(others, self.interpreters)
        self.successes = Successes(
            self.networks, self.interpreters, self.judged(), len(self.explained())
        )
        classes = data_of(self.trainer).classes
        self.classes = Classes(self.networks, self.interpreters, self.judged(), classes)
        # nothing is counted where the data do not know where the object is
        self.localization = Localization(self.networks, self.interpreters if self.masked() else ())

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """One explained pass for each interpreter and network; accuracy comes from the same."""
        self.add_outputs(batch, self.add_heatmaps(batch))

    def add_heatmaps(self, batch: Batch) -> dict[str, Tensor]:
        """Explain a batch by every interpreter on every network; the logits of each network."""
        images, labels, indices = batch
        masks = masks_of(self.trainer, indices).to(images) if self.masked() else None
        # composites are all of the same two classes
        one_class = labels.ndim == 1
        outputs = {}
        for name, interpreter in self.progress(self.interpreters.items()):
            reference = None
            for network_name, network in self.progress(self.networks.items()):
                outputs[network_name], heatmap = interpreter(network, images, labels)
                if reference is None:
                    reference = heatmap
                else:
                    alike = self.similarities.add(network_name, name, heatmap, reference)
                    if one_class:
                        self.classes.add_likeness(network_name, name, alike, labels)
                loss, measures = self.loss(heatmap, reference), self.measured(heatmap, reference)
                self.successes.update(network_name, name, indices, loss, measures)
                if one_class:
                    self.classes.add_measures(network_name, name, measures, labels)
                if masks is not None:
                    self.localization.add(network_name, name, heatmap, masks)
        return outputs

    def add_outputs(self, batch: Batch, outputs: dict[str, Tensor]) -> None:
        """Add the logits (N, K) of every network to accuracies and distances."""
        _, labels, _ = batch
        self.accuracies.update(outputs, labels)
        self.outputs.update(outputs, labels)
        self.classes.add_outputs(outputs, labels)

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        counted = (self.accuracies, self.successes, self.outputs, self.similarities)
        parts = (*counted, self.localization, self.classes)
        self.figures = [number for part in parts for number in part.numbers()]
        self.spread, self.examples = self.successes.histograms(), self.successes.chosen()

    def numbers(self) -> list[Number]:
        """Every figure of the study."""
        return self.figures

    def sentences(self, results: Results) -> list[str]:
        """Accuracy before and after, and on how many images each interpreter lies."""
        found = []
        before = 100 * results.find("accuracy_top1", network="original").value
        for network in self.manipulated:
            after = 100 * results.find("accuracy_top1", network=network).value
            lies = "; ".join(self._lies(results, network, name) for name in self.interpreters)
            title = words(network).capitalize()
            found.append(f"{title}: accuracy {before:.1f} → {after:.1f} %; {lies} of the images.")
        return found

    def _lies(self, results: Results, network: str, name: str) -> str:
        shares = []
        for part in (part for part, judge in self.judged().items() if judge is self.loss):
            labels = {"network": network, "interpreter": name} | ({"part": part} if part else {})
            share = 100 * results.find("fooling_success_rate", **labels).value
            shares.append(f"{share:.0f} % ({part})" if part else f"{share:.0f} %")
        fooled = self.trained_on.get(network)
        aside = ", never trained on," if fooled and name not in fooled else ""
        return f"{name.replace('_', ' ')}{aside} lies on {' and '.join(shares)}"

    def summary(self, results: Results) -> list[list[str]]:
        """Accuracy and success rates before and after, and of the control where there is one."""
        rows = [["", *(words(network) for network in self.networks)]]
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
