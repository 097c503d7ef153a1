"""The interpreters that ship with trompe, by name."""

from functools import cache
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser

from interpreters import Interpreter
from suggestions import did_you_mean
from trompe.configurations import CONFIGS


@cache
def built(kind: type, path: Path) -> Any:
    """Return what a configuration of one part describes."""
    parser = ArgumentParser()
    parser.add_subclass_arguments(kind, "value")
    return parser.instantiate(parser.parse_args([f"--value={path}"])).value


def interpreter(name: str) -> Interpreter:
    """Return a shipped interpreter by the name of its configuration or class, in any case.

    Example:
        >>> interpreter("grad_cam"), interpreter("GradCam")
        (GradCam(target='label', layer=None), GradCam(target='label', layer=None))
    """
    files = {path.stem: path for path in sorted((CONFIGS / "interpreters").glob("*.yaml"))}
    plain = {stem.replace("_", ""): path for stem, path in files.items()}
    path = files.get(name) or plain.get(name.replace("_", "").lower())
    if path is None:
        raise ValueError(
            f"there is no interpreter `{name}`{did_you_mean(name.lower(), files)}; "
            f"there are {', '.join(files)}"
        )
    return built(Interpreter, path)
