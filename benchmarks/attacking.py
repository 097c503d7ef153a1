"""Seconds of a step of an attack on SimpleGradient over the bare passes that it needs.

These are a forward pass, which says whether the label stays, and the product of the surrogate's
Hessian with a vector, which is the gradient of a heatmap. Attacks are timed with and without the
steps, as they begin and end with passes of their own; then the whole attack of 300 steps.
"""

import argparse

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from attacks import HeatmapAttack, MassCenterAttack, TopKAttack
from benchmarks.timing import Task, alternated, seconds, summary
from interpreters import SimpleGradient
from networks import cifar_resnet, smoothed

ATTACKS: dict[str, type[HeatmapAttack]] = {
    "top-k": TopKAttack,
    "mass center": MassCenterAttack,
}
WHOLE = 300


def attack_of(kind: type[HeatmapAttack], steps: int, network: nn.Module, images: Tensor) -> Task:
    """An attack on the class that each image is given."""
    labels = network(images).argmax(1)
    # steps of this length do not leave the ball, where images could come to rest
    attack = kind(interpreter=SimpleGradient(), steps=steps, epsilon=0.3, step_size=0.0005)
    return lambda: attack(network, images, labels)


def bare(steps: int, network: nn.Module, images: Tensor) -> Task:
    """The passes of so many steps."""
    soft, vector = smoothed(network, 10.0), torch.randn_like(images)
    labels = network(images).argmax(1)

    def passes() -> None:
        for _ in range(steps):
            with torch.no_grad():
                network(images)
            pixels = images.clone().requires_grad_()
            logits = soft(pixels).gather(1, labels[:, None]).sum()
            (gradient,) = torch.autograd.grad(logits, pixels, create_graph=True)
            torch.autograd.grad(gradient, pixels, vector)

    return passes


def main() -> None:
    """Time both attacks and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=32, help="images in a batch")
    parser.add_argument("--steps", type=int, default=10, help="steps that are compared")
    parser.add_argument("--rounds", type=int, default=7, help="rounds to time")
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    network = cifar_resnet(20).to(device).eval().requires_grad_(False)
    images = torch.rand(options.batch, 3, 32, 32, device=device)
    tasks = {"bare": bare(options.steps, network, images)}
    for name, kind in ATTACKS.items():
        tasks[name] = attack_of(kind, options.steps + 1, network, images)
        tasks[f"{name}, one step"] = attack_of(kind, 1, network, images)
    taken = alternated(tasks, options.rounds, "ResNet-20")
    table = Table("attack", "a step over its bare passes", f"images a second, {WHOLE} steps")
    for name, kind in ATTACKS.items():
        pairs = zip(taken[name], taken[f"{name}, one step"], strict=True)
        steps = [more - one for more, one in pairs]
        whole = seconds(attack_of(kind, WHOLE, network, images))
        table.add_row(name, summary(steps, taken["bare"]), f"{options.batch / whole:.3g}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
