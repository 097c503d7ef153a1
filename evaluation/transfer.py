"""The transfer study: do images that fool one network fool another?"""

from collections.abc import Mapping
from itertools import product

import torch
from matplotlib.figure import Figure
from torch import nn

from attacks import Attack
from evaluation.accuracy import counts_of
from evaluation.figures import heat_table
from evaluation.results import Number, Results, words
from evaluation.study import Study
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch
from lightning_modules.pictures import show_image
from metrics import MeanCurve, correct, wilson_interval
from seeds import generators

IMAGES, AMPLIFIED = 6, 10


class Transfer(Study):
    """Attacks on some networks, and how often each network loses the label by their images.

    Of the images that a network classifies rightly, its success rate is the share that it does not
    once they are attacked (Dong et al. 2018, section 4.1).

    Args:
        networks: By name; the first of them decides the size of the images.
        attacks: On predictions, by name.
        sources: Names of the networks that are attacked; all if not given.
        seed: Seed of what attacks draw, with the image.
    """

    name = "transfer"

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        attacks: dict[str, Attack],
        sources: list[str] | None = None,
        seed: int = 0,
    ) -> None:
        for name, given in (("networks", networks), ("attacks", attacks)):
            if not given:
                raise ValueError(f"`{name}` is empty; give at least one")
        if unknown := set(sources or []) - set(networks):
            raise ValueError(
                f"`sources` names {', '.join(sorted(unknown))}, which `networks` has not; it has "
                f"{', '.join(networks)}"
            )
        super().__init__(networks)
        self.attacks, self.sources, self.seed = attacks, sources or [*networks], seed
        self.right = Metrics({name: MeanCurve() for name in networks})
        pairs = product(self.sources, attacks, networks)
        self.lost = Metrics({"/".join(names): MeanCurve() for names in pairs})
        self.figures: list[Number] = []

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Attack each source, and show the images to every network."""
        images, labels, indices = batch
        right = {name: correct(net(images), labels, 1) for name, net in self.networks.items()}
        for name, found in right.items():
            self.right[name].update(found[:, None])
        # an image that no network classifies rightly cannot be lost
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
                self.lost[f"{source}/{name}/{target}"].update(lost[:, None])

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together.

        Raises: ValueError: a network classifies no image rightly.
        """
        self.figures = []
        for target in self.networks:
            (hits,), images = counts_of(self.right[target])
            if not hits:
                raise ValueError(
                    f"the network {target} classifies none of the {images} test images rightly, so "
                    "that none can be lost; check its weights and its classes"
                )
            interval = wilson_interval(hits, images)
            self.figures.append(
                Number("accuracy_top1", hits / images, interval, "higher", target, images)
            )
        for source, attack, target in product(self.sources, self.attacks, self.networks):
            (lost,), images = counts_of(self.lost[f"{source}/{attack}/{target}"])
            rate, interval = lost / images, wilson_interval(lost, images)
            self.figures.append(
                Number(
                    "attack_success_rate",
                    rate,
                    interval,
                    "higher",
                    target,
                    images,
                    part=attack,
                    against=source,
                )
            )

    def numbers(self) -> list[Number]:
        """The accuracies and the success rates."""
        return self.figures

    def rates(self, results: Results, source: str) -> list[list[float]]:
        """Success rates of the attacks on one network, a row for each attack."""
        return [
            [
                results.find(
                    "attack_success_rate", network=target, part=attack, against=source
                ).value
                for target in self.networks
            ]
            for attack in self.attacks
        ]

    def sentences(self, results: Results) -> list[str]:
        """Which attack carries over best."""
        said = []
        for source in self.sources:
            others = [number for number, name in enumerate(self.networks) if name != source]
            if not others:
                continue
            means = [
                sum(row[number] for number in others) / len(others)
                for row in self.rates(results, source)
            ]
            best = max(range(len(means)), key=means.__getitem__)
            said.append(
                f"Of the attacks on {words(source)}, {words([*self.attacks][best])} carries over "
                f"best: other networks lose {100 * means[best]:.1f} % of the images on average."
            )
        return said

    def summary(self, results: Results) -> list[list[str]]:
        """A row for each source and attack, a column for each network that is shown its images."""
        rows = [["lost by", *map(words, self.networks)]]
        for source in self.sources:
            for attack, rates in zip(self.attacks, self.rates(results, source), strict=True):
                title = f"{words(attack)} on {words(source)}"
                rows.append([title, *(f"{100 * rate:.2f} %" for rate in rates)])
        return rows

    def pictures(self) -> dict[str, Figure]:
        """The success rates of each source as colours, and some attacked images."""
        results = Results(self.name, self.figures)
        tables = {
            f"{source}_success_rates": heat_table(
                self.rates(results, source),
                [*self.attacks],
                [*self.networks],
                named=(f"attack on {words(source)}", "lost by"),
            )
            for source in self.sources
        }
        return {**tables, "images": self._images()}

    def _images(self) -> Figure:
        """Some images, and what each attack on the first source adds to them."""
        images, labels, indices = self.some(IMAGES)
        rows = {"image": images}
        for name, attack in self.attacks.items():
            source, draws = self.networks[self.sources[0]], generators(indices, self.seed)
            change = attack(source, images, labels, draws) - images
            rows[f"{name}, {AMPLIFIED} times"] = 0.5 + AMPLIFIED * change
        size = (1.5 * len(images) + 0.6, 1.55 * len(rows))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(len(rows), len(images), squeeze=False)
        for line, (title, shown) in zip(axes, rows.items(), strict=True):
            line[0].set_ylabel(words(title), fontsize=8)
            for place, image in zip(line, shown, strict=True):
                show_image(place, image)
        return figure
