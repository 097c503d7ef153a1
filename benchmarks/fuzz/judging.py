"""One input, what reads it, and the verdict on what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_tb
from typing import Any, NamedTuple

from lightning.fabric.utilities.exceptions import MisconfigurationException

from trompe.finder import PARTS

REFUSED, RIGHT = "refused and named", "right"
CRASHED, HUNG, WRONG, RAN = "crashed", "hung", "wrong", "code run"
VERDICTS = REFUSED, RIGHT, CRASHED, HUNG, WRONG, RAN
FAILURES = frozenset({CRASHED, HUNG, WRONG, RAN})
LINES, LETTERS = 15, 4000


class Outcome(NamedTuple):
    """A verdict, with the error or the difference that led to it."""

    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class Case:
    """An input and what must come of it.

    Args:
        what: how the input was made.
        load: reads it, by the project's own code.
        difference: what is wrong with the value that was read, or nothing.
        names: of which an error says one, as the file's.
        sound: True if an error would be wrong.
        trace: a file that the input makes if its code is run.
    """

    what: str
    load: Callable[[], Any]
    difference: Callable[[Any], str] = lambda _: ""
    names: tuple[str, ...] = ()
    sound: bool = False
    trace: Path | None = field(default=None)


def judge(case: Case) -> Outcome:
    """Return what came of a case."""
    outcome = _judge(case)
    if case.trace is not None and case.trace.exists():
        return Outcome(RAN, f"{case.what}: {outcome.reason}")
    return Outcome(outcome.verdict, f"{case.what}: {outcome.reason}")


def _judge(case: Case) -> Outcome:
    try:
        value = case.load()
    except BaseException as error:  # any error is judged
        text = text_of(error)
        if fault := fault_of(error, text, case.names):
            return Outcome(CRASHED, f"{fault}: {text}")
        return Outcome(WRONG, f"refused: {text}") if case.sound else Outcome(REFUSED, text)
    difference = case.difference(value)
    return Outcome(WRONG, difference) if difference else Outcome(RIGHT)


def text_of(error: BaseException) -> str:
    """Return what an error says, or what a command printed before it ended."""
    printed = "".join(getattr(error, "__notes__", [])) if isinstance(error, SystemExit) else ""
    return printed or f"{type(error).__name__}: {error}"


def fault_of(error: BaseException, text: str, names: tuple[str, ...]) -> str:
    """Return what an error lacks to be one that helps, or nothing."""
    if isinstance(error, SystemExit):
        if error.code != 2:
            return f"exit code {error.code}"
    elif not (is_own(error) or isinstance(error, MisconfigurationException)):
        return "a raw error"
    if not any(name in text for name in names):
        return f"it says none of {names}"
    if len(text.splitlines()) > LINES or len(text) > LETTERS:
        return f"{len(text.splitlines())} lines, {len(text)} letters"
    return ""


def is_own(error: BaseException) -> bool:
    """Return True for an error of a value or type that the project raised itself."""
    if not isinstance(error, ValueError | TypeError):
        return False
    modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    return modules[-1].partition(".")[0] in PARTS | {"trompe"}
