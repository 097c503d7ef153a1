"""Everything that a study of fooling counts of a batch of heatmaps and of its logits."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from evaluation.counts.accuracy import Accuracies
from evaluation.counts.classes import Classes
from evaluation.counts.localization import Localization
from evaluation.counts.outputs import Outputs
from evaluation.counts.similarity import Similarities, similarities
from evaluation.counts.successes import Successes
from evaluation.measurements import Measurement
from losses import Loss


class HeatmapCounts(nn.Module):
    """Accuracy, success rates and similarities of networks beside the original they came from.

    Args:
        networks: Names of all networks, the original's first.
        manipulated: Names of those whose accuracy is compared with that of all others.
        interpreters: Names of all interpreters.
        judged: The loss that judges each part of a heatmap, by the part's name.
        classes: Names of the classes.
        images: How many images are explained.
        masked: True if the data have masks of the objects.
    """

    def __init__(
        self,
        networks: Sequence[str],
        manipulated: Sequence[str],
        interpreters: Sequence[str],
        judged: Mapping[str, Loss],
        classes: Sequence[str],
        images: int,
        masked: bool,
    ) -> None:
        super().__init__()
        original, *others = networks
        self.accuracies = Accuracies(networks, manipulated)
        self.successes = Successes(networks, interpreters, judged, images)
        self.outputs = Outputs(networks, original)
        self.similarities = Similarities(others, interpreters)
        self.localization = Localization(networks if masked else (), interpreters)
        self.classes = Classes(networks, original, interpreters, judged, classes)

    def add_outputs(self, outputs: dict[str, Tensor], labels: Tensor) -> None:
        """Add the logits (N, K) of every network, and labels (N,)."""
        self.accuracies.add(outputs, labels)
        self.outputs.add(outputs, labels)
        self.classes.add_outputs(outputs, labels)

    def add_similarities(
        self, network: str, interpreter: str, heatmap: Tensor, reference: Tensor, labels: Tensor
    ) -> None:
        """Add heatmaps (N, L, h, w), the original's of the same images, and labels."""
        values = similarities(heatmap, reference)
        self.similarities.add(network, interpreter, values)
        # composites are all of the same two classes
        if labels.ndim == 1:
            self.classes.add_similarities(network, interpreter, values, labels)

    def add_measures(
        self,
        network: str,
        interpreter: str,
        loss: Tensor,
        measures: Sequence[Tensor],
        labels: Tensor,
        indices: Tensor,
    ) -> None:
        """Add the loss and the success measure of each part, labels and indices, (N,) each."""
        self.successes.add(network, interpreter, indices, loss, measures)
        if labels.ndim == 1:
            self.classes.add_measures(network, interpreter, measures, labels)

    def measurements(self) -> list[Measurement]:
        """Return everything that was measured, for all processes to compute."""
        counters = (
            self.accuracies,
            self.successes,
            self.outputs,
            self.similarities,
            self.localization,
            self.classes,
        )
        return [found for counter in counters for found in counter.measurements()]
