"""The commands of training and evaluation, up to the objects that a run is made of."""

import io
from contextlib import ExitStack, redirect_stderr, redirect_stdout, suppress
from typing import Any

from evaluation import Study
from lightning_modules import Classifier
from trompe.command_line import CommandLine
from trompe.evaluate import StudyCommandLine
from trompe.train import TrainCommandLine

# of each command, what its parser is made of
PARSERS: dict[str, dict[str, Any]] = {}


class KeptParser(CommandLine):
    """A command whose parser, which takes long to make, is made once for all children."""

    def setup_parser(self, *arguments: Any) -> None:
        """Take the parser that is there, or make it."""
        kind = type(self).__name__
        if kind not in PARSERS:
            before = set(vars(self))
            super().setup_parser(*arguments)
            PARSERS[kind] = {name: each for name, each in vars(self).items() if name not in before}
        vars(self).update(PARSERS[kind])


class Training(KeptParser, TrainCommandLine):
    """A training that is built and not begun."""

    def _run_subcommand(self, subcommand: str) -> None:
        pass


class Evaluation(KeptParser, StudyCommandLine):
    """A study that is built and not begun."""


def built(arguments: list[str]) -> CommandLine:
    """Return the command of these arguments with its objects; errors hold what is printed."""
    printed = io.StringIO()
    try:
        with ExitStack() as stack, redirect_stderr(printed), redirect_stdout(io.StringIO()):
            if arguments[0] == "fit":
                return Training(Classifier, stack, args=arguments)
            return Evaluation(Study, stack, run=False, save_config_callback=None, args=arguments)
    except SystemExit as error:
        error.add_note(printed.getvalue())
        raise


def make_parsers() -> None:
    """Make the parsers of both commands."""
    for arguments in (["fit", "--help"], ["--help"]):
        with suppress(SystemExit):
            built(arguments)
