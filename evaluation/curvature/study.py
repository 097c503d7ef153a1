"""The curvature study: the most fragile directions of explanations and of predictions."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from binary import two_logits
from evaluation.counts.attack_curves import check_epsilons
from evaluation.counts.not_finite import NotFinite
from evaluation.curvature.findings import ERRORS, CurvatureFindings
from evaluation.curvature.logit_curvature import (
    MEASURES,
    curvature_measures,
    linearization_errors,
    logit_curvature,
)
from evaluation.curvature.pictures import Angles
from evaluation.measurements import Measurement, means
from evaluation.plots.panels import Panel
from evaluation.study import Study
from lightning_modules.data import Batch, data_of, names_of, take
from metrics import Histogram, MeanCurve, Metrics
from networks import calls_relu, smoothed
from seeds import generators

ANGLES, BINS, IMAGES = ("angle", "random_angle"), 30, 4


class Curvature(Study):
    """The Hessian of the predicted class's logit in the image (Ghorbani et al. 2019, section 5).

    Args:
        networks: By name; the data are fitted to the input size of the first.
        beta: Sharpness of the softplus that replaces ReLU, which has no second derivative.
        scaled_beta: Give beta in units of the input of each ReLU, on each image.
        steps: How many products with the Hessian find its eigenvectors.
        leading: How many leading eigenvectors count in `participation`.
        directions: How many random directions each image is compared with.
        epsilons: Changes along the most fragile direction, in units of 1/255.
        seed: Seed of the random directions, with the index of the image.
    """

    name = CurvatureFindings.study

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
        self.errors = Metrics({key: MeanCurve(len(epsilons)) for key in product(networks, ERRORS)})
        self.angles = Metrics({key: Histogram(0, 90, BINS) for key in product(networks, ANGLES)})
        self.measured: list[Measurement] = []
        self.shown: dict[str, Panel] = {}

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
        self.not_finite = NotFinite(self.networks, [None])

    def random_directions(self, images: Tensor, indices: Tensor) -> Tensor:
        """Return random directions for each image, shape (1 + directions, N, D)."""
        shape = (1 + self.directions, images[0].numel())
        draws = generators(indices, self.seed)
        # the same in every precision
        each = [torch.randn(shape, generator=draw, dtype=torch.float) for draw in draws]
        return torch.stack(each, 1).to(images)

    def softened(self, network: nn.Module) -> nn.Module:
        """Return the network with softplus in the place of ReLU."""
        return smoothed(network, self.beta, self.scaled_beta)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Measure each network's curvature, and the errors of the changes that it predicts."""
        images, _, indices = batch
        start, *random = self.random_directions(images, indices)
        radii = [epsilon / 255 for epsilon in self.epsilons]
        for name, network in self.progress(self.networks.items()):
            labels, soft = two_logits(network(images)).argmax(1), self.softened(network)
            found = logit_curvature(soft, images, labels, start, self.steps, self.leading)
            self.not_finite.add(name, None, found.gradient)
            values = curvature_measures(found, torch.stack(random))
            self.values[name].update(values)
            for angle in ANGLES:
                self.angles[name, angle].update(values[:, MEASURES.index(angle)])
            for kind, changed in zip(ERRORS, (soft, network), strict=True):
                errors = linearization_errors(changed, images, labels, found, radii)
                self.errors[name, kind].update(errors)

    def on_test_epoch_end(self) -> None:
        """Bring the sums of all processes together."""
        self.measured = []
        for name in self.networks:
            neither = dict.fromkeys(MEASURES, "none")
            self.measured += means(neither, self.values[name].compute(), name)
            for kind in ERRORS:
                points = self.errors[name, kind].compute().split(1, 1)
                for epsilon, point in zip(self.epsilons, points, strict=True):
                    error = {"linearization_error": "none"}
                    self.measured += means(error, point, name, part=kind, x=epsilon)
        self.counts = {key: metric.compute().cpu() for key, metric in self.angles.items()}
        # while the networks are still where this is fast
        if self.trainer.is_global_zero:
            self.shown = {name: self._shown(name) for name in self.networks}

    @torch.no_grad()
    def _shown(self, name: str) -> Panel:
        """Return some test images with both most fragile directions of a network."""
        data, network = data_of(self.trainer), self.networks[name]
        images, labels, indices = self.sample(IMAGES)
        predicted, soft = two_logits(network(images)).argmax(1), self.softened(network)
        start = self.random_directions(images, indices)[0]
        found = logit_curvature(soft, images, predicted, start, self.steps, self.leading)
        directions = {
            "of the prediction": found.gradient,
            "of the explanation": found.eigenvectors[:, 0],
        }
        # of length 1, as only where they point is compared
        maps = {
            title: F.normalize(each).view_as(images).sum(1, keepdim=True).cpu()
            for title, each in directions.items()
        }
        return Panel(images.cpu(), tuple(names_of(data, label) for label in labels), maps)

    def measurements(self) -> list[Measurement]:
        """Return every measure of every network, and every point of the errors."""
        return self.measured

    def findings(self, settings: dict[str, Any] | None = None) -> CurvatureFindings:
        """Return the measurements, histograms of the angles, and the directions of some images."""
        angles = {
            name: Angles(*(self.counts[name, angle] for angle in ANGLES)) for name in self.networks
        }
        names = tuple(self.networks)
        return CurvatureFindings(self.results(settings), names, angles, self.shown)
