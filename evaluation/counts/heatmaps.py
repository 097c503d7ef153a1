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
from lightning_modules.data import Batch
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
        self.original, *others = networks
        self.accuracies = Accuracies(networks, manipulated)
        self.successes = Successes(networks, interpreters, judged, images)
        self.outputs = Outputs(networks, self.original)
        self.similarities = Similarities(others, interpreters)
        self.localization = Localization(networks if masked else (), interpreters)
        self.classes = Classes(networks, self.original, interpreters, judged, classes)

    def add_outputs(self, outputs: dict[str, Tensor], labels: Tensor) -> None:
        """Add the logits (N, K) of every network, and labels (N,)."""
        self.accuracies.add(outputs, labels)
        self.outputs.add(outputs, labels)
        self.classes.add_outputs(outputs, labels)

    def add(
        self,
        network: str,
        interpreter: str,
        heatmap: Tensor,
        reference: Tensor,
        loss: Tensor,
        measures: Sequence[Tensor],
        batch: Batch,
        masks: Tensor | None,
    ) -> None:
        """Add the heatmaps of a batch by one interpreter of one network.

        Args:
            network: its name.
            interpreter: its name.
            heatmap: shape (N, L, h, w).
            reference: the original's heatmaps of the same images, likewise.
            loss: the study's loss of each image, shape (N,).
            measures: the success measure of each part, shape (N,) each.
            batch: the images that were explained, with labels and indices.
            masks: of the objects, (N, 1, H, W), if the data have them.
        """
        _, labels, indices = batch
        self.successes.add(network, interpreter, indices, loss, measures)
        # composites are all of the same two classes
        if labels.ndim == 1:
            self.classes.add_measures(network, interpreter, measures, labels)
        if network != self.original:
            values = similarities(heatmap, reference)
            self.similarities.add(network, interpreter, values)
            if labels.ndim == 1:
                self.classes.add_similarities(network, interpreter, values, labels)
        if masks is not None:
            self.localization.add(network, interpreter, heatmap, masks)

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
