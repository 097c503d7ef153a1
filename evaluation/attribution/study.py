"""The attribution study: which interpreter finds the pixels that a network decides by?"""

from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from binary import two_logits
from evaluation.attribution.areas import AREAS, CURVES, GAINS, Areas, Key
from evaluation.attribution.findings import AttributionFindings, Score
from evaluation.attribution.maps import largest_of
from evaluation.attribution.measure import Explained, Measure
from evaluation.counts.cost import NAMES as COSTS
from evaluation.counts.cost import Cost
from evaluation.counts.localization import NAMES as POSITIONS
from evaluation.counts.localization import Localization
from evaluation.fills import BlackFill, Fill
from evaluation.measurements import Measurement, means
from evaluation.networks import by_name, check_roles
from evaluation.plots.panels import Panel
from evaluation.study import Study
from interpreters import Interpreter
from interpreters.base import snake_case
from lightning_modules.data import Batch, data_of, masks_of, names_of
from lightning_modules.names import humanize
from losses.finite import if_finite
from metrics import MeanCurve, Metrics
from metrics.insertion_deletion import insertion_deletion, steps_of
from metrics.pixel_orders import PixelOrder, standard

EXPLAINED, IMAGES = "explained", 6


class Attribution(Study):
    """Pixels are inserted or deleted, the most relevant first: insertion and deletion AUC.

    Scores are the areas under both curves (Petsiuk et al. 2018), their difference and AOPC (Samek
    et al. 2017), of the class that the scoring network predicts, and their gains over the first
    interpreter of the same order, image by image.

    Args:
        network: The network that is explained, or its name among `networks`.
        interpreters: By name.
        scorers: Further networks to score the same heatmaps on, or their names among `networks`.
        measures: Further measures on the network that is explained, by name.
        orders: How attributions become an order of the pixels, by name; values of different orders
            cannot be compared.
        fill: The perturbation baseline; black if not given.
        steps: Largest number of steps in which all pixels are inserted or deleted.
        chunk: Images in one forward pass.
        networks: Networks by name, for roles that are given by name.
    """

    name = AttributionFindings.study

    def __init__(
        self,
        network: nn.Module | str,
        interpreters: dict[str, Interpreter],
        scorers: dict[str, nn.Module] | list[str] | None = None,
        measures: dict[str, Measure] | None = None,
        orders: dict[str, PixelOrder] | None = None,
        fill: Fill | None = None,
        steps: int = 224,
        chunk: int = 128,
        networks: dict[str, nn.Module] | None = None,
    ) -> None:
        own = by_name(EXPLAINED, network, networks)
        others = by_name("scorers", scorers, networks) if scorers else {}
        check_roles(networks, own, others)
        super().__init__({**own, **others}, interpreters)
        (self.own,) = own
        for name, value in (("steps", steps), ("chunk", chunk)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1, got {value}")
        self.orders, self.fill = orders or {"standard": standard}, fill or BlackFill()
        self.most, self.chunk, self.measures = steps, chunk, measures or {}
        others_names = {"constant_attributions", *COSTS, *POSITIONS}
        if taken := self.measures.keys() & {*AREAS, *GAINS, *CURVES, *others_names}:
            raise ValueError(
                f"`measures` cannot be called {', '.join(taken)}, as other measurements are; "
                "rename them"
            )
        self.columns = {"constant_attributions": "lower"}
        self.columns |= {name: measure.better for name, measure in self.measures.items()}

    def explaining(self) -> dict[str, nn.Module]:
        """Return the one network that is explained; the others only score its heatmaps."""
        return {self.own: self.network}

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data, and begin to count."""
        super().setup(stage)
        data = data_of(self.trainer)
        size = (data.image_size, data.image_size)
        # as many pixels at once as make no more steps than wanted
        self.step = -(-size[0] * size[1] // self.most)
        self.steps = steps_of(size, self.step)
        pairs = self._pairs(size)
        self.orders_of = {
            name: [order for each, order in pairs if each == name] for name in self.interpreters
        }
        first: dict[str, str] = {}
        for name, order in pairs:
            first.setdefault(order, name)
        keys = [Key(scorer, *pair) for scorer, pair in product(self.networks, pairs)]
        self.areas = Areas(keys, first, self.steps)
        self.values = Metrics({name: MeanCurve(len(self.columns)) for name in self.interpreters})
        self.cost = Cost(self.interpreters)
        self.masked = hasattr(data, "masks")
        self.localization = Localization([self.own] if self.masked else [], self.interpreters)

    def _pairs(self, size: tuple[int, int]) -> list[tuple[str, str]]:
        """Return interpreters with their orders; an order may refuse maps of one channel."""
        found = []
        for (name, interpreter), (order, rank) in product(
            self.interpreters.items(), self.orders.items()
        ):
            try:
                rank(torch.zeros(1, 3 if interpreter.by_channel else 1, *size), self.step)
            except ValueError as error:
                self.refused[f"{name} in the order {order}"] = str(error)
            else:
                found.append((name, order))
        if not found:
            raise ValueError("no interpreter has an order: " + "; ".join(self.refused.values()))
        return found

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Count both curves of every interpreter, in every order, on every network."""
        images, labels, indices = batch
        without = self.fill.without(images, indices.tolist())
        logits = {name: two_logits(network(images)) for name, network in self.networks.items()}
        predicted = {name: found.argmax(1) for name, found in logits.items()}
        own = logits[self.own]
        masks = masks_of(self.trainer, indices).to(images) if self.masked else None
        explained = Explained(self.network, images, labels, indices, own, without)
        judges = [measure.judge(explained) for measure in self.measures.values()]
        first: dict[tuple[str, str], Tensor] = {}
        for name, interpreter in self.progress(self.interpreters.items()):
            classes = interpreter.explained(own, labels)[:, 0]
            with self.cost.measured(name, self.network, len(images)):
                found = interpreter.attribution(self.network, images, classes)
            self.not_finite.add(self.own, name, found)
            constant = found.flatten(1).amax(1) == found.flatten(1).amin(1)
            values = (judge(interpreter, found) for judge in judges)
            columns = torch.stack([constant.to(found), *values], 1)
            self.values[name].update(if_finite(columns, found))
            if masks is not None:
                self.localization.add(self.own, name, found.sum(1, keepdim=True), masks)
            for order, (scorer, network) in product(self.orders_of[name], self.networks.items()):
                when = self.orders[order](found, self.step)
                curves = insertion_deletion(
                    network, without, when, self.steps, predicted[scorer], self.chunk
                )
                finite = [if_finite(curve, found) for curve in curves]
                areas = self.areas.add(Key(scorer, name, order), finite, first.get((scorer, order)))
                first.setdefault((scorer, order), areas)

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.computed = self.areas.computed()
        self.measured = self.areas.measurements(self.computed)
        for name, values in self.values.items():
            self.measured += means(self.columns, values.compute(), self.own, interpreter=name)
        self.measured += self.cost.measurements(self.own) + self.localization.measurements()

    def measurements(self) -> list[Measurement]:
        """Return areas, gains, points of curves, further measures, and the cost."""
        return self.measured

    def findings(self, settings: dict[str, Any] | None = None) -> AttributionFindings:
        """Return the scores, and some images with every interpreter's heatmap."""
        scores = tuple(Score(*key, *points.values()) for key, points in self.computed.items())
        return AttributionFindings(
            self.results(settings),
            self.own,
            tuple(self.networks),
            tuple(self.interpreters),
            tuple(self.orders),
            self.areas.first,
            humanize(snake_case(type(self.fill).__name__)).removesuffix(" fill"),
            (*self.measures, *(["pointing_game"] if self.masked else [])),
            scores,
            self._panel(),
        )

    @torch.no_grad()
    def _panel(self) -> Panel:
        """Return some images with every interpreter's heatmap, each scaled to its highest value."""
        data, (images, labels, _) = data_of(self.trainer), self.sample(IMAGES)
        maps = {}
        for name, interpreter in self.interpreters.items():
            heatmap = interpreter(self.network, images, labels).heatmap
            maps[name] = (heatmap / largest_of(heatmap)).cpu()
        return Panel(images.cpu(), tuple(names_of(data, label) for label in labels), maps)
