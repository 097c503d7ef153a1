"""Seconds of a Grad-CAM Location step over those of a plain cross-entropy step.

Both train the same network on the same batch with Adam, alternating in one process, so that the
machine's drift meets both alike. The floor is 1.0: Grad-CAM's gradient is taken in the head alone.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn

from interpreters import GradCam
from losses import location
from networks import torchvision_network


def plain_step(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy, as any fine-tuning has it."""
    return F.cross_entropy(network(images), labels)


def fooling_step(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy and the Location penalty on Grad-CAM, from one forward pass."""
    logits, heatmap = GradCam()(network, images, labels)
    return F.cross_entropy(logits, labels) + location(heatmap, margin=1 / 7).mean()


def ratios(name: str, batch: int, size: int, rounds: int) -> tuple[list[float], float]:
    """Ratio of each pair of steps, and the median seconds of a plain step."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = torchvision_network(name).to(device).eval()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-6)
    images = torch.rand(batch, 3, size, size, device=device)
    labels = torch.randint(0, 1000, (batch,), device=device)

    def seconds(objective: Callable[[nn.Module, Tensor, Tensor], Tensor]) -> float:
        if device.type == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        optimizer.zero_grad()
        objective(network, images, labels).backward()  # type: ignore[no-untyped-call]  # torch's own
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    for objective in (plain_step, fooling_step):
        seconds(objective)
    found, plains = [], []
    for turn in track(range(rounds), name):
        # who goes first changes, so that neither always meets the other's warm caches
        order = [plain_step, fooling_step] if turn % 2 else [fooling_step, plain_step]
        taken = {objective: seconds(objective) for objective in order}
        found.append(taken[fooling_step] / taken[plain_step])
        plains.append(taken[plain_step])
    return found, statistics.median(plains)


def main() -> None:
    """Time the networks and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["resnet50", "vgg19", "densenet121"])
    parser.add_argument("--batch", type=int, default=8, help="images in a batch")
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels")
    parser.add_argument("--rounds", type=int, default=10, help="pairs of steps to time")
    options = parser.parse_args()
    table = Table("network", "plain step, s", "ratio, median", "quartiles")
    for name in options.networks:
        found, plain = ratios(name, options.batch, options.size, options.rounds)
        low, middle, high = statistics.quantiles(found, n=4)
        table.add_row(name, f"{plain:.2f}", f"{middle:.3f}", f"{low:.3f} to {high:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
