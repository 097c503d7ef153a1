"""The influence study: influences before and after attacks (Ghorbani et al. 2019)."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from attacks import Attack
from evaluation.counts.attack_curves import AttackCurves, Key
from evaluation.counts.not_finite import NotFinite
from evaluation.counts.shares import shares
from evaluation.fragility.base import AttackStudy
from evaluation.influence.findings import InfluenceFindings
from evaluation.influence.fits import Fit, fitted, training_features
from evaluation.influence.movement import MEASURES, movement
from evaluation.influence.pictures import HIGHEST, AttackedPredictions, Influenced
from interpreters.influence import InfluenceFunctions
from lightning_modules.data import Batch, data_of, names_of, take
from metrics import MeanCurve, Metrics, correct
from networks import features
from seeds import generator, generators

IMAGES = 3


class Influence(AttackStudy):
    """Influences of training images before and after attacks of several sizes.

    The last layer of each network is fitted anew to the features of some training images, and the
    prediction of that layer is what the influences explain (Ghorbani et al. 2019, section 4).

    Args:
        networks: By name; the data are fitted to the input size of the first.
        influences: Influence functions by name.
        attacks: By name; an influence attack is made against each of `influences` in turn.
        epsilons: Radii of the attacks, in units of 1/255.
        training_images: How many training images, sampled by the seed, have an influence; as they
            are in epoch 0, if the data change them.
        k: How many of the most influential count as the highest.
        seed: Seed of the training images and of random attacks.
    """

    name = InfluenceFindings.study

    def __init__(
        self,
        networks: dict[str, nn.Module],
        influences: dict[str, InfluenceFunctions],
        attacks: dict[str, Attack],
        epsilons: Sequence[float] = (0, 1, 2, 4, 8),
        training_images: int = 1000,
        k: int = 5,
        seed: int = 0,
    ) -> None:
        if not influences:
            raise ValueError("`influences` is empty; give at least one")
        if not 1 <= k < training_images:
            raise ValueError(
                f"`k` must be at least 1 and below `training_images`, got {k} and {training_images}"
            )
        super().__init__(networks, None, attacks, epsilons, seed)
        self.influences, self.training_images, self.k = influences, training_images, k
        self.examples: dict[str, dict[str, AttackedPredictions]] = {}

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count.

        Raises: ValueError: a network does not end in a linear layer, or there are too few images.
        """
        super().setup(stage)
        data = data_of(self.trainer)
        images = take(data.images("test"), [0])[0]
        for network in self.networks.values():
            features(network, images)
        if len(data.images("train")) < self.training_images:
            raise ValueError(
                f"`training_images` is {self.training_images}, and there are only "
                f"{len(data.images('train'))}; take fewer"
            )
        for functions in self.influences.values():
            functions.loss.outputs(len(data.classes))
        pairs = [*product(self.networks, self.influences)]
        keys: list[Key] = [(*pair, attack) for pair, attack in product(pairs, self.attacks)]
        self.curves = AttackCurves(keys, MEASURES, self.epsilons)
        self.hits = Metrics({pair: MeanCurve() for pair in pairs})
        self.not_finite = NotFinite(self.networks, self.influences)

    def on_test_start(self) -> None:
        """Fit the last layers, on every process alike."""
        data, like = data_of(self.trainer), torch.empty(0, device=self.device).type(self.dtype)
        train = data.images("train")
        order = torch.randperm(len(train), generator=generator(self.seed))
        self.sampled = order[: self.training_images]
        self.fits: dict[tuple[str, str], Fit] = {}
        for name, network in self.networks.items():
            title = f"Features of {name}" if self.trainer.is_global_zero else None
            read, labels = training_features(network, train, self.sampled, like, title)
            found = fitted(network, self.influences, read, labels, len(data.classes))
            self.fits |= {(name, key): fit for key, fit in found.items()}

    def data_fingerprints(self) -> dict[str, str]:
        """Return digests of the test images and of the training images."""
        training = data_of(self.trainer).fingerprint("train")
        return {**super().data_fingerprints(), "training": training}

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Make every attack of every size against each network's influences."""
        images, labels, _ = batch
        for pair, fit in self.progress(self.fits.items()):
            logits, read = features(fit.network, images)
            self.hits[pair].update(correct(logits, labels, 1)[:, None])
            # the prediction is what is explained, and what must stay
            predicted = logits.argmax(1)
            before = fit.influences(read, predicted)
            self.not_finite.add(*pair, before)
            for attack in self.progress(self.attacks):
                found = []
                for epsilon in self.progress(self.epsilons):
                    attacked = self._attacked(attack, epsilon, fit, batch, predicted)
                    logits, read = features(fit.network, attacked)
                    after = fit.influences(read, predicted)
                    self.not_finite.add(*pair, after)
                    unchanged = correct(logits, predicted, 1)
                    found.append(movement(before, after, unchanged, images, attacked, self.k))
                self.curves.add((*pair, attack), torch.stack(found, 1))

    def _attacked(
        self, attack: str, epsilon: float, fit: Fit, batch: Batch, predicted: Tensor
    ) -> Tensor:
        """Return the images of a batch after an attack of this size."""
        images, _, indices = batch
        made = self.sized(attack, epsilon, indices).against(fit.influences)
        return made(fit.network, images, predicted, generators(indices, self.seed))

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.measured = []
        for network, name in self.fits:
            hits = self.hits[network, name]
            self.measured += shares({"accuracy_top1": "higher"}, hits, network, interpreter=name)
        self.measured += self.curves.measurements()
        # while the networks are still where the attacks are fast
        if self.trainer.is_global_zero:
            for (network, name), fit in self.fits.items():
                self.examples.setdefault(network, {})[name] = self._example(fit)

    @torch.no_grad()
    def _example(self, fit: Fit) -> AttackedPredictions:
        """Return some test images before and after each attack of the largest size."""
        data, batch = data_of(self.trainer), self.sample(IMAGES)
        images, labels, _ = batch
        predicted = fit.network(images).argmax(1)
        after = {}
        for attack in self.attacks:
            attacked = self._attacked(attack, self.epsilons[-1], fit, batch, predicted)
            after[attack] = self._influenced(fit, attacked, predicted)
        return AttackedPredictions(
            tuple(names_of(data, label) for label in labels),
            tuple(names_of(data, label) for label in predicted),
            self._influenced(fit, images, predicted),
            after,
        )

    def _influenced(self, fit: Fit, images: Tensor, predicted: Tensor) -> Influenced:
        """Return all influences on some predictions, and the training images with the highest."""
        data = data_of(self.trainer)
        influences = fit.influences(features(fit.network, images)[1], predicted)
        ranked = influences.topk(min(HIGHEST, self.training_images)).indices.cpu()
        shown = [take(data.images("train"), which.tolist()) for which in self.sampled[ranked]]
        classes = tuple(tuple(names_of(data, label) for label in batch[1]) for batch in shown)
        highest = torch.stack([batch[0] for batch in shown])
        return Influenced(images.cpu(), influences.cpu(), highest, classes)

    def findings(self, settings: dict[str, Any] | None = None) -> InfluenceFindings:
        """Return the measurements, and some predictions before and after each attack."""
        return InfluenceFindings(
            self.results(settings),
            tuple(self.networks),
            tuple(self.influences),
            tuple(self.attacks),
            self.training_images,
            self.examples,
        )
