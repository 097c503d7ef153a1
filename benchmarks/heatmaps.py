"""Seconds of a heatmap over those of the bare passes that it needs, without training.

The passes are timed on the same network and batch, in the same rounds: a forward pass, or a
forward pass with the gradient of the pixels, as often as the interpreter has to.
"""

import argparse

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks.shipped import INTERPRETERS, with_few
from benchmarks.timing import Task, alternated, summary
from interpreters import Interpreter
from networks import torchvision_network

STEPS = 16
# the passes that each needs
PASSES = {
    "grad_cam": "a forward pass",
    "simple_gradient": "a pass with the gradient of the pixels",
    "lrp": "a pass with the gradient of the pixels",
    "integrated_gradients": f"{STEPS} such passes",
    "deep_lift": "2 such passes",
}


def tasks(name: str, interpreters: list[str], batch: int, size: int) -> dict[str, Task]:
    """The heatmaps and the bare passes they need, of one network and batch."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = torchvision_network(name).to(device).eval().requires_grad_(False)
    images = torch.rand(batch, 3, size, size, device=device)
    labels = torch.randint(0, 1000, (batch,), device=device)

    def gradients(count: int) -> None:
        for _ in range(count):
            pixels = images.clone().requires_grad_()
            network(pixels).gather(1, labels[:, None]).sum().backward()

    def heatmap(interpreter: Interpreter) -> Task:
        return lambda: explained(interpreter, network, images, labels)

    bare: dict[str, Task] = {
        "a forward pass": lambda: forward(network, images),
        "a pass with the gradient of the pixels": lambda: gradients(1),
        f"{STEPS} such passes": lambda: gradients(STEPS),
        "2 such passes": lambda: gradients(2),
    }
    needed = {PASSES[key] for key in interpreters}
    passes = {key: task for key, task in bare.items() if key in needed}
    return passes | {key: heatmap(with_few(INTERPRETERS[key], steps=STEPS)) for key in interpreters}


@torch.no_grad()
def forward(network: nn.Module, images: Tensor) -> Tensor:
    """Classification alone."""
    logits: Tensor = network(images)
    return logits


@torch.no_grad()
def explained(interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor) -> None:
    """A heatmap, as an evaluation makes it."""
    interpreter(network, images, labels)


def main() -> None:
    """Time the networks and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["resnet50", "vgg16"])
    parser.add_argument("--interpreters", nargs="+", default=[*PASSES], choices=[*PASSES])
    parser.add_argument("--batch", type=int, default=8, help="images in a batch")
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels")
    parser.add_argument("--rounds", type=int, default=8, help="rounds to time")
    options = parser.parse_args()
    table = Table("network", "heatmap", "over", "time")
    for name in options.networks:
        timed = tasks(name, options.interpreters, options.batch, options.size)
        taken = alternated(timed, options.rounds, name)
        for key in options.interpreters:
            passes = PASSES[key]
            table.add_row(name, key, passes, summary(taken[key], taken[passes]))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
