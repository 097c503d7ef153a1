"""Seconds of AttEXplore, and of insertion and deletion, over those of the bare passes they need.

One step of each attack is timed, as all steps are alike: AttEXplore takes 10 of them. Insertion and
deletion are timed over forward passes of the same pictures.
"""

import argparse
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from attacks.transfer import GRA, MIG, SSA, TransferAttack
from benchmarks.timing import Task, alternated, summary
from interpreters import AttEXplore
from metrics.insertion_deletion import insertion_deletion, replaced
from metrics.pixel_orders import standard
from networks import torchvision_network

ATTACKS: dict[str, tuple[TransferAttack, int]] = {
    "AttEXplore(SSA), a step": (SSA(steps=1), 20),
    "AttEXplore(MIG), a step": (MIG(steps=1), 20),
    "AttEXplore(GRA), a step": (GRA(steps=1), 21),
}
CURVES = "insertion and deletion"
# steps of an explanation
WHOLE = 10


def tasks(name: str, batch: int, size: int, steps: int) -> dict[str, Task]:
    """Return what is timed by name, and under `bare NAME` the passes that it needs."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = torchvision_network(name).to(device).eval().requires_grad_(False)
    images = torch.rand(batch, 3, size, size, device=device)
    labels = torch.randint(0, 1000, (batch,), device=device)

    def gradients(count: int) -> Callable[[], None]:
        def passes() -> None:
            for _ in range(count):
                pixels = images.clone().requires_grad_()
                network(pixels).gather(1, labels[:, None]).sum().backward()

        return passes

    def explained(attack: TransferAttack) -> Task:
        return lambda: AttEXplore(attack).attribution(network, images, labels)

    found: dict[str, Task] = {}
    for key, (attack, count) in ATTACKS.items():
        found |= {key: explained(attack), f"bare {key}": gradients(count)}
    when = standard(torch.rand_like(images), -(-size * size // steps))
    fill = replaced(images, torch.zeros_like(images))

    def curves() -> tuple[Tensor, Tensor]:
        return insertion_deletion(network, fill, when, int(when.max()) + 1, labels, batch)

    pictures = seen_by(network, curves)
    found[CURVES] = curves
    found[f"bare {CURVES}"] = lambda: forwards(network, pictures)
    return found


def seen_by(network: nn.Module, task: Task) -> list[Tensor]:
    """Return the inputs of a network while a task runs."""
    seen: list[Tensor] = []
    handle = network.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    task()
    handle.remove()
    return seen


@torch.no_grad()
def forwards(network: nn.Module, pictures: list[Tensor]) -> None:
    """The passes alone."""
    for picture in pictures:
        network(picture)


def main() -> None:
    """Time the networks and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["resnet50"])
    parser.add_argument("--batch", type=int, default=4, help="images in a batch")
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels")
    parser.add_argument("--steps", type=int, default=16, help="steps of insertion and deletion")
    parser.add_argument("--rounds", type=int, default=5, help="rounds to time")
    options = parser.parse_args()
    table = Table("network", "", "over its bare passes", "images a second, all steps")
    for name in options.networks:
        timed = tasks(name, options.batch, options.size, options.steps)
        taken = alternated(timed, options.rounds, name)
        for key in [*ATTACKS, CURVES]:
            middle = sorted(taken[key])[options.rounds // 2] * (WHOLE if key in ATTACKS else 1)
            table.add_row(
                name,
                key,
                summary(taken[key], taken[f"bare {key}"]),
                f"{options.batch / middle:.3g}",
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
