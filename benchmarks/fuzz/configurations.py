"""The configurations that ship with trompe, with mistakes in them, given to the commands."""

import math
from pathlib import Path
from random import Random
from typing import Any

import yaml

from benchmarks.fuzz.commands import built
from benchmarks.fuzz.experiments import EXPERIMENTS, command_of, read, small
from benchmarks.fuzz.judging import Case
from benchmarks.fuzz.mutations import MUTATIONS, OTHERS
from benchmarks.fuzz.trees import MISTAKES, Mistake, dotted, misspelt
from trompe.command_line import CommandLine
from trompe.configurations import CONFIGS

FILE = "mine.yaml"


def case_of(random: Random, folder: Path) -> Case:
    """Return the command of an experiment with a mistake in one of its files."""
    experiment = random.choice(EXPERIMENTS)
    names = [CONFIGS.parent / name for name in command_of(experiment)]
    number = random.randrange(len(names))
    trees = [small(read(path, random)) for path in names]
    kind = random.choice(KINDS)
    mistake = kind(trees[number], random)
    arguments = ["--run", str(folder / "run")]
    for position, tree in enumerate(trees):
        path = folder / (FILE if position == number else f"{position}.yaml")
        text = mistake.tree if position == number else tree
        path.write_bytes(text if isinstance(text, bytes) else yaml.safe_dump(text).encode())
        arguments += ["--config", str(path)]
    if kind is option:
        arguments += mistake.path
    if "train.py" in experiment.read_text().splitlines()[1]:
        arguments = ["fit", *arguments]
    what = f"{experiment.relative_to(CONFIGS)}, {kind.__name__}: {mistake.what}"
    return Case(
        what,
        lambda: built(arguments),
        lambda command: difference(command, mistake),
        (f"{FILE}: ", f"{FILE} (line", "arguments are required: ", *names_of(mistake)),
        kind is whole,
    )


def names_of(mistake: Mistake) -> list[str]:
    """Return the texts of which an error says one: the entry's names, and what is given."""
    last = tuple(map(str, mistake.path[-1:]))
    own = [str(key) for key in mistake.path[:-1] if key not in ("init_args", "class_path", "model")]
    if mistake.what.startswith("--"):
        last = (mistake.what.rpartition(".")[2].strip("-"),)
    return [*last, *own, *([str(mistake.given)[:40]] if mistake.given else [])]


def difference(command: CommandLine, mistake: Mistake) -> str:
    """Return what is wrong with a command that was built from a configuration with a mistake."""
    if mistake.wrong:
        return "accepted"
    if mistake.what.startswith("no ") or not mistake.path:
        return ""
    found = command.settings.get(dotted(mistake.path), mistake.given)
    return f"{found!r:.80} is what became of it" if changed(mistake.given, found) else ""


def changed(given: Any, found: Any) -> bool:
    """Return True if a value that was given is another one, or has no value to be."""
    if given is None:
        return found is not None
    numbers = [isinstance(each, int | float) for each in (given, found)]
    if all(numbers):
        return math.isnan(given) or float(given) != float(found)
    return isinstance(given, str) and isinstance(found, str) and given != found


def whole(tree: Any, _: Random) -> Mistake:
    """Return a configuration as it is."""
    return Mistake("as it is", tree, ())


def broken(tree: Any, random: Random) -> Mistake:
    """Return a configuration whose text is damaged."""
    mutate = random.choice(MUTATIONS)
    return Mistake(mutate.__name__, mutate(yaml.safe_dump(tree).encode(), random), ())


def other(_: Any, random: Random) -> Mistake:
    """Return another file, or one that asks for more than it is."""
    texts = OTHERS | {
        **{f"{deep} deep": b"run: " + b"[" * deep + b"]" * deep for deep in (50, 200, 5000)},
        "laughs": laughs(),
        "itself": b"model: &a\n  init_args: *a\n",
        "code": b"run: !!python/object/apply:os.system ['touch trace']\n",
        "twice": b"run: a\nrun: b\n",
        "tabs": b"model:\n\tclass_path: a\n",
        "Latin-1": "run: caf\xe9\n".encode("latin-1"),
        "a list": b"- 1\n- 2\n",
        "a number": b"7",
        "null": b"null",
    }
    what = random.choice([*texts])
    return Mistake(what, texts[what], (), wrong=what not in ("empty", "text", "JSON", "null"))


def laughs() -> bytes:
    """Return a text of a few lines that stands for many more."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for number in range(9):
        aliases = ", ".join([f"*a{number}"] * 9)
        lines.append(f"a{number + 1}: &a{number + 1} [{aliases}]")
    return "\n".join(lines).encode()


def option(tree: Any, random: Random) -> Mistake:
    """Return a configuration as it is, to be given beside a misspelt option."""
    name = random.choice(("trainer.max_epochs", "model.init_args.network", "run", "config"))
    wrong = f"--{misspelt(name, random)}"
    return Mistake(wrong, tree, (wrong, "3"), wrong=True)


KINDS = whole, broken, broken, other, option, *MISTAKES, *MISTAKES
