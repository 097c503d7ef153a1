"""The perturbation study: drop of the probability as regions are replaced (Samek et al. 2017)."""

from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from evaluation.fills import Fill, UniformFill
from evaluation.measurements import Measurement, means
from evaluation.networks import by_name, check_roles
from evaluation.perturbation.findings import PerturbationFindings
from evaluation.perturbation.orders import BETTER, KINDS, RANDOM, Order
from evaluation.perturbation.pictures import Curve
from evaluation.perturbation.regions import ordered, ranks_of, region_means, shuffles
from evaluation.study import Study
from interpreters import Interpreter
from lightning_modules.data import Batch, data_of
from losses.finite import is_finite
from metrics import MeanCurve, Metrics
from metrics.insertion_deletion import Without
from networks.goals import probability


class Perturbation(Study):
    """Regions are replaced in a heatmap's order, most or least relevant first, or at random.

    The mean drop of the label's probability over the steps is the area over the perturbation
    curve (AOPC; Samek et al. 2017, eq. 12). Heatmaps of each network are scored on both networks.
    This shows whether only the heatmap changed or also the evidence that the network uses.

    Args:
        original: The network before the manipulation, or its name among `networks`.
        manipulated: The network after it, or its name among `networks`.
        interpreters: Interpreters whose heatmaps order the regions, by name.
        region: Side of a region in pixels.
        steps: Regions that are replaced, one after another.
        fill: The perturbation baseline that replaces them.
        chunk: Images in one forward pass.
        seed: Seed of the random order, and of the order among equal regions.
        networks: Networks by name, for roles that are given by name.
    """

    name = PerturbationFindings.study

    def __init__(
        self,
        original: nn.Module | str,
        manipulated: nn.Module | str,
        interpreters: dict[str, Interpreter],
        region: int = 9,
        steps: int = 100,
        fill: Fill | None = None,
        chunk: int = 128,
        seed: int = 0,
        networks: dict[str, nn.Module] | None = None,
    ) -> None:
        first, second = (
            by_name("original", original, networks),
            by_name("manipulated", manipulated, networks),
        )
        check_roles(networks, first, second)
        super().__init__({**first, **second}, interpreters)
        (self.manipulated,) = second
        for name, value in (("region", region), ("steps", steps), ("chunk", chunk)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1, got {value}")
        self.region, self.steps = region, steps
        self.fill, self.chunk, self.seed = fill or UniformFill(seed), chunk, seed
        self.found: dict[tuple[str, Order], tuple[Tensor, Tensor]] = {}

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and that there are as many regions as steps."""
        super().setup(stage)
        data = data_of(self.trainer)
        fit = (-(-data.image_size // self.region)) ** 2
        if self.steps > fit:
            raise ValueError(
                f"`steps` is {self.steps}, and images of {data.image_size} pixels have only {fit} "
                f"regions of {self.region}; take fewer `steps` or a smaller `region`"
            )
        named = product(self.interpreters, self.networks, KINDS)
        orders = [*(Order(kind, name, owner) for name, owner, kind in named), RANDOM]
        keys = [*product(self.networks, orders)]
        self.drops = Metrics({key: MeanCurve(self.steps + 1) for key in keys})
        self.areas = Metrics({key: MeanCurve() for key in keys})

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Count the drop at every step of every order, on both networks."""
        images, labels, indices = batch
        size = (images.shape[2], images.shape[3])
        orders, clean = self._orders(images, labels, indices.tolist())
        without = self.fill.without(images, indices.tolist())
        for order, (regions, ranked) in orders.items():
            ranks = ranks_of(regions, self.region, size)
            for name, network in self.networks.items():
                after = self._probabilities(network, without, ranks, labels)
                drops = clean[name][:, None] - after
                # nothing is replaced at step 0
                drops = torch.cat([torch.zeros_like(drops[:, :1]), drops], 1)
                drops = torch.where(ranked[:, None], drops, torch.nan)
                self.drops[name, order].update(drops)
                self.areas[name, order].update(drops.mean(1, keepdim=True))

    def _orders(
        self, images: Tensor, labels: Tensor, indices: list[int]
    ) -> tuple[dict[Order, tuple[Tensor, Tensor]], dict[str, Tensor]]:
        """Return every order, and the labels' clean probabilities on each network, (N,).

        An order is the regions of each image, (N, R), and True where its heatmap is finite, (N,).
        """
        size = (images.shape[2], images.shape[3])
        count = -(-size[0] // self.region) * -(-size[1] // self.region)
        shuffle = shuffles(count, self.seed, indices).to(images.device)
        orders, clean = {RANDOM: (shuffle, torch.ones_like(labels, dtype=torch.bool))}, {}
        for (name, interpreter), (owner, network) in product(
            self.interpreters.items(), self.networks.items()
        ):
            logits, heatmap = interpreter(network, images, labels)
            clean[owner] = probability(logits, labels)
            self.not_finite.add(owner, name, heatmap)
            scores = region_means(heatmap, self.region, size)
            for kind, most_first in KINDS.items():
                regions = ordered(scores, shuffle, most_first)
                orders[Order(kind, name, owner)] = (regions, is_finite(heatmap))
        return orders, clean

    def _probabilities(
        self, network: nn.Module, without: Without, ranks: Tensor, labels: Tensor
    ) -> Tensor:
        """Return the label's probability after each step, shape (N, steps)."""
        every = torch.arange(len(labels) * self.steps, device=labels.device)
        found = []
        for part in every.split(self.chunk):
            image, step = part // self.steps, part % self.steps + 1
            replaced = ranks[image] < step[:, None, None, None]
            logits = network(without(image, replaced))
            found.append(probability(logits, labels[image]))
        return torch.cat(found).view(len(labels), self.steps)

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.found = {
            key: (drops.compute().cpu(), self.areas[key].compute().cpu())
            for key, drops in self.drops.items()
        }

    def measurements(self) -> list[Measurement]:
        """Return every area, and every point of every curve."""
        found = []
        for (network, order), (drops, area) in self.found.items():
            better = BETTER[order.kind]
            labels: dict[str, Any] = {"interpreter": order.interpreter, "heatmaps": order.heatmaps}
            found += means({f"aopc_{order.kind}": better}, area, network, **labels)
            for x, point in enumerate(drops.split(1, 1)):
                found += means({f"drop_{order.kind}": better}, point, network, x=x, **labels)
        return found

    def findings(self, settings: dict[str, Any] | None = None) -> PerturbationFindings:
        """Return the areas and the curves."""
        return PerturbationFindings(
            self.results(settings),
            self.manipulated,
            tuple(self.networks),
            tuple(self.interpreters),
            tuple(
                Curve(network, *order, drops) for (network, order), (drops, _) in self.found.items()
            ),
        )
