"""The influence study: how small changes swap the training images behind a prediction."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from tqdm import tqdm

from attacks import Attack, InfluenceAttack
from evaluation.accuracy import counts_of
from evaluation.attack_curves import AttackCurves, check_epsilons
from evaluation.attack_study import AttackStudy
from evaluation.influence_pictures import Examples, examples, influence_pictures
from evaluation.results import Number
from interpreters.influence import InfluenceFunctions, Influences
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch, data_of, take
from losses import spearman
from metrics import MeanCurve, correct, top_k_intersection, wilson_interval
from networks import Refitted, features
from seeds import generator, generators

MEASURES = {
    "top_k_intersection": "lower",
    "rank_correlation": "lower",
    "label_unchanged": "higher",
    "largest_change": "lower",
}
AT_ONCE = 64


class Fit(NamedTuple):
    """A network with its last layer fitted, and the influences on that layer's predictions."""

    network: Refitted
    influences: Influences


class Influence(AttackStudy):
    """Influences of training images before and after attacks of several sizes.

    The last layer of each network is fitted anew to the features of some training images, and the
    prediction of that layer is what the influences explain (Ghorbani et al. 2019, section 4).

    Args:
        networks: By name; the first of them decides the size of the images.
        influences: How influences are found, by name.
        attacks: By name; an influence attack is made against each of `influences` in turn.
        epsilons: Radii of the balls, in units of 1/255.
        training_images: How many training images there are to have influence, drawn by the seed; as
            they are in epoch 0, if the data change them.
        k: How many of the most influential count as the highest.
        seed: Seed of what is drawn.
    """

    name = "influence"
    explainer = "influences"
    shown = tuple(MEASURES)

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
        for name, given in (
            ("networks", networks),
            ("influences", influences),
            ("attacks", attacks),
        ):
            if not given:
                raise ValueError(f"`{name}` is empty; give at least one")
        check_epsilons(epsilons)
        if not 1 <= k < training_images:
            raise ValueError(
                f"`k` must be at least 1 and below `training_images`, got {k} and {training_images}"
            )
        super().__init__(networks)
        self.recipes, self.attacks, self.epsilons = influences, attacks, epsilons
        self.training_images, self.k, self.seed = training_images, k, seed
        self.figures: list[Number] = []
        self.examples: dict[tuple[str, str], Examples] = {}

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
        for recipe in self.recipes.values():
            recipe.loss.outputs(len(data.classes))
        keys = [*product(self.networks, self.recipes, self.attacks)]
        self.curves = AttackCurves(keys, MEASURES, self.epsilons)
        pairs = product(self.networks, self.recipes)
        self.hits = Metrics({"/".join(pair): MeanCurve() for pair in pairs})

    def on_test_start(self) -> None:
        """Fit the last layers, on every process alike."""
        train = data_of(self.trainer).images("train")
        order = torch.randperm(len(train), generator=generator(self.seed))
        self.drawn = order[: self.training_images]
        self.fits: dict[tuple[str, str], Fit] = {}
        classes = len(data_of(self.trainer).classes)
        for name, network in self.networks.items():
            read, labels = self._training_features(name, network)
            for key, recipe in self.recipes.items():
                found = recipe.fit(read, labels, classes)
                weight, bias = (part.to(read) for part in found.layer)
                self.fits[name, key] = Fit(Refitted(network, weight, bias), found)

    @torch.no_grad()
    def _training_features(self, name: str, network: nn.Module) -> tuple[Tensor, Tensor]:
        """Features (N, D) and labels (N,) of the training images."""
        train, read, labels = data_of(self.trainer).images("train"), [], []
        hidden = not self.trainer.is_global_zero
        for group in tqdm(self.drawn.split(AT_ONCE), f"Features of {name}", disable=hidden):
            images, some, _ = take(train, group.tolist())
            read.append(features(network, images.to(self.device).type(self.dtype))[1])
            labels.append(some.to(self.device))
        return torch.cat(read), torch.cat(labels)

    def fingerprints(self) -> dict[str, str]:
        """The training images' beside those of other studies."""
        return {**super().fingerprints(), "training": data_of(self.trainer).fingerprint("train")}

    def attack_of(self, name: str, influences: Influences, epsilon: float) -> Attack:
        """An attack against influences, with a ball of this many 255ths."""
        attack = replace(self.attacks[name], epsilon=epsilon / 255)
        if isinstance(attack, InfluenceAttack):
            return replace(attack, influences=influences)
        return attack

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Every attack of every size on each network and kind of influences."""
        images, labels, indices = batch
        for (network, name), fit in self.progress(self.fits.items()):
            logits, read = features(fit.network, images)
            self.hits[f"{network}/{name}"].update(correct(logits, labels, 1)[:, None])
            # the prediction is what is explained, and what must stay
            predicted = logits.argmax(1)
            before = fit.influences(read, predicted)
            for attack in self.progress(self.attacks):
                found = []
                for epsilon in self.progress(self.epsilons):
                    made = self.attack_of(attack, fit.influences, epsilon)
                    draws = generators(indices, self.seed)
                    attacked = made(fit.network, images, predicted, draws)
                    logits, read = features(fit.network, attacked)
                    moved = self._moved(fit.influences(read, predicted), before)
                    change = 255 * (attacked - images).abs().amax((1, 2, 3))
                    columns = (*moved, correct(logits, predicted, 1), change)
                    found.append(torch.stack([column.to(before) for column in columns], 1))
                self.curves.update((network, name, attack), torch.stack(found, 1))

    def _moved(self, after: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Share of the highest that stayed, and rank correlation, of influences (M, N)."""
        rows = (after[:, None, None], before[:, None, None])
        return top_k_intersection(*rows, self.k), spearman(*rows)

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.figures = []
        for network, name in self.fits:
            (hits,), images = counts_of(self.hits[f"{network}/{name}"])
            interval = wilson_interval(hits, images)
            self.figures.append(
                Number("accuracy_top1", hits / images, interval, "higher", network, images, name)
            )
        self.figures += self.curves.numbers()
        # while the networks are still where the attacks are fast
        if self.trainer.is_global_zero:
            self.examples = {pair: examples(self, fit) for pair, fit in self.fits.items()}

    @property
    def compared(self) -> str:
        """Of the influences on one prediction."""
        return f"of {self.training_images} training images' influences with those"

    def pictures(self) -> dict[str, Figure]:
        """The curves, and the most influential images of some before and after."""
        return influence_pictures(self)
