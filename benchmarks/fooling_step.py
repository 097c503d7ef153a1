"""Seconds and memory of a fooling step over those of a plain cross-entropy step.

All train the same network on the same batch with Adam, alternating in one process. In passes
through the network a plain step is 3 forwards' worth; Grad-CAM and LRP at the last layer add next
to nothing to it, gradients and epsilon relevance at the pixels another 3, z+ relevance 6.
"""

import argparse

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks.shipped import DIFFERENTIABLE, INTERPRETERS
from benchmarks.timing import Task, alternated, peak_megabytes, summary
from interpreters import Interpreter
from losses import location
from networks import torchvision_network

TIMED = ["grad_cam", "lrp_last", "simple_gradient", "lrp, epsilon", "lrp"]


def steps(name: str, interpreters: list[str], batch: int, size: int) -> dict[str, Task]:
    """The plain step and a fooling step for each interpreter, of one network and batch."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = torchvision_network(name).to(device).eval()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-6)
    images = torch.rand(batch, 3, size, size, device=device)
    labels = torch.randint(0, 1000, (batch,), device=device)

    def step(loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def fooling(interpreter: Interpreter) -> Task:
        return lambda: step(fooling_loss(interpreter, network, images, labels))

    plain: dict[str, Task] = {"plain": lambda: step(F.cross_entropy(network(images), labels))}
    return plain | {key: fooling(INTERPRETERS[key]) for key in interpreters}


def fooling_loss(
    interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor
) -> Tensor:
    """Cross-entropy and the Location penalty, from one forward pass."""
    logits, heatmap = interpreter(network, images, labels)
    return F.cross_entropy(logits, labels) + location(heatmap, margin=1 / 7).mean()


def main() -> None:
    """Time the networks and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["resnet50", "vgg19", "densenet121"])
    parser.add_argument("--interpreters", nargs="+", default=TIMED, choices=[*DIFFERENTIABLE])
    parser.add_argument("--batch", type=int, default=8, help="images in a batch")
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of steps to time")
    options = parser.parse_args()
    table = Table("network", "interpreter", "time over plain", "memory over plain")
    for name in options.networks:
        tasks = steps(name, options.interpreters, options.batch, options.size)
        taken = alternated(tasks, options.rounds, name)
        memory = {key: peak_megabytes(task) for key, task in tasks.items()}
        for key in options.interpreters:
            over = f"{memory[key] / memory['plain']:.2f}"
            table.add_row(name, key, summary(taken[key], taken["plain"]), over)
        del tasks
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
