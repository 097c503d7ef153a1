"""The command `trompe`: one subcommand for each task."""

import os
import sys
from argparse import ArgumentParser
from importlib import import_module

from trompe import __doc__ as summary
from trompe import __version__
from trompe.suggestions import suggestion


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


def compare(arguments: list[str]) -> None:
    """Show the results of several studies side by side."""
    from evaluation.compare import main as show

    show(arguments)


def redraw(arguments: list[str]) -> None:
    """Write a report again, from the results of its study."""
    import_module("evaluation.redraw").main(arguments)


COMMANDS = {each.__name__: each for each in (fit, validate, test, evaluate, compare, redraw)}


def main(arguments: list[str] | None = None) -> None:
    """Run the subcommand that the arguments begin with, or show all subcommands."""
    first, *others = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if first in COMMANDS:
        # classes of the user's own, which a script of an installed package does not find
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        return COMMANDS[first](others)
    parser = ArgumentParser("trompe", description=summary)
    parser.add_argument("--version", action="version", version=f"trompe {__version__}")
    subcommands = parser.add_subparsers(
        title="subcommands", metavar="", description="`trompe SUBCOMMAND --help` shows the options."
    )
    for name, command in COMMANDS.items():
        subcommands.add_parser(name, help=command.__doc__, add_help=False)
    if not first.startswith("-"):
        parser.error(f"there is no subcommand `{first}`{suggestion(first, COMMANDS)}")
    parser.parse_args([first])


if __name__ == "__main__":
    main()
