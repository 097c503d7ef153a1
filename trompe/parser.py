"""The parser of arguments and configurations, and errors that say what is wrong."""

import os
import re
import sys
from argparse import ArgumentError, ArgumentParser, HelpFormatter
from collections.abc import Sequence
from pathlib import Path
from traceback import walk_tb
from typing import Any, NoReturn

from lightning.pytorch.cli import LightningArgumentParser

from trompe.help import Formatter, is_command, page
from trompe.layout import check_layout
from trompe.places import given_files, places
from trompe.wrong_names import suggestions

# the parser's account of all that it tried, of no use to who made one mistake
ACCOUNT = re.compile(
    r"\s*(- )?(Does not validate against any of|Subtypes: |Errors:|Given value)"
    r"|\s*- Expected a (path but |<class '(NoneType|dict)'>)"
)
LINES, WIDTH = 10, 300


class Parser(LightningArgumentParser):
    """The parser of the command line and of configurations, which suggests the closest names."""

    def __init__(self, *args: Any, **options: Any) -> None:
        # a misspelt option must not be taken for another that begins alike
        super().__init__(*args, **{"allow_abbrev": False, "formatter_class": Formatter, **options})
        self.file, self.given = "", list[Path]()

    def format_help(self, formatter: HelpFormatter | None = None) -> str:
        """Return the help of a command on about a hundred lines, or that of a class."""
        return page(self) if is_command(self) else str(super().format_help(formatter))

    def parse_args(  # type: ignore[override]  # for the checker it is several
        self, args: Sequence[str] | None = None, *others: Any, **options: Any
    ) -> Any:
        """Parse arguments, whose configurations every error names."""
        self.given = given_files(sys.argv[1:] if args is None else args)
        return super().parse_args(args, *others, **options)

    def parse_path(self, path: str | os.PathLike[str], *args: Any, **options: Any) -> Any:
        """Parse a configuration file, which every error in it names."""
        before, self.file = self.file, os.fspath(path)
        try:
            check_layout(Path(path).read_text("utf-8"))
            return super().parse_path(path, *args, **options)
        except ArgumentError:
            raise
        # the parser tries what it is given as one type after another
        except Exception as error:
            self.error(str(error), error)
        finally:
            self.file = before

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Show what is wrong on one screen, and end."""
        message = f"{self.file}: {message}" if self.file else message
        # a parser inside another raises, and the outermost shows the message
        if not self.exit_on_error:
            super().error(message, ex)
        message = of_included_files(message, ex)
        failed: ArgumentParser = getattr(ex, "subcommand_parser", None) or self
        command = failed.prog.replace(" [options]", "")
        options = [name.removeprefix("--") for name in failed._option_string_actions]
        help_ = f"`{command} --help` lists all options, `--model.help CLASS` those of a class"
        found = suggestions(message, options)
        lines = [*essence(message), *found, *places(message, self.given), help_]
        self.exit(2, "error: " + "\n".join(lines) + "\n")


def essence(message: str) -> list[str]:
    """Return the lines of the parser's message that say what is wrong, ten at most, none long."""
    lines = [line for line in message.splitlines() if line.strip() and not ACCOUNT.match(line)]
    lines = [line if len(line) <= WIDTH else f"{line[:WIDTH]}..." for line in lines]
    return lines if len(lines) <= LINES else [*lines[: LINES // 2], "...", *lines[-LINES // 2 :]]


def own_error(error: BaseException) -> BaseException:
    """Return the first ValueError below a parser's error that the parser did not raise itself.

    The parser reports nested attempts, one for each type that a value could have; only its frames
    hold the error of each attempt.
    """
    found: list[BaseException] = [error]
    for outer in found:
        for frame, _ in walk_tb(outer.__traceback__):
            tried = [each for each in frame.f_locals.values() if isinstance(each, list)]
            inner = [each for values in tried for each in values if isinstance(each, Exception)]
            found += [each for each in inner if each not in found]
    own = (each for each in found if isinstance(each, ValueError) and not of_parser(each))
    return next(own, error.__cause__ or error)


def of_included_files(message: str, error: BaseException | None) -> str:
    """Put the error in an included file into the message.

    After any error in a file the parser reads the file again, and reports this as a loop of files.
    """
    while error is not None:
        before = error.__cause__ or error.__context__
        if str(error).startswith("Config file loop") and before is not None:
            message = message.replace(str(error), str(before))
        error = before
    return message


def of_parser(error: BaseException) -> bool:
    """Return whether the parser raised an error itself."""
    modules = [frame.f_globals["__name__"] for frame, _ in walk_tb(error.__traceback__)]
    return not modules or modules[-1].startswith("jsonargparse")
