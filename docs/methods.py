"""Write docs/methods.md, the tables of all methods, from the code: python -m docs.methods."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from typing import Any

import yaml

from attacks import Attack
from attacks.transfer import TransferAttack
from docs.formulas import ATTACKS, INTERPRETERS, LOSSES
from evaluation import Study
from interpreters import Interpreter
from losses import Loss
from trompe.listing import described, exported, yes

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "methods.md"
HEADER = """# All methods

`python -m docs.methods` writes this page from the code. `trompe list interpreters` (or `losses`,
`attacks`, `metrics`, `studies`) prints the same names in a terminal. *Passes* are the forward
passes of `trompe.explain` for one image with the default arguments; nearly each has a backward pass
of about the same cost. A configuration is named without a path:
`--model.init_args.loss losses/top_k.yaml`.
"""
SYMBOLS = """f is the logit of the explained class, p its probability, x the pixels, x0 the
baseline, a the output of a layer, c a channel. *Trainable*: the heatmap can be backpropagated into
the network's weights. *Attackable*: it can be backpropagated into the image.
[interpreters.md](interpreters.md) describes each."""
MEASURES = """h is the heatmap and h0 that of the original network, both min-max normalised to
[0, 1] by the loss. An image counts as fooled if its success measure lies in the interval; the
measure is the loss itself unless [losses.md](losses.md) names another."""
GRADIENTS = """*Gradients* are those of one step for one image: of the logits for attacks on
predictions, of the heatmap for attacks on heatmaps. [attacks.md](attacks.md) and
[interpreters.md](interpreters.md#attexplore) describe each."""
FUNCTIONS = """Functions of tensors, one value for each image unless they say otherwise.
[evaluation.md](evaluation.md#the-measures) has the measures of the studies."""
PASSES = "[evaluation.md](evaluation.md) has what each measures and how many passes it takes."


def kind(attack: type[Attack]) -> str:
    """Return the name by which an attack is imported from `attacks`."""
    transfer = attack.__module__.startswith("attacks.transfer")
    return f"transfer.{attack.__name__}" if transfer else attack.__name__


def configurations(folder: str) -> dict[str, list[str]]:
    """Return links to the configurations of a folder, by the path of the class that they build."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "configs" / folder).glob("*.yaml")):
        content: dict[str, Any] = yaml.safe_load(path.read_text())
        content = content.get("model") or content
        link = f"[{path.parent.name}/{path.stem}](../{path.relative_to(ROOT).as_posix()})"
        found.setdefault(content.get("class_path", ""), []).append(link)
    return found


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(header)} |", "|---" * len(header) + "|", *lines]) + "\n"


def interpreters() -> str:
    """Return the table of interpreters."""
    files, rows = configurations("interpreters"), []
    for each in exported(Interpreter, "interpreters"):
        formula, passes = INTERPRETERS[each.__name__]
        text, paper = described(each)
        name, trainable = f"`{each.__name__}`", yes(each().differentiable)
        links = ", ".join(files.get(f"interpreters.{each.__name__}", []))
        rows.append([name, text, formula, passes, trainable, trainable, paper, links])
    columns = (
        "interpreter, what it shows, formula, passes, trainable, attackable, paper, configuration"
    )
    return table(columns.split(", "), rows)


def losses() -> str:
    """Return the table of losses."""
    files, rows = configurations("losses"), []
    for each in exported(Loss, "losses"):
        text, paper = described(each)
        low, high = each.__dataclass_fields__["success"].default
        links = ", ".join(files.get(f"losses.{each.__name__}", []))
        name, needs = f"`{each.__name__}`", yes(each.needs_reference)
        interval, formula = f"{low:g} to {high:g}", LOSSES[each.__name__]
        rows.append([name, text, formula, interval, needs, paper, links])
    columns = "loss, what it does, formula, success interval, needs h0, paper, configuration"
    return table(columns.split(", "), rows)


def attacks() -> str:
    """Return the table of attacks."""
    files, rows = configurations("attacks"), []
    kinds = {*exported(Attack, "attacks", "attacks.transfer")} - {TransferAttack}
    for each in sorted(kinds, key=kind):
        text, paper = described(each)
        links = ", ".join(files.get(f"attacks.{kind(each)}", []))
        on, gradients = ATTACKS[each.__name__]
        rows.append([f"`{kind(each)}`", text, on, gradients, paper, links])
    columns = "attack, what it does, attacks, gradients, paper, configuration"
    return table(columns.split(", "), rows)


def studies() -> str:
    """Return the table of studies."""
    files: dict[str, list[str]] = {}
    for folder in ("experiments/shapes", "experiments/cifar10", "experiments/imagenet"):
        for name, links in configurations(folder).items():
            files.setdefault(name, []).append(min(links, key=len))
    rows = []
    for each in exported(Study, "evaluation"):
        text, paper = described(each)
        name = f"evaluation.{each.__name__}"
        rows.append([f"`{name}`", text, paper, ", ".join(files[name])])
    return table(["study", "what it measures", "paper", "configuration"], rows)


def measures() -> str:
    """Return the table of the functions that compare heatmaps or judge predictions."""
    rows = []
    for module in ("losses", "metrics"):
        for name, each in vars(import_module(module)).items():
            if isfunction(each) and name in import_module(module).__all__:
                rows.append([f"`{module}.{name}`", *described(each)])
    return table(["function", "value", "paper"], sorted(rows))


def page() -> str:
    """Return the whole page."""
    parts = [
        HEADER,
        f"## Interpreters\n\n{SYMBOLS}\n",
        interpreters(),
        f"## Losses\n\n{MEASURES}\n",
        losses(),
        f"## Attacks\n\n{GRADIENTS}\n",
        attacks(),
        f"## Studies\n\n{PASSES}\n",
        studies(),
        f"## Measures\n\n{FUNCTIONS}\n",
        measures(),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
