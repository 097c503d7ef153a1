"""Lines of the given configurations that hold the names in an error."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

NAME = re.compile(r"[`'\"]([\w.]+)[`'\"]")


def given_files(arguments: Iterable[str]) -> list[Path]:
    """Return the configurations that a command's arguments name."""
    parts = (Path(part) for argument in arguments for part in argument.split("=", 1))
    return [path for path in parts if path.suffix == ".yaml" and os.path.isfile(path)]


def places(message: str, files: Iterable[Path]) -> list[str]:
    """Return a line that names the files, each with the line of the last name in the message."""
    names = [name.rpartition(".")[2] for name in NAME.findall(message)]
    found = []
    for path in files:
        text = [line.partition("#")[0] for line in path.read_text(errors="replace").splitlines()]
        lines = (line_of(name, text) for name in reversed(names))
        line = next(filter(None, lines), None)
        found.append(f"{path} (line {line})" if line else str(path))
    return [f"given: {', '.join(found)}"] if found else []


def line_of(name: str, text: list[str]) -> int | None:
    """Return the number of the first line with an option of this name, from 1, or None."""
    wanted = re.compile(rf"(^|[\s{{,\"'.]){re.escape(name)}[\"']?\s*(:|$)")
    return next((number for number, line in enumerate(text, 1) if wanted.search(line)), None)
