"""The perturbation study: how much of a decision is where a heatmap says (Samek et al. 2017)."""

from itertools import product
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from evaluation.figures import curves
from evaluation.fills import Fill, UniformFill
from evaluation.orders import BETTER, KINDS, RANDOM, Order
from evaluation.regions import ordered, ranks_of, region_means, shuffles
from evaluation.results import Number, Results, words
from evaluation.study import Study
from interpreters import Interpreter
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch, data_of
from metrics import MeanCurve
from metrics.insertion_deletion import Without
from networks.goals import probability


class Perturbation(Study):
    """Regions are replaced in a heatmap's order, most or least relevant first, or at random.

    The mean drop of the label's probability over the steps is the area over the perturbation
    curve (AOPC; Samek et al. 2017, eq. 12). Heatmaps of the original and of the manipulated
    network are each scored on both, so that a heatmap that has changed can be told from a
    network that looks elsewhere.

    Args:
        original: The network before the manipulation.
        manipulated: The network after it.
        interpreters: Interpreters whose heatmaps order the regions, by name.
        region: Side of a region in pixels.
        steps: Regions that are replaced, one after another.
        fill: What takes their place.
        chunk: Images in one forward pass.
        seed: Seed of the random order, and of the order among equal regions.
    """

    name = "perturbation"

    def __init__(
        self,
        original: nn.Module,
        manipulated: nn.Module,
        interpreters: dict[str, Interpreter],
        region: int = 9,
        steps: int = 100,
        fill: Fill | None = None,
        chunk: int = 128,
        seed: int = 0,
    ) -> None:
        super().__init__({"original": original, "manipulated": manipulated}, interpreters)
        for name, value in (("region", region), ("steps", steps), ("chunk", chunk)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1, got {value}")
        self.region, self.steps = region, steps
        self.fill, self.chunk, self.seed = fill or UniformFill(seed), chunk, seed
        self.found: dict[str, tuple[Tensor, Tensor]] = {}

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
        orders = product(self.interpreters, self.networks, KINDS)
        self.orders = [*(Order(*order) for order in orders), RANDOM]
        names = [_name(*pair) for pair in product(self.networks, self.orders)]
        self.drops = Metrics({name: MeanCurve(self.steps + 1) for name in names})
        self.areas = Metrics({name: MeanCurve() for name in names})

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """The drop at every step of every order, on both networks."""
        images, labels, indices = batch
        numbers = indices.tolist()
        size = (images.shape[2], images.shape[3])
        orders, clean = self._orders(images, labels, numbers)
        without = self.fill.without(images, numbers)
        for order, regions in orders.items():
            ranks = ranks_of(regions, self.region, size)
            for name, network in self.networks.items():
                after = self._probabilities(network, without, ranks, labels)
                drops = clean[name][:, None] - after
                # nothing is replaced at step 0
                drops = torch.cat([torch.zeros_like(drops[:, :1]), drops], 1)
                key = _name(name, order)
                self.drops[key].update(drops)
                self.areas[key].update(drops.mean(1, keepdim=True))

    def _orders(
        self, images: Tensor, labels: Tensor, numbers: list[int]
    ) -> tuple[dict[Order, Tensor], dict[str, Tensor]]:
        """The regions in every order, (N, R) each, and each network's probability of the label."""
        size = (images.shape[2], images.shape[3])
        count = -(-size[0] // self.region) * -(-size[1] // self.region)
        shuffle = shuffles(count, self.seed, numbers).to(images.device)
        orders, clean = {RANDOM: shuffle}, {}
        for (name, interpreter), owner in product(self.interpreters.items(), self.networks):
            logits, heatmap = interpreter(self.networks[owner], images, labels)
            clean[owner] = probability(logits, labels)
            scores = region_means(heatmap, self.region, size)
            for kind, most_first in KINDS.items():
                orders[Order(name, owner, kind)] = ordered(scores, shuffle, most_first)
        return orders, clean

    def _probabilities(
        self, network: nn.Module, without: Without, ranks: Tensor, labels: Tensor
    ) -> Tensor:
        """The label's probability after each step, shape (N, steps)."""
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
            key: (self.drops[key].compute().cpu(), self.areas[key].compute().cpu())
            for key in self.drops
        }

    def numbers(self) -> list[Number]:
        """Every area, and every point of every curve."""
        numbers = []
        for network, order in product(self.networks, self.orders):
            drops, area = self.found[_name(network, order)]
            better = BETTER[order.kind]
            mean, half, images = area[:, 0].tolist()
            shared: dict[str, Any] = {"better": better, "network": network, "n": int(images)}
            shared |= order.labels
            interval = (mean - half, mean + half)
            numbers.append(Number(f"aopc_{order.kind}", mean, interval, **shared))
            for x, (mean, half, _) in enumerate(drops.T.tolist()):
                interval = (mean - half, mean + half)
                numbers.append(Number(f"drop_{order.kind}", mean, interval, x=x, **shared))
        return numbers

    def sentences(self, results: Results) -> list[str]:
        """How much of the manipulated network's decisions lies where its own heatmaps say."""
        network = "manipulated"
        chance = results.find("aopc_random", network=network).value
        return [
            f"{name.replace('_', ' ').capitalize()} of the manipulated network: replacing what it "
            f"calls most relevant lowers the probability of the label by {area.value:.3f} on "
            f"average, replacing regions at random by {chance:.3f}."
            for name in self.interpreters
            for labels in [{"network": network, "interpreter": name, "heatmaps": network}]
            for area in [results.find("aopc_morf", **labels)]
        ]

    def summary(self, results: Results) -> list[list[str]]:
        """The areas, a column for the network that they are scored on."""
        rows = [["", *(f"on the {name}" for name in self.networks)]]
        for order in self.orders:
            title = f"AOPC {order.kind}"
            if order != RANDOM:
                name = words(order.interpreter)
                title = f"{title} {name}, heatmaps of the {order.heatmaps}"
            found = [
                results.find(f"aopc_{order.kind}", network=network, **order.labels)
                for network in self.networks
            ]
            rows.append([title, *(f"{area.value:.4f}" for area in found)])
        return rows

    def pictures(self) -> dict[str, Figure]:
        """The curves of each interpreter, a panel for each network."""
        pictures = {}
        for name in self.interpreters:
            orders = [order for order in self.orders if order.interpreter in (name, "random")]
            panels = {
                network: {
                    (order.heatmaps, order.kind): self.found[_name(network, order)][0]
                    for order in orders
                }
                for network in self.networks
            }
            pictures[f"{name}_perturbation"] = curves(panels)
        return pictures


def _name(network: str, order: Order) -> str:
    return "/".join([network, *order])
