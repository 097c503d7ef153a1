"""A table of the networks, data and device of a run, before it begins."""

from collections.abc import Iterator
from typing import Any

from lightning import Callback, LightningModule, Trainer
from rich.console import Console
from rich.table import Table
from torch import nn

from lightning_modules.data import Split, data_of
from lightning_modules.names import humanize
from networks.normalized import bare

MOST = 8


class Overview(Callback):
    """Print networks, data, interpreters, device and folder before the first batch."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print what is trained, on what and for how long."""
        epochs, batches = trainer.max_epochs, trainer.num_training_batches
        length = f"{batches} steps" if epochs == -1 else f"{epochs} epochs of {batches} steps"
        show(trainer, pl_module, ("train", "validation"), [("training", length)])

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print what is measured, on what."""
        show(trainer, pl_module, ("test",), [])


def show(
    trainer: Trainer,
    module: LightningModule,
    splits: tuple[Split, ...],
    further: list[tuple[str, str]],
) -> None:
    """Print the table on standard error, on the first process."""
    if not trainer.is_global_zero:
        return
    table = Table(show_header=False)
    for row in [*rows(trainer, module, splits), *further]:
        table.add_row(*row)
    Console(stderr=True, markup=False, emoji=False, highlight=False).print(table)


def rows(
    trainer: Trainer, module: LightningModule, splits: tuple[Split, ...]
) -> Iterator[tuple[str, str]]:
    """Yield the name and the content of each row."""
    yield "task", type(module).__name__
    named: dict[str, nn.Module] = dict(getattr(module, "networks", {"network": module.network}))
    for name, network in [*named.items()][:MOST]:
        yield humanize(name), described(network)
    if len(named) > MOST:
        yield "", f"and {len(named) - MOST} more networks"
    interpreters: dict[str, Any] = getattr(module, "interpreters", {})
    if interpreters:
        yield "interpreters", ", ".join(map(humanize, interpreters))
    data = data_of(trainer)
    counts = " and ".join(f"{len(data.images(split)):,} {split}" for split in splits)
    side = data.image_size
    yield (
        "data",
        (f"{type(data).__name__}: {counts} images of {side} x {side}, {len(data.classes)} classes"),
    )
    device = trainer.strategy.root_device.type
    processes = "1 process" if trainer.world_size == 1 else f"{trainer.world_size} processes"
    yield "device", f"{device}, {processes}, {trainer.precision}"
    yield "folder", str(trainer.default_root_dir)


def described(network: nn.Module) -> str:
    """Return the class of a network, and the number of its weights.

    Example:
        >>> described(nn.Linear(100, 100))
        'Linear, 10,100 weights'
    """
    inner = bare(network)
    return f"{type(inner).__name__}, {sum(p.numel() for p in inner.parameters()):,} weights"
