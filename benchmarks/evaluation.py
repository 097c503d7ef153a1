"""Seconds of a step of the studies over those of the bare passes that it needs.

The fooling study explains every image once by each interpreter on each network; the perturbation
study classifies every image once for each order, step and network, and so does pixel flipping, with
single pixels for regions. The passes are timed on the same networks and batch, in the same rounds.
Those of perturbed images are forward passes of the very images that the study has perturbed, and
give the same probabilities.
"""

import argparse
from itertools import product
from types import SimpleNamespace
from typing import cast

import torch
from lightning import Trainer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks.heatmaps import forward
from benchmarks.shipped import INTERPRETERS, with_few
from benchmarks.timing import Task, alternated, summary
from evaluation import Fooling, Perturbation, Study
from lightning_modules.data import Batch
from losses import CenterMass
from networks import torchvision_network

STEPS, SAMPLES = 16, 8
# each with its forward passes, and with its passes with the gradient of the pixels
PASSES = {
    "grad_cam": (1, 0),
    "lrp_last": (1, 0),
    "simple_gradient": (0, 1),
    "input_x_gradient": (0, 1),
    "smooth_grad": (1, SAMPLES),
    "integrated_gradients": (0, STEPS),
}
# regions along each side, and how many are replaced
GRID, REPLACED, CHUNK = 7, 12, 32
STUDIES = {
    "Fooling": "its passes",
    "Perturbation": "its forward passes",
    "Pixel flipping": "its forward passes of single pixels",
}


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


def passes_of(step: Task, networks: tuple[nn.Module, ...]) -> Task:
    """Forward passes of all images that a step shows to networks.

    Raises: AssertionError: the passes give other probabilities than the step's own.
    """
    shown: list[tuple[nn.Module, Tensor, Tensor]] = []

    def note(network: nn.Module, inputs: tuple[Tensor], logits: Tensor) -> None:
        shown.append((network, inputs[0].detach(), logits.detach()))

    handles = [network.register_forward_hook(note) for network in networks]
    step()
    for handle in handles:
        handle.remove()
    for network, images, logits in shown:
        with torch.no_grad():
            found = network(images)
        torch.testing.assert_close(found.softmax(1), logits.softmax(1))
    return lambda: [forward(network, images) for network, images, _ in shown]


def tasks(name: str, count: int, size: int) -> dict[str, Task]:
    """A step of each study, and the passes it needs."""
    original, manipulated = (torchvision_network(name).eval() for _ in range(2))
    networks = (original, manipulated)
    data = RandomImages(count, size)
    images, labels, indices = (
        torch.stack(fields) for fields in zip(*(data[0, i] for i in range(count)), strict=True)
    )
    batch = images, labels, indices
    interpreters = {
        key: with_few(INTERPRETERS[key], steps=STEPS, samples=SAMPLES) for key in PASSES
    }
    fooling = Fooling(original, manipulated, interpreters, CenterMass())
    perturbation, flipping = (
        Perturbation(
            original,
            manipulated,
            {"grad_cam": INTERPRETERS["grad_cam"]},
            region,
            REPLACED,
            chunk=CHUNK,
        )
        for region in (size // GRID, 1)
    )

    def gradient(network: nn.Module) -> None:
        pixels = images.clone().requires_grad_()
        network(pixels).gather(1, labels[:, None]).sum().backward()

    def explanations() -> None:
        for network, (forwards, gradients) in product(networks, PASSES.values()):
            for _ in range(forwards):
                forward(network, images)
            for _ in range(gradients):
                gradient(network)

    first, *others = (step_of(study, data, batch) for study in (fooling, perturbation, flipping))
    steps, bare = [first, *others], [explanations, *(passes_of(step, networks) for step in others)]
    return dict(zip([*STUDIES, *STUDIES.values()], [*steps, *bare], strict=True))


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
    for study, passes in STUDIES.items():
        table.add_row(study, passes, summary(taken[study], taken[passes]))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
