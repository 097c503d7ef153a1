"""The transfer study: success of attacks on networks that they were not made for."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import torch
from torch import nn

from attacks import Attack
from evaluation.counts.shares import counts_of, shares
from evaluation.measurements import Measurement
from evaluation.study import Study
from evaluation.transfer.findings import TransferFindings
from files import shown
from lightning_modules.data import Batch
from metrics import MeanCurve, Metrics, correct
from seeds import generators
from suggestions import did_you_mean

IMAGES = 6


class Transfer(Study):
    """Attacks on some networks, and the share of their images that every network misclassifies.

    Of the images that a network classifies correctly, its success rate is the share that it
    misclassifies after the attack (Dong et al. 2018, section 4.1).

    Args:
        networks: By name; the first of them decides the size of the images.
        attacks: On predictions, by name.
        sources: Names of the networks that are attacked; all if not given.
        seed: Seed of the attacks' random numbers, with the image's index.
    """

    name = TransferFindings.study

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        attacks: dict[str, Attack],
        sources: list[str] | None = None,
        seed: int = 0,
    ) -> None:
        if not attacks:
            raise ValueError("`attacks` is empty; give at least one")
        for name in sources or []:
            if name not in networks:
                raise ValueError(
                    f"`sources` names {shown(name)}, which `networks` does not have"
                    f"{did_you_mean(name, networks)}; it has {', '.join(networks)}"
                )
        super().__init__(networks)
        self.attacks, self.sources, self.seed = attacks, sources or [*networks], seed
        self.correct = Metrics({name: MeanCurve() for name in networks})
        keys = product(self.sources, attacks, networks)
        self.lost = Metrics({key: MeanCurve() for key in keys})
        self.measured: list[Measurement] = []

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Attack each source, and classify the images by every network."""
        images, labels, indices = batch
        right = {name: correct(net(images), labels, 1) for name, net in self.networks.items()}
        for name, found in right.items():
            self.correct[name].update(found[:, None])
        # an image that no network classifies correctly cannot be lost
        known = torch.stack([*right.values()]).any(0)
        if not known.any():
            return
        images, labels, indices = images[known], labels[known], indices[known]
        for source, (name, attack) in self.progress(product(self.sources, self.attacks.items())):
            random = generators(indices, self.seed)
            attacked = attack(self.networks[source], images, labels, random)
            for target, network in self.networks.items():
                still = correct(network(attacked), labels, 1)
                lost = (~still)[right[target][known]]
                self.lost[source, name, target].update(lost[:, None])

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together.

        Raises: ValueError: a network classifies no image correctly.
        """
        self.measured = []
        for target, metric in self.correct.items():
            (hits,), (images,) = counts_of(metric)
            if not hits:
                raise ValueError(
                    f"the network {target} classifies none of the {images} test images correctly, "
                    "so that no attack can succeed; check its weights and its classes"
                )
            self.measured += shares({"accuracy_top1": "higher"}, metric, target)
        for (source, attack, target), metric in self.lost.items():
            labels = {"part": attack, "against": source}
            self.measured += shares({"attack_success_rate": "higher"}, metric, target, **labels)

    def measurements(self) -> list[Measurement]:
        """Return the accuracies and the success rates."""
        return self.measured

    @torch.no_grad()
    def findings(self, settings: dict[str, Any] | None = None) -> TransferFindings:
        """Return the rates, and some images with what each attack on the first source adds."""
        images, labels, indices = self.sample(IMAGES)
        source, changes = self.networks[self.sources[0]], {}
        for name, attack in self.attacks.items():
            attacked = attack(source, images, labels, generators(indices, self.seed))
            changes[name] = (attacked - images).cpu()
        return TransferFindings(
            self.results(settings),
            tuple(self.networks),
            tuple(self.sources),
            tuple(self.attacks),
            images.cpu(),
            changes,
        )
