"""The study of active fooling: did the heatmaps of two classes change places? (Heo et al. 2019)."""

from torch import Tensor

from binary import two_logits
from evaluation.fooling.study import Fooling
from lightning_modules.active_fooling import both_directions
from lightning_modules.data import Batch, Images, composites_of
from losses import Loss


class ActiveFooling(Fooling):
    """Accuracy on single images, and heatmaps on images that join two classes (Heo et al. 2019).

    Each class has its own success rate: the share of composites on which its heatmap became the
    other's.
    """

    def explained(self) -> Images:
        """Return the test composites."""
        return composites_of(self.trainer).composites("test")

    def judged(self) -> dict[str, Loss]:
        """Return the same loss for both classes, by name."""
        return dict.fromkeys(composites_of(self.trainer).pair, self.loss)

    def measures(self, heatmaps: list[Tensor], reference: Tensor) -> list[Tensor]:
        """Return the success measure of the first class and of the second, shape (N,) each."""
        return [*both_directions(self.loss, heatmaps[0], reference)]

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Count the accuracy of single images, or the heatmaps of composites."""
        images, labels, _ = batch
        if labels.ndim == 1:
            outputs = {name: two_logits(network(images)) for name, network in self.networks.items()}
            self.counts.add_outputs(outputs, labels)
        else:
            self.add_heatmaps(batch)
