"""Adversarial training: a network learns from the images that fool it (Madry et al. 2018)."""

from dataclasses import fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics import MeanMetric

from attacks import PGD, Divergence, PredictionAttack, divergence
from lightning_modules.classifier import Classifier
from lightning_modules.data import Batch
from metrics import correct
from networks import evaluating
from seeds import generators


class AdversarialTraining(Classifier):
    """Cross-entropy on images that an attack has changed (Madry et al. 2018, eq. 2.1).

    The attack sees the network in evaluation mode. The best checkpoint is the one that is most
    often right on validation images which PGD has changed as much as the attack changes them.

    Args:
        attack: What changes the training images.
        warmup: Share of the run in which the attack grows from nothing to its full size.
        seed: Seed of the attack's random starts, with the epoch and the image.
        kwargs: What `Classifier` takes.
    """

    def __init__(
        self,
        *args: Any,
        attack: PredictionAttack | None = None,
        warmup: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not 0 <= warmup <= 1:
            raise ValueError(f"`warmup` must be a share of the run in [0, 1], got {warmup}")
        self.attack, self.warmup, self.seed = attack or PGD(), warmup, seed
        sizes = {field.name: getattr(self.attack, field.name) for field in fields(PredictionAttack)}
        self.judge = PGD(**sizes)
        self.metrics["robust_accuracy_top1"] = MeanMetric()

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Cross-entropy of the changed batch."""
        loss = F.cross_entropy(self.network(self.changed(batch)), batch[1])
        return self.log_terms({"loss": loss})

    def changed(self, batch: Batch) -> Tensor:
        """The images as the attack, at its size in this step, changes them."""
        images, labels, indices = batch
        # an image's start depends on nothing that a resumed run or another batch would change
        starts = generators(indices, self.seed, self.current_epoch)
        attack = self.attack
        if self.warmup:
            growing = self.warmup * self.trainer.estimated_stepping_batches
            attack = attack.scaled(min(1.0, (self.global_step + 1) / growing))
        with evaluating(self.network):
            return attack(self.network, images, labels, starts)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Gather the accuracy on images as they are and as PGD changes them."""
        super().validation_step(batch, batch_idx)
        images, labels, indices = batch
        starts = generators(indices, self.seed)
        logits = self.network(self.judge(self.network, images, labels, starts))
        self.metrics["robust_accuracy_top1"].update(correct(logits, labels, 1).float())

    test_step = validation_step

    def on_validation_epoch_end(self) -> None:
        """Log the metrics; the score is the accuracy on changed images."""
        results = self.results()
        bar = ("accuracy_top1", "robust_accuracy_top1")
        self.log_results(results, score=results["robust_accuracy_top1"], on_bar=bar)


class Trades(AdversarialTraining):
    """Cross-entropy, and a prediction that an attack does not move (Zhang et al. 2019, eq. 5).

    Args:
        attack: What moves the prediction of the training images.
        beta: Weight of the divergence between both predictions, 1 / lambda in the paper.
        kwargs: What `AdversarialTraining` takes.
    """

    def __init__(
        self, *args: Any, attack: PredictionAttack | None = None, beta: float = 6.0, **kwargs: Any
    ) -> None:
        super().__init__(*args, attack=attack or Divergence(), **kwargs)
        if not 0 <= beta < float("inf"):
            raise ValueError(f"`beta` must be finite and not negative, got {beta}")
        self.beta = beta

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Cross-entropy of the images plus beta times the divergence of the changed ones."""
        images, labels, _ = batch
        # one pass, in which BatchNorm sees both halves
        both = torch.cat([images, self.changed(batch)])
        clean, changed = self.network(both).chunk(2)
        cross_entropy = F.cross_entropy(clean, labels)
        moved = divergence(changed, clean.log_softmax(1)).mean()
        loss = cross_entropy + self.beta * moved
        return self.log_terms({"cross_entropy": cross_entropy, "divergence": moved, "loss": loss})
