"""The fragility study: heatmaps before and after attacks (Ghorbani et al. 2019)."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from attacks import Attack
from attacks.top_k import check_k
from evaluation.counts.attack_curves import AttackCurves, Key
from evaluation.counts.not_finite import NotFinite
from evaluation.counts.shares import shares
from evaluation.fragility.base import AttackStudy
from evaluation.fragility.checks import check_attacks
from evaluation.fragility.findings import FragilityFindings
from evaluation.fragility.movement import MEASURES, movement
from evaluation.fragility.pictures import AttackedImages, Heatmaps
from evaluation.refusals import attackable
from interpreters import Explanation, Interpreter
from lightning_modules.data import Batch, data_of, names_of, take
from metrics import MeanCurve, Metrics, Sample, correct
from seeds import generators


class Fragility(AttackStudy):
    """Heatmaps before and after attacks of several sizes, on the same network.

    Only images that the network classifies correctly are attacked.

    Args:
        networks: By name; the data are fitted to the input size of the first.
        interpreters: Whose heatmaps are attacked and compared, by name.
        attacks: By name; a heatmap attack is made against each interpreter in turn, or against the
            interpreter that it was given, whatever the heatmaps that are compared.
        epsilons: Radii of the attacks, in units of 1/255.
        k: How many positions count as the highest, or as a number below 1 which share of all.
        seed: Seed of random attacks, with the index of the image.
    """

    name = FragilityFindings.study

    def __init__(
        self,
        networks: dict[str, nn.Module],
        interpreters: dict[str, Interpreter],
        attacks: dict[str, Attack],
        epsilons: Sequence[float] = (0, 1, 2, 4, 8),
        k: int | float = 0.02,
        seed: int = 0,
    ) -> None:
        check_k(k)
        super().__init__(networks, interpreters, attacks, epsilons, seed)
        self.k = k
        self.examples: dict[str, dict[str, AttackedImages]] = {}

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data and the attacks, and begin to count.

        Raises: ValueError: no interpreter can be attacked, or an attack cannot be made.
        """
        super().setup(stage)
        self.interpreters, fixed = attackable(self.interpreters, self.attacks)
        self.refused |= fixed
        self.not_finite = NotFinite(self.networks, self.interpreters)
        first = take(self.explained(), [0])
        still = {name: self.sized(name, 0, first[2]) for name in self.attacks}
        check_attacks(self.networks, self.interpreters, still, first, self.k, self.seed)
        pairs = [*product(self.networks, self.interpreters)]
        keys: list[Key] = [(*pair, attack) for pair, attack in product(pairs, self.attacks)]
        self.hits = Metrics({name: MeanCurve() for name in self.networks})
        self.curves = AttackCurves(keys, MEASURES, self.epsilons)
        test = data_of(self.trainer).images("test")
        columns = len(self.attacks) * take(test, [0])[0].numel()
        self.attacked = Metrics({pair: Sample(len(test), columns) for pair in pairs})

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Make every attack of every size against each network and interpreter."""
        images, labels, indices = batch
        for network_name, network in self.progress(self.networks.items()):
            right = correct(network(images), labels, 1)
            self.hits[network_name].update(right[:, None])
            if not right.any():
                continue
            chosen = (images[right], labels[right], indices[right])
            for name, interpreter in self.progress(self.interpreters.items()):
                pair = (network_name, name)
                before = interpreter(network, *chosen[:2])
                self.not_finite.add(*pair, before.heatmap)
                largest = []
                for attack in self.progress(self.attacks):
                    values, attacked = self._moved(pair, before, attack, chosen)
                    self.curves.add((*pair, attack), values)
                    largest.append(attacked)
                self.attacked[pair].update(chosen[2], torch.stack(largest, 1).flatten(1))

    def _moved(
        self, pair: tuple[str, str], before: Explanation, attack: str, batch: Batch
    ) -> tuple[Tensor, Tensor]:
        """Return each measure at each size, (N, sizes, measures), and the images of the largest."""
        images, labels, indices = batch
        network, interpreter, found = self.networks[pair[0]], self.interpreters[pair[1]], []
        for epsilon in self.progress(self.epsilons):
            made = self.sized(attack, epsilon, indices).against(interpreter)
            attacked = made(network, images, labels, generators(indices, self.seed))
            after = interpreter(network, attacked, labels)
            self.not_finite.add(*pair, after.heatmap)
            found.append(movement(before, after, images, attacked, self.k))
        return torch.stack(found, 1), attacked

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together.

        Raises: ValueError: a network classifies no image correctly.
        """
        self.measured = []
        for network in self.networks:
            (accuracy,) = shares({"accuracy_top1": "higher"}, self.hits[network], network)
            if not accuracy.value:
                raise ValueError(
                    f"the network {network} classifies none of the {accuracy.n} test images "
                    "correctly, so that none can be attacked; check its weights and its classes"
                )
            self.measured.append(accuracy)
        self.measured += self.curves.measurements()
        found = {pair: sample.compute() for pair, sample in self.attacked.items()}
        # while the networks are still where explaining is fast
        if self.trainer.is_global_zero:
            for network, name in product(self.networks, self.interpreters):
                shown = self._example(network, name, found[network, name])
                self.examples.setdefault(network, {})[name] = shown

    @torch.no_grad()
    def _example(self, network_name: str, name: str, found: Tensor) -> AttackedImages:
        """Return test images before and after attacks, given rows of an index and all pixels."""
        network, interpreter = self.networks[network_name], self.interpreters[name]
        images, labels, _ = self.images_at(found[:, 0].long())
        made = found[:, 1:].to(images).unflatten(1, (-1, *images.shape[1:])).unbind(1)
        before, *after = (
            Heatmaps(each.cpu(), interpreter(network, each, labels).heatmap.cpu())
            for each in (images, *made)
        )
        data = data_of(self.trainer)
        classes = tuple(names_of(data, label) for label in labels)
        return AttackedImages(classes, before, dict(zip(self.attacks, after, strict=True)))

    def findings(self, settings: dict[str, Any] | None = None) -> FragilityFindings:
        """Return the measurements, and some images before and after each attack."""
        return FragilityFindings(
            self.results(settings),
            tuple(self.networks),
            tuple(self.interpreters),
            tuple(self.attacks),
            self.examples,
        )
