"""Seconds of a step of the studies over those of the bare passes that it needs.

The fooling study explains every image once by each interpreter on each network; the perturbation
study classifies every image once for each order, step and network. The passes are timed on the
same networks and batch, in the same rounds.
"""

import argparse
from itertools import product
from types import SimpleNamespace
from typing import cast

import torch
from lightning import Trainer
from rich.console import Console
from rich.table import Table
from torch import nn

from benchmarks.heatmaps import forward
from benchmarks.timing import Task, alternated, summary
from evaluation import Fooling, Perturbation, Study
from interpreters import (
    LRP,
    GradCam,
    InputXGradient,
    IntegratedGradients,
    Interpreter,
    SimpleGradient,
    SmoothGrad,
)
from lightning_modules.data import Batch
from losses import Location
from networks import torchvision_network

STEPS, SAMPLES = 16, 8
# each with its forward passes, and with its passes with the gradient of the pixels
INTERPRETERS: dict[str, tuple[Interpreter, int, int]] = {
    "grad_cam": (GradCam(), 1, 0),
    "lrp_last": (LRP("last"), 1, 0),
    "simple_gradient": (SimpleGradient(), 0, 1),
    "input_x_gradient": (InputXGradient(), 0, 1),
    "smooth_grad": (SmoothGrad(samples=SAMPLES), 1, SAMPLES),
    "integrated_gradients": (IntegratedGradients(STEPS), 0, STEPS),
}
REGION, REPLACED, CHUNK = 32, 12, 32


class RandomImages:
    """Images of noise, as a study asks for them."""

    classes = tuple(map(str, range(1000)))

    def __init__(self, count: int, image_size: int) -> None:
        self.count, self.image_size = count, image_size

    def images(self, split: str) -> "RandomImages":
        """Every split is the same."""
        return self

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """An image with its label and index."""
        source = torch.Generator().manual_seed(key[1])
        image = torch.rand(3, self.image_size, self.image_size, generator=source)
        return image, torch.tensor(key[1] % 1000), torch.tensor(key[1])


def step_of(study: Study, data: RandomImages, batch: Batch) -> Task:
    """A step of a study's test, without the rest of the test."""
    study.trainer = cast(Trainer, SimpleNamespace(datamodule=data))
    study.setup("test")
    return torch.no_grad()(lambda: study.test_step(batch, 0))


def tasks(name: str, count: int, size: int) -> dict[str, Task]:
    """A step of each study, and the passes it needs."""
    original, manipulated = (torchvision_network(name).eval() for _ in range(2))
    networks = (original, manipulated)
    data = RandomImages(count, size)
    images, labels, indices = (
        torch.stack(fields) for fields in zip(*(data[0, i] for i in range(count)), strict=True)
    )
    batch = images, labels, indices
    interpreters = {key: interpreter for key, (interpreter, _, _) in INTERPRETERS.items()}
    fooling = Fooling(original, manipulated, interpreters, Location())
    perturbation = Perturbation(
        original, manipulated, {"grad_cam": GradCam()}, REGION, REPLACED, chunk=CHUNK
    )

    def gradient(network: nn.Module) -> None:
        pixels = images.clone().requires_grad_()
        network(pixels).gather(1, labels[:, None]).sum().backward()

    def explanations() -> None:
        for network, (_, forwards, gradients) in product(networks, INTERPRETERS.values()):
            for _ in range(forwards):
                forward(network, images)
            for _ in range(gradients):
                gradient(network)

    def classifications() -> None:
        # most and least relevant first by the heatmaps of both networks, and at random
        orders = 2 * len(networks) + 1
        shown = images.repeat(CHUNK // count + 1, 1, 1, 1)[:CHUNK]
        for network in networks:
            forward(network, images)
            for _ in range(orders * REPLACED * count // CHUNK):
                forward(network, shown)

    return {
        "Fooling": step_of(fooling, data, batch),
        "its passes": explanations,
        "Perturbation": step_of(perturbation, data, batch),
        "its forward passes": classifications,
    }


def main() -> None:
    """Time the studies and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--batch", type=int, default=8, help="images in a batch")
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels")
    parser.add_argument("--rounds", type=int, default=5, help="rounds to time")
    options = parser.parse_args()
    taken = alternated(
        tasks(options.network, options.batch, options.size), options.rounds, options.network
    )
    table = Table("study", "over", "time")
    for study, passes in (("Fooling", "its passes"), ("Perturbation", "its forward passes")):
        table.add_row(study, passes, summary(taken[study], taken[passes]))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
