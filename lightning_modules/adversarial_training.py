"""Adversarial training (Madry et al. 2018) and TRADES (Zhang et al. 2019)."""

from dataclasses import fields
from typing import Any

import torch
from torch import Tensor
from torchmetrics import MeanMetric

from attacks import PGD, Divergence, PredictionAttack, divergence
from binary import two_logits
from lightning_modules.classifier import Classifier
from lightning_modules.cross_entropy import cross_entropy
from lightning_modules.data import Batch
from metrics import correct
from networks import evaluating
from seeds import generators


class AdversarialTraining(Classifier):
    """Training by cross-entropy on adversarial images (Madry et al. 2018, eq. 2.1).

    The attack sees the network in evaluation mode. The best checkpoint has the highest accuracy on
    validation images under PGD with the attack's epsilon and steps.

    Args:
        attack: Attack on the training images.
        warmup: Share of the run in which epsilon grows from 0 to its full size, in [0, 1].
        seed: Seed of the attack, with the epoch and the image.
        kwargs: Arguments of `Classifier`.
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
        self.test_attack = PGD(**sizes)
        self.metrics["robust_accuracy_top1"] = MeanMetric()

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Return the cross-entropy of the perturbed batch."""
        loss = cross_entropy(self.network(self.perturbed(batch)), batch[1])
        return self.log_terms({"loss": loss})

    def perturbed(self, batch: Batch) -> Tensor:
        """Return the images after the attack, at its epsilon in this step."""
        images, labels, indices = batch
        # the same start in a resumed run and in another batch
        starts = generators(indices, self.seed, self.current_epoch)
        attack = self.attack
        if self.warmup:
            growing = self.warmup * self.trainer.estimated_stepping_batches
            attack = attack.scaled(min(1.0, (self.global_step + 1) / growing))
        with evaluating(self.network):
            return attack(self.network, images, labels, starts)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Update the accuracy on original and on perturbed images."""
        super().validation_step(batch, batch_idx)
        images, labels, indices = batch
        starts = generators(indices, self.seed)
        logits = self.network(self.test_attack(self.network, images, labels, starts))
        self.metrics["robust_accuracy_top1"].update(correct(logits, labels, 1).float())

    test_step = validation_step

    def on_validation_epoch_end(self) -> None:
        """Log the metrics; the score is the accuracy on perturbed images."""
        results = self.results()
        bar = ("accuracy_top1", "robust_accuracy_top1")
        self.log_results(results, score=results["robust_accuracy_top1"], on_bar=bar)


class Trades(AdversarialTraining):
    """Training by cross-entropy and the divergence under an attack (Zhang et al. 2019, eq. 5).

    Args:
        attack: Attack on the training images.
        beta: Weight of the divergence between both predictions, 1 / lambda in the paper.
        kwargs: Arguments of `AdversarialTraining`.
    """

    def __init__(
        self, *args: Any, attack: PredictionAttack | None = None, beta: float = 6.0, **kwargs: Any
    ) -> None:
        super().__init__(*args, attack=attack or Divergence(), **kwargs)
        if not 0 <= beta < float("inf"):
            raise ValueError(f"`beta` must be finite and not negative, got {beta}")
        self.beta = beta

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Return cross-entropy plus beta times the divergence of the perturbed images."""
        images, labels, _ = batch
        # one pass, in which BatchNorm sees both halves
        both = torch.cat([images, self.perturbed(batch)])
        clean, changed = two_logits(self.network(both)).chunk(2)
        classified = cross_entropy(clean, labels)
        moved = divergence(changed, clean.log_softmax(1)).mean()
        loss = classified + self.beta * moved
        return self.log_terms({"cross_entropy": classified, "divergence": moved, "loss": loss})
