"""Help that fits on a screen: what people set first, and of all classes those that fit."""

import inspect
from argparse import Action, ArgumentParser
from collections.abc import Iterable, Iterator
from importlib import import_module
from pydoc import locate
from textwrap import fill, wrap
from typing import Any

from jsonargparse import DefaultHelpFormatter
from torch import nn

from trompe.finder import PARTS
from trompe.listing import described

KNOWN = ", known subclasses: "
FIRST = {
    "run": {
        "config": "Configuration file; of several, a later one replaces values of the earlier ones",
        "run": "Folder of this run, for everything that it writes (default: runs/latest)",
        "ckpt_path": "Checkpoint to go on from: last, best, or a file",
        "seed_everything": "Seed of all random numbers (default: 0)",
        "overwrite": "true replaces an earlier report",
        "resume": "true goes on with a study that was stopped",
        "limit_images": "Evaluate a class-balanced subset of at most this many test images",
        "print_config": "Print the whole configuration, and end",
    },
    "trainer": {
        "trainer.max_epochs": "Number of epochs",
        "trainer.accelerator": "cpu, gpu or auto (default: auto)",
        "trainer.devices": "Number of devices or processes (default: all GPUs, or one process)",
        "trainer.num_nodes": "Number of machines (default: 1)",
        "trainer.strategy": "How several devices share the work, such as ddp (default: auto)",
        "trainer.precision": "Such as 32-true, bf16-mixed, 64-true (default: 32-true)",
        "trainer.accumulate_grad_batches": "Batches in one step of the optimiser (default: 1)",
        "trainer.limit_train_batches": "Number or share of the training batches in an epoch",
        "trainer.logger": "false, or a logger of Lightning (default: TensorBoard)",
        "trainer.fast_dev_run": "true runs one batch of everything, and writes nothing",
    },
}
WIDTH, COLUMN = 100, 36


class Formatter(DefaultHelpFormatter):
    """The help of one class: its own arguments, and the classes of trompe that fit each."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{"width": WIDTH, "max_help_position": COLUMN, **options})

    def add_argument(self, action: Action) -> None:
        """Add an argument, but not the one that shows the help of what it takes."""
        if not any(name.endswith(".help") for name in action.option_strings):
            super().add_argument(action)

    def _get_help_string(self, action: Action) -> str:
        text, known, names = super()._get_help_string(action).partition(KNOWN)
        if not known:
            return text
        fitting = ", ".join(ours(names.rstrip(")").split(", ")))
        return f"{text}; one of {fitting})" if fitting else f"{text})"


def ours(names: Iterable[str]) -> Iterator[str]:
    """Yield the names of trompe's classes among others, and its functions that build networks."""
    for name in names:
        if name.partition(".")[0] in PARTS:
            yield name
        if name == "torch.nn.Module":
            module = import_module("networks")
            for each in module.__all__:
                if inspect.isfunction(part := getattr(module, each)):
                    built = inspect.signature(part).return_annotation
                    if inspect.isclass(built) and issubclass(built, nn.Module):
                        yield f"networks.{each}"


def is_command(parser: ArgumentParser) -> bool:
    """Return True for the parser of `fit`, `validate`, `test` or `evaluate`."""
    return "--run" in parser._option_string_actions


def page(parser: ArgumentParser) -> str:
    """Return the help of a command: what people set first, and the names of all other options."""
    options = {
        name.removeprefix("--"): action
        for action in parser._actions
        for name in action.option_strings
        if name.startswith("--") and not name.endswith((".help", "+"))
    }
    command = parser.prog.replace(" [options]", "")
    lines = [f"usage: {command} --config FILE [--OPTION VALUE ...]"]
    del options["help"]
    for title, texts in FIRST.items():
        own = {name: text for name, text in texts.items() if options.pop(name, None)}
        lines += ["", f"{title}:", *(columns(f"--{name}", text) for name, text in own.items())]
    for name in ("model", "data"):
        lines += ["", f"--{name} CLASS, and --{name}.init_args.NAME VALUE for its arguments:"]
        lines += classes(options.pop(name))
    others = " ".join(f"--{name}" for name in options)
    lines += [
        "",
        "other options:",
        fill(others, WIDTH, initial_indent="  ", subsequent_indent="  "),
    ]
    lines += [
        "",
        f"`{command} --model.help CLASS` shows the arguments of a class.",
        "`trompe list configs` lists the configurations that ship with trompe.",
    ]
    return "\n".join(lines) + "\n"


def classes(action: Any) -> list[str]:
    """Return the lines of trompe's classes that an option takes."""
    names = ours(action.extra_help().removeprefix(KNOWN).split(", "))
    return [columns(name, described(locate(name))[0]) for name in names]


def columns(left: str, right: str) -> str:
    """Return two columns of text."""
    first, *others = wrap(right, WIDTH - COLUMN) or [""]
    head = f"  {left}".ljust(COLUMN)
    lines = [head + first] if head.endswith(" ") else [head, " " * COLUMN + first]
    return "\n".join([*lines, *(" " * COLUMN + each for each in others)])
