"""The attribution study: which interpreter finds the pixels that a network decides by."""

from itertools import product
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from evaluation.attribution_maps import attribution
from evaluation.attribution_pictures import attribution_pictures
from evaluation.attribution_tables import AREAS, GAINS, OWN, sentences, summary
from evaluation.cost import NAMES as COSTS
from evaluation.cost import Cost
from evaluation.fills import BlackFill, Fill
from evaluation.localization import NAMES as PLACES
from evaluation.localization import Localization
from evaluation.measure import Explained, Measure
from evaluation.results import Number, Results, means
from evaluation.study import Study
from interpreters import Interpreter
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch, data_of, masks_of
from metrics import MeanCurve
from metrics.insertion_deletion import area, insertion_deletion, steps_of
from metrics.pixel_orders import PixelOrder, standard

CURVES = {"insertion_curve": "higher", "deletion_curve": "lower"}
# what else has a figure of this name
OTHERS = {"constant_attributions", *COSTS, *PLACES}


class Attribution(Study):
    """Pixels come in or go, the most relevant first; how soon does the probability follow?

    The areas under both curves (Petsiuk et al. 2018), their difference, and the mean drop while
    pixels go (AOPC; Samek et al. 2017), of the class that the scoring network predicts; and what
    each gains over the first interpreter of its order, image by image.

    Args:
        network: The network that is explained.
        interpreters: By name.
        scorers: Further networks to score the same heatmaps on, by name.
        measures: What else to judge them by on the network that is explained, by name.
        orders: How attributions become an order of the pixels, by name; figures of different orders
            cannot be compared.
        fill: What takes the place of pixels; black if not given.
        steps: In how many steps all pixels come or go, at most.
        chunk: Images in one forward pass.
    """

    name = "attribution"

    def __init__(
        self,
        network: nn.Module,
        interpreters: dict[str, Interpreter],
        scorers: dict[str, nn.Module] | None = None,
        measures: dict[str, Measure] | None = None,
        orders: dict[str, PixelOrder] | None = None,
        fill: Fill | None = None,
        steps: int = 224,
        chunk: int = 128,
    ) -> None:
        if OWN in (scorers or {}):
            raise ValueError(f"`scorers` cannot be called {OWN}, as `network` is; rename it")
        super().__init__({OWN: network, **(scorers or {})}, interpreters)
        for name, value in (("steps", steps), ("chunk", chunk)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1, got {value}")
        self.orders, self.fill = orders or {"standard": standard}, fill or BlackFill()
        self.most, self.chunk, self.measures = steps, chunk, measures or {}
        if taken := self.measures.keys() & {*AREAS, *GAINS, *CURVES, *OTHERS}:
            raise ValueError(
                f"`measures` cannot be called {', '.join(taken)}, as other figures are; rename them"
            )
        self.judged = {"constant_attributions": "lower"}
        self.judged |= {name: measure.better for name, measure in self.measures.items()}

    def explaining(self) -> dict[str, nn.Module]:
        """Heatmaps are of one network; the others only score them."""
        return {OWN: self.network}

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        data = data_of(self.trainer)
        size = (data.image_size, data.image_size)
        # as many pixels at once as make no more steps than wanted
        self.step = -(-size[0] * size[1] // self.most)
        self.steps = steps_of(size, self.step)
        self.pairs = self._pairs(size)
        # the first interpreter of each order, which the others are compared with
        self.first: dict[str, str] = {}
        for name, order in self.pairs.values():
            self.first.setdefault(order, name)
        keys = [f"{scorer}/{pair}" for scorer in self.networks for pair in self.pairs]
        self.areas = Metrics({key: MeanCurve(len(AREAS)) for key in keys})
        self.gains = Metrics({f"{key}/gain": MeanCurve(len(GAINS)) for key in keys})
        self.curves = Metrics(
            {f"{key}/{kind}": MeanCurve(self.steps + 1) for key in keys for kind in CURVES}
        )
        self.values = Metrics({name: MeanCurve(len(self.judged)) for name in self.interpreters})
        self.cost = Cost(self.interpreters)
        masked = hasattr(data, "masks")
        self.localization = Localization([OWN] if masked else [], self.interpreters)
        self.found: dict[str, Tensor] = {}

    def _pairs(self, size: tuple[int, int]) -> dict[str, tuple[str, str]]:
        """Interpreter and order, by both names; an order may refuse what has one channel."""
        found = {}
        for (name, interpreter), (order, rank) in product(
            self.interpreters.items(), self.orders.items()
        ):
            try:
                rank(torch.zeros(1, 3 if interpreter.by_channel else 1, *size), self.step)
            except ValueError as error:
                self.refused[f"{name} in the order {order}"] = str(error)
            else:
                found[f"{name}/{order}"] = (name, order)
        if not found:
            raise ValueError("no interpreter has an order: " + "; ".join(self.refused.values()))
        return found

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Both curves of every interpreter, in every order, on every network."""
        images, labels, indices = batch
        without = self.fill.without(images, indices.tolist())
        logits = {name: net(images) for name, net in self.networks.items()}
        predicted = {name: found.argmax(1) for name, found in logits.items()}
        masks = masks_of(self.trainer, indices).to(images) if self.localization else None
        explained = Explained(self.network, images, labels, indices, logits[OWN], without)
        judges = [measure.judge(explained) for measure in self.measures.values()]
        first: dict[tuple[str, str], Tensor] = {}
        for name, interpreter in self.progress(self.interpreters.items()):
            classes = interpreter.explained(logits[OWN], labels)[:, 0]
            with self.cost.measured(name, self.network, len(images)):
                found = attribution(interpreter, self.network, images, classes)
            constant = found.flatten(1).amax(1) == found.flatten(1).amin(1)
            values = (judge(interpreter, found) for judge in judges)
            self.values[name].update(torch.stack([constant.to(found), *values], 1))
            if masks is not None:
                self.localization.add(OWN, name, found.sum(1, keepdim=True), masks)
            orders = [order for each, order in self.pairs.values() if each == name]
            for order, (scorer, net) in product(orders, self.networks.items()):
                insertion, deletion = insertion_deletion(
                    net,
                    without,
                    self.orders[order](found, self.step),
                    self.steps,
                    predicted[scorer],
                    self.chunk,
                )
                found_areas = self._count(f"{scorer}/{name}/{order}", insertion, deletion)
                gain = found_areas - first.setdefault((scorer, order), found_areas)
                self.gains[f"{scorer}/{name}/{order}/gain"].update(gain)

    def _count(self, key: str, insertion: Tensor, deletion: Tensor) -> Tensor:
        inside, outside = area(insertion), area(deletion)
        drop = (deletion[:, :1] - deletion).mean(1)
        areas = torch.stack([inside, outside, inside - outside, drop], 1)
        self.areas[key].update(areas)
        for kind, curve in zip(CURVES, (insertion, deletion), strict=True):
            self.curves[f"{key}/{kind}"].update(curve)
        return areas

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        metrics = {**self.areas, **self.gains, **self.curves, **self.values}
        self.found = {key: metric.compute().cpu() for key, metric in metrics.items()}
        self.costs = self.cost.numbers(OWN)
        self.located = self.localization.numbers()

    def numbers(self) -> list[Number]:
        """Every area and gain, every point of every curve, and what an explanation costs."""
        numbers: list[Number] = []
        for scorer, (pair, (name, order)) in product(self.networks, self.pairs.items()):
            key = f"{scorer}/{pair}"
            labels: dict[str, Any] = {"interpreter": name, "part": order}
            numbers += means(AREAS, self.found[key], scorer, **labels)
            if name != (first := self.first[order]):
                numbers += means(GAINS, self.found[f"{key}/gain"], scorer, against=first, **labels)
            for kind, better in CURVES.items():
                for x, point in enumerate(self.found[f"{key}/{kind}"].split(1, 1)):
                    numbers += means({kind: better}, point, scorer, x=x / self.steps, **labels)
        for name in self.interpreters:
            numbers += means(self.judged, self.found[name], OWN, interpreter=name)
        return numbers + self.costs + self.located

    def sentences(self, results: Results) -> list[str]:
        """Which interpreter is best in each order, and whose heatmaps say nothing."""
        return sentences(self, results)

    def summary(self, results: Results) -> list[list[str]]:
        """A line for each order, interpreter, the best first, and network."""
        return summary(self, results)

    def pictures(self) -> dict[str, Figure]:
        """The curves, and some images with every interpreter's heatmap."""
        return attribution_pictures(self)
