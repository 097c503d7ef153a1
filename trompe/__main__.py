"""The command `trompe`: one subcommand for each task."""

import os
import sys
from argparse import ArgumentParser

from endings import in_brief
from trompe import __doc__ as summary
from trompe import __version__
from trompe.wrong_names import suggestion


def fit(arguments: list[str]) -> None:
    """Train a network, or manipulate its heatmaps."""
    from trompe.train import main as train

    train(["fit", *arguments])


def validate(arguments: list[str]) -> None:
    """Compute the metrics of a checkpoint on the validation images."""
    from trompe.train import main as train

    train(["validate", *arguments])


def test(arguments: list[str]) -> None:
    """Compute the metrics of a checkpoint on the test images."""
    from trompe.train import main as train

    train(["test", *arguments])


def evaluate(arguments: list[str]) -> None:
    """Run a study, and write its report with tables and figures."""
    from trompe.evaluate import main as run_study

    run_study(arguments)


def explain(arguments: list[str]) -> None:
    """Explain image files by heatmaps; no configuration is needed."""
    from trompe.explain_images import main as run

    run(arguments)


def attack(arguments: list[str]) -> None:
    """Change image files imperceptibly so that their heatmaps change."""
    from trompe.attack_images import main as run

    run(arguments)


def list_parts(arguments: list[str]) -> None:
    """List interpreters, losses, attacks, metrics, studies, networks or configurations."""
    from trompe.listing import main as run

    run(arguments)


def compare(arguments: list[str]) -> None:
    """Show the results of several studies side by side."""
    from evaluation.compare import main as show

    show(arguments)


def redraw(arguments: list[str]) -> None:
    """Draw a report again in another style, size or order."""
    from evaluation.redraw import main as draw

    draw(arguments)


COMMANDS = {
    "explain": explain,
    "attack": attack,
    "list": list_parts,
    "fit": fit,
    "validate": validate,
    "test": test,
    "evaluate": evaluate,
    "compare": compare,
    "redraw": redraw,
}


def main(arguments: list[str] | None = None) -> None:
    """Run the subcommand that the arguments begin with, or show all subcommands."""
    first, *others = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if first in COMMANDS:
        # for the user's own classes: a script does not import from the working folder
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        with in_brief():
            COMMANDS[first](others)
    elif first.startswith("-"):
        parser().parse_args([first])
    else:
        parser().error(f"there is no subcommand `{first}`{suggestion(first, COMMANDS)}")


def parser() -> ArgumentParser:
    """Return the parser that shows the subcommands and the version."""
    shown = ArgumentParser("trompe", description=summary)
    shown.add_argument("--version", action="version", version=f"trompe {__version__}")
    text = "`trompe SUBCOMMAND --help` shows the options of each."
    subcommands = shown.add_subparsers(title="subcommands", metavar="SUBCOMMAND", description=text)
    for name, command in COMMANDS.items():
        subcommands.add_parser(name, help=command.__doc__, add_help=False)
    return shown


if __name__ == "__main__":
    main()
