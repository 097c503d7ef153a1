"""Configurations that ship with trompe, named without a path."""

import re
from pathlib import Path

from trompe.finder import HOME

CONFIGS = HOME / "configs"
NAME = re.compile(r"[^\s,:=\"'{}\[\]]+\.yaml(?![\w.])")


def shipped() -> list[str]:
    """Return the names of all configurations, such as `experiments/shapes/fool.yaml`."""
    return sorted(path.relative_to(CONFIGS).as_posix() for path in CONFIGS.rglob("*.yaml"))


def with_paths(arguments: list[str]) -> list[str]:
    """Replace each name of a shipped configuration in the arguments by its path.

    A file of the same name in the working folder comes first. `configs/` before a name is optional.
    """
    return [NAME.sub(lambda found: _path(found[0]), argument) for argument in arguments]


def _path(name: str) -> str:
    path = CONFIGS / name.removeprefix("configs/")
    return str(path) if path.is_file() and not Path(name).is_file() else name
