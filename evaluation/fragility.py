"""The fragility study: how far small changes of the image move a heatmap (Ghorbani et al. 2019)."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import TypeVar

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from attacks import Attack, HeatmapAttack, ObjectMask, RandomWalk, TargetedAttack
from attacks.top_k import check_k
from evaluation.accuracy import counts_of
from evaluation.attack_checks import check_attacks
from evaluation.attack_curves import AttackCurves, check_epsilons
from evaluation.attack_study import AttackStudy
from evaluation.fragility_pictures import Examples, examples, fragility_pictures
from evaluation.movement import MEASURES, movement
from evaluation.refusals import attackable
from evaluation.results import Number
from interpreters import Explanation, Interpreter
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch, data_of, masks_of, take
from metrics import MeanCurve, Sample, correct, wilson_interval
from seeds import generators

Kind = TypeVar("Kind", bound=Attack)


class Fragility(AttackStudy):
    """Heatmaps before and after attacks of several sizes, on the same network.

    Only images that the network classifies rightly are attacked.

    Args:
        networks: By name; the first of them decides the size of the images.
        interpreters: Whose heatmaps are attacked and compared, by name.
        attacks: By name; a heatmap attack is made against each interpreter in turn, or against the
            interpreter that it was given, whatever the heatmaps that are compared.
        epsilons: Radii of the balls, in units of 1/255.
        k: How many places count as the highest, or as a number below 1 which share of all.
        seed: Seed of what attacks draw, with the image.
    """

    name = "fragility"
    explainer = "interpreter"
    shown = tuple(MEASURES)[:3]

    def __init__(
        self,
        networks: dict[str, nn.Module],
        interpreters: dict[str, Interpreter],
        attacks: dict[str, Attack],
        epsilons: Sequence[float] = (0, 1, 2, 4, 8),
        k: int | float = 0.02,
        seed: int = 0,
    ) -> None:
        for name, given in (("networks", networks), ("attacks", attacks)):
            if not given:
                raise ValueError(f"`{name}` is empty; give at least one")
        check_epsilons(epsilons)
        check_k(k)
        super().__init__(networks, interpreters)
        self.attacks, self.epsilons, self.k, self.seed = attacks, epsilons, k, seed
        self.figures: list[Number] = []
        self.examples: dict[tuple[str, str], Examples] = {}

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data and the attacks, and begin to count.

        Raises: ValueError: no interpreter can be attacked, or an attack cannot be made.
        """
        super().setup(stage)
        self.interpreters, fixed = attackable(self.interpreters, self.attacks)
        self.refused |= fixed
        check_attacks(self)
        self.hits = Metrics({name: MeanCurve() for name in self.networks})
        keys = [*product(self.networks, self.interpreters, self.attacks)]
        self.curves = AttackCurves(keys, MEASURES, self.epsilons)
        test = data_of(self.trainer).images("test")
        columns = len(self.attacks) * take(test, [0])[0].numel()
        pairs = product(self.networks, self.interpreters)
        self.attacked = Metrics({"/".join(pair): Sample(len(test), columns) for pair in pairs})

    def attack_of(
        self, name: str, interpreter: Interpreter, epsilon: float, indices: Tensor
    ) -> Attack:
        """An attack of some images against an interpreter, with a ball of this many 255ths."""
        attack = self._with_masks(replace(self.attacks[name], epsilon=epsilon / 255), indices)
        if isinstance(attack, HeatmapAttack) and attack.interpreter is None:
            return replace(attack, interpreter=interpreter)
        return attack

    def _with_masks(self, attack: Kind, indices: Tensor) -> Kind:
        """The attack with the objects of these images, if it is after them."""
        if isinstance(attack, RandomWalk):
            return replace(attack, like=self._with_masks(attack.like, indices))
        if isinstance(attack, TargetedAttack) and isinstance(attack.region, ObjectMask):
            region = replace(attack.region, masks=masks_of(self.trainer, indices))
            return replace(attack, region=region)
        return attack

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Every attack of every size on each network and interpreter."""
        images, labels, indices = batch
        for network_name, network in self.progress(self.networks.items()):
            right = correct(network(images), labels, 1)
            self.hits[network_name].update(right[:, None])
            if not right.any():
                continue
            chosen = (images[right], labels[right], indices[right])
            for name, interpreter in self.progress(self.interpreters.items()):
                before = interpreter(network, *chosen[:2])
                farthest = []
                for attack in self.progress(self.attacks):
                    values, attacked = self._measured(network, interpreter, before, attack, chosen)
                    self.curves.update((network_name, name, attack), values)
                    farthest.append(attacked)
                sample = self.attacked[f"{network_name}/{name}"]
                sample.update(chosen[2], torch.stack(farthest, 1).flatten(1))

    def _measured(
        self,
        network: nn.Module,
        interpreter: Interpreter,
        before: Explanation,
        attack: str,
        batch: Batch,
    ) -> tuple[Tensor, Tensor]:
        """Every measure of every size, shape (N, sizes, measures), and the images of the last."""
        images, labels, indices = batch
        found = []
        for epsilon in self.progress(self.epsilons):
            draws = generators(indices, self.seed)
            made = self.attack_of(attack, interpreter, epsilon, indices)
            attacked = made(network, images, labels, draws)
            after = interpreter(network, attacked, labels)
            found.append(movement(before, after, images, attacked, self.k))
        return torch.stack(found, 1), attacked

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together.

        Raises: ValueError: a network classifies no image rightly.
        """
        self.figures = []
        for network in self.networks:
            (hits,), images = counts_of(self.hits[network])
            if not hits:
                raise ValueError(
                    f"the network {network} classifies none of the {images} test images rightly, "
                    "so that none can be attacked; check its weights and its classes"
                )
            interval = wilson_interval(hits, images)
            self.figures.append(
                Number("accuracy_top1", hits / images, interval, "higher", network, images)
            )
        self.figures += self.curves.numbers()
        for pair in product(self.networks, self.interpreters):
            found = self.attacked["/".join(pair)].compute()
            if self.trainer.is_global_zero:
                self.examples[pair] = examples(self, *pair, found)

    @property
    def compared(self) -> str:
        """Of the heatmaps of an image."""
        return "with the heatmap"

    def pictures(self) -> dict[str, Figure]:
        """The curves, and some images with their heatmaps before and after."""
        return fragility_pictures(self)
