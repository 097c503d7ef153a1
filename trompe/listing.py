"""The command that lists the parts of trompe: `trompe list interpreters`."""

import re
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from inspect import getdoc, isabstract, isclass
from typing import Any

from rich.console import Console
from rich.table import Table

from trompe.configurations import CONFIGS, shipped

# a source in a docstring's first lines, such as "(Selvaraju et al. 2017, eq. 2)"
PAPER = re.compile(r"\(((?:[A-Z][^()]*?)\b(?:19|20)\d\d)[^()]*\)")
Rows = Iterator[Sequence[str]]


def exported(kind: type, *modules: str) -> list[Any]:
    """Return the classes of a kind that modules export and that can be built."""
    found = [
        getattr(module, name) for module in map(import_module, modules) for name in module.__all__
    ]
    return [
        each for each in found if isclass(each) and issubclass(each, kind) and not isabstract(each)
    ]


def described(part: object) -> tuple[str, str]:
    """Return the first sentence of a docstring without its source, and the source."""
    first = (getdoc(part) or "").split("\n\n")[0].replace("\n", " ")
    paper = PAPER.search(first)
    return PAPER.sub("", first).replace(" .", ".").replace("..", ".").strip(), paper[
        1
    ] if paper else ""


def yes(value: bool) -> str:
    """Return a cell of a table."""
    return "yes" if value else "no"


def interpreters() -> Rows:
    """Yield the interpreters, and whether their heatmaps can be trained and attacked."""
    from interpreters import Interpreter

    yield "interpreter", "what it shows", "trainable, attackable", "paper"
    for kind in exported(Interpreter, "interpreters"):
        text, paper = described(kind)
        yield kind.__name__, text, yes(kind().differentiable), paper


def losses() -> Rows:
    """Yield the losses, and whether they need the original network's heatmap."""
    from losses import Loss

    yield "loss", "what it does to heatmaps", "needs the original", "paper"
    for kind in exported(Loss, "losses"):
        text, paper = described(kind)
        yield kind.__name__, text, yes(kind.needs_reference), paper


def attacks() -> Rows:
    """Yield the attacks on heatmaps, influences and predictions."""
    from attacks import Attack

    yield "attack", "what it does", "paper"
    for kind in exported(Attack, "attacks", "attacks.transfer"):
        name = kind.__name__ if kind.__module__.count(".") == 1 else f"transfer.{kind.__name__}"
        yield name, *described(kind)


def metrics() -> Rows:
    """Yield the measures."""
    yield "measure", "what it measures", "paper"
    module = import_module("metrics")
    for name in module.__all__:
        yield name, *described(getattr(module, name))


def studies() -> Rows:
    """Yield the studies that `trompe evaluate` runs."""
    from evaluation import Study

    yield "study", "what it measures", "paper"
    for kind in exported(Study, "evaluation"):
        yield f"evaluation.{kind.__name__}", *described(kind)


def networks() -> Rows:
    """Yield the networks of torchvision and timm."""
    import timm
    from torchvision import models

    yield "network", "library"
    own = models.list_models(module=models)
    yield from ((name, "torchvision") for name in own)
    yield from ((name, "timm") for name in timm.list_models())


def configs() -> Rows:
    """Yield the configurations, with their first line."""
    yield "configuration", "what it is for"
    for name in shipped():
        yield name, (CONFIGS / name).read_text().split("\n", 1)[0].removeprefix("# ")


TOPICS = {
    each.__name__: each
    for each in (interpreters, losses, attacks, metrics, studies, networks, configs)
}


def main(arguments: list[str] | None = None) -> None:
    """Print a table of the parts of one kind, of those with all of some words if given."""
    text = "List interpreters, losses, attacks, metrics, studies, networks or configurations."
    parser = ArgumentParser("trompe list", description=text)
    parser.add_argument("topic", choices=TOPICS)
    parser.add_argument("words", nargs="*", help="show only the lines that contain these words")
    given = parser.parse_args(arguments)
    header, *rows = TOPICS[given.topic]()
    table = Table(*header)
    for row in matching(rows, given.words):
        table.add_row(*row)
    Console(markup=False, emoji=False, highlight=False).print(table)


def matching(rows: Iterable[Sequence[str]], words: Sequence[str]) -> list[Sequence[str]]:
    """Return the rows that contain all words, in any case."""
    return [row for row in rows if all(word.lower() in " ".join(row).lower() for word in words)]
