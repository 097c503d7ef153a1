"""The study of active fooling: have the heatmaps of two classes changed places?"""

from collections.abc import Sequence

from torch import Tensor

from evaluation.fooling import Fooling
from lightning_modules.active_fooling import both_directions
from lightning_modules.data import Batch, Images, composites_of
from losses import Loss


class ActiveFooling(Fooling):
    """Accuracy on single images, and heatmaps on images that join two classes (Heo et al. 2019).

    Each class has its own success rate: how often its heatmap has become the other's.
    """

    def explained(self) -> Images:
        """The test composites."""
        return composites_of(self.trainer).composites("test")

    def judged(self) -> dict[str, Loss]:
        """The two classes, by the same loss."""
        return dict.fromkeys(composites_of(self.trainer).pair, self.loss)

    def measured(self, heatmap: Tensor, reference: Tensor) -> Sequence[Tensor]:
        """The success measure of the first class and of the second, shape (N,) each."""
        return both_directions(self.loss, heatmap, reference)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Accuracy of single images, heatmaps of composites."""
        images, labels, _ = batch
        if labels.ndim == 1:
            self.add_outputs(batch, {name: net(images) for name, net in self.networks.items()})
        else:
            self.add_heatmaps(batch)
