"""The closest valid names for a name that is wrong."""

import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from pydoc import locate
from typing import cast

from files import shown
from trompe.configurations import shipped
from trompe.finder import PARTS

# jsonargparse's words for names that lead nowhere
CLASS = re.compile(r"class_path '([^']+)':\s+(?:module '|No module)|import path string: (\S+)")
OPTION = re.compile(r"unrecognized arguments: --([\w.]+)|not accept option '([\w.]+)'")
ARGUMENT = re.compile(r"class_path '([\w.]+)':\s+Option '(\w+)' is not accepted")
FILE = re.compile(r"path but (\S+\.yaml) |does not exist: '([^']+\.yaml)'")


def suggestion(given: str, names: Iterable[str], separator: str = ".") -> str:
    """Return "; did you mean ...?" with the names that end most like the given one, or nothing."""
    depth = given.count(separator) + 1
    ends = {name: separator.join(name.split(separator)[-depth:]) for name in names}
    near = get_close_matches(given, sorted(set(ends.values())), n=1)
    likely = [f"`{name}`" for name, end in ends.items() if end in near]
    return f"; did you mean {' or '.join(likely[:3])}?" if likely else ""


def suggestions(message: str, options: Iterable[str] = ()) -> list[str]:
    """Return a line for every wrong class path, file, option and argument in a parser's message.

    Args:
        message: what the parser says.
        options: names of all options of the command.
    """
    classes = {a or b: None for a, b in CLASS.findall(message)}
    files = {relative(a or b): None for a, b in FILE.findall(message)}
    found = [f"no `{shown(given)}`{suggestion(given, public_names())}" for given in classes]
    found += [f"no `{shown(given)}`{suggestion(given, shipped(), '/')}" for given in files]
    wrong = {a or b: None for a, b in OPTION.findall(message)}
    found += [f"no option `{shown(given)}`{suggestion(given, options)}" for given in wrong]
    for path, given in ARGUMENT.findall(message):
        names = signature(cast(type, locate(path))).parameters
        found.append(f"no argument `{shown(given)}` of {path}{suggestion(given, names)}")
    return found


def relative(path: str) -> str:
    """Return a path as a shipped configuration is named."""
    return path.removeprefix(f"{Path.cwd()}/").removeprefix("configs/")


def public_names() -> list[str]:
    """Return the dotted names of everything that the imported parts export."""
    modules = [(name, m) for name, m in sys.modules.items() if name.partition(".")[0] in PARTS]
    return sorted(f"{name}.{each}" for name, m in modules for each in getattr(m, "__all__", ()))
