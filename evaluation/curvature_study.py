"""The curvature study: where explanations are fragile, beside where predictions are."""

from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from evaluation.attack_curves import check_epsilons
from evaluation.curvature import MEASURES, bend, linearization_errors, measured
from evaluation.curvature_pictures import BINS, Examples, curvature_pictures, examples
from evaluation.results import Number, Results, means, words
from evaluation.study import Study
from lightning_modules.classifier import Metrics
from lightning_modules.data import Batch, data_of, take
from metrics import Histogram, MeanCurve
from networks import calls_relu, smoothed
from seeds import generators

ERRORS = ("softplus", "relu")


class Curvature(Study):
    """The Hessian of the predicted class's logit in the image (Ghorbani et al. 2019, section 5).

    Args:
        networks: By name; the first of them decides the size of the images.
        beta: Sharpness of the softplus in the place of ReLU, which has no second derivative.
        scaled_beta: Whether it is in units of what enters each ReLU, on each image.
        steps: How many products with the Hessian find its eigenvectors.
        leading: How many of the leading eigenvectors the gradient's part in is measured.
        directions: How many random directions each image is compared with.
        epsilons: How far images go along the most fragile direction, in units of 1/255.
        seed: Seed of the random directions, with the image.
    """

    name = "curvature"

    def __init__(
        self,
        networks: dict[str, nn.Module],
        beta: float = 10.0,
        scaled_beta: bool = False,
        steps: int = 60,
        leading: int = 5,
        directions: int = 8,
        epsilons: Sequence[float] = (1, 2, 4, 8),
        seed: int = 0,
    ) -> None:
        if not networks:
            raise ValueError("`networks` is empty; give at least one")
        check_epsilons(epsilons)
        if not 1 <= leading <= steps or directions < 1:
            raise ValueError(
                "`leading` must be from 1 to `steps`, and `directions` at least 1, got "
                f"{leading}, {steps} and {directions}"
            )
        super().__init__(networks)
        self.beta, self.scaled_beta = beta, scaled_beta
        self.steps, self.leading = steps, leading
        self.directions, self.epsilons, self.seed = directions, epsilons, seed
        self.values = Metrics({name: MeanCurve(len(MEASURES)) for name in networks})
        self.errors = Metrics(
            {f"{name}/{kind}": MeanCurve(len(epsilons)) for name in networks for kind in ERRORS}
        )
        kinds = ("angle", "random_angle")
        self.angles = Metrics(
            {f"{name}/{kind}": Histogram(0, 90, BINS) for name in networks for kind in kinds}
        )
        self.figures: list[Number] = []
        self.examples: dict[str, Examples] = {}

    def setup(self, stage: str) -> None:
        """Check that the networks suit the data; raises ValueError where one calls no ReLU."""
        super().setup(stage)
        images = take(data_of(self.trainer).images("test"), [0])[0]
        for name, network in self.networks.items():
            if not calls_relu(network, images):
                raise ValueError(
                    f"the network {name} calls no ReLU that softplus could replace, so that its "
                    "Hessian is not that of a network with softplus; leave it out"
                )

    def drawn(self, images: Tensor, indices: Tensor) -> Tensor:
        """Random directions for each image, shape (1 + directions, N, D)."""
        shape = (1 + self.directions, images[0].numel())
        draws = generators(indices, self.seed)
        # the same in every precision
        each = [torch.randn(shape, generator=draw, dtype=torch.float) for draw in draws]
        return torch.stack(each, 1).to(images)

    def softened(self, network: nn.Module) -> nn.Module:
        """The network with softplus, whose logits bend."""
        return smoothed(network, self.beta, self.scaled_beta)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """The leading eigenvectors of each network's logits, and what they foretell."""
        images, _, indices = batch
        start, *random = self.drawn(images, indices)
        radii = [epsilon / 255 for epsilon in self.epsilons]
        for name, network in self.progress(self.networks.items()):
            labels, soft = network(images).argmax(1), self.softened(network)
            found = bend(soft, images, labels, start, self.steps, self.leading)
            values = measured(found, torch.stack(random))
            self.values[name].update(values)
            for kind in ("angle", "random_angle"):
                self.angles[f"{name}/{kind}"].update(values[:, MEASURES.index(kind)])
            for kind, which in zip(ERRORS, (soft, network), strict=True):
                errors = linearization_errors(which, images, labels, found, radii)
                self.errors[f"{name}/{kind}"].update(errors)

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.figures = []
        for name in self.networks:
            neither = dict.fromkeys(MEASURES, "none")
            self.figures += means(neither, self.values[name].compute(), name)
            for kind in ERRORS:
                points = self.errors[f"{name}/{kind}"].compute().T.tolist()
                self.figures += [
                    Number(
                        "linearization_error",
                        mean,
                        (mean - half, mean + half),
                        "none",
                        name,
                        int(count),
                        part=kind,
                        x=epsilon,
                    )
                    for epsilon, (mean, half, count) in zip(self.epsilons, points, strict=True)
                ]
        self.counts = {key: self.angles[key].compute() for key in self.angles}
        # while the networks are still where this is fast
        if self.trainer.is_global_zero:
            self.examples = {name: examples(self, name) for name in self.networks}

    def numbers(self) -> list[Number]:
        """Every measure of every network, and every point of the errors."""
        return self.figures

    def value(self, name: str, network: str) -> float:
        """A figure of a network."""
        (found,) = (n.value for n in self.figures if (n.name, n.network) == (name, network))
        return found

    def sentences(self, results: Results) -> list[str]:
        """How the two fragile directions of each network lie to each other."""
        return [
            f"On the network {name} the most fragile direction of the explanation lies at "
            f"{self.value('angle', name):.0f} degrees to that of the prediction, a random one at "
            f"{self.value('random_angle', name):.0f}; along it the explanation changes "
            f"{self.value('gain', name):.1f} times as much as along a random one."
            for name in self.networks
        ]

    def summary(self, results: Results) -> list[list[str]]:
        """Every measure, a row for each network."""
        rows = [["network", *(words(measure) for measure in MEASURES)]]
        for name in self.networks:
            rows.append([name, *(f"{self.value(measure, name):.3g}" for measure in MEASURES)])
        return rows

    def pictures(self) -> dict[str, Figure]:
        """The angles, the errors, and the directions of some images."""
        return curvature_pictures(self)
