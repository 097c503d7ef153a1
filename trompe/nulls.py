"""Refusal of null, and of nothing, where a configuration needs a value."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from pydoc import locate
from typing import Any, get_args

import yaml
from jsonargparse import Namespace
from torch import nn


def complaints(settings: Namespace, groups: Mapping[str, type]) -> list[str]:
    """Return what is wrong with parsed settings, and with the files that they were read from.

    Args:
        settings: of a command.
        groups: sections that have the arguments of a class, by name.
    """
    files = [yaml.safe_load(path.read_text()) for path in settings.get("config") or []]
    found = [each for content in files for each in empty_sections(content, groups)]
    for name, value in settings.as_dict().items():
        found += missing_values(value, name, groups.get(name))
    return found


def missing_values(given: Any, key: str, kind: Any = None) -> Iterator[str]:
    """Yield what is wrong with each null in parsed settings, and each part without a class.

    Args:
        given: the settings.
        key: their dotted name.
        kind: the class or function that they are the arguments of, if any.
    """
    if not isinstance(given, Mapping):
        return
    # a network may be called so too
    if isinstance(given.get("class_path"), str):
        kind = locate(given["class_path"])
        if kind is nn.Module or inspect.isabstract(kind):
            base = given["class_path"]
            yield f"`{key}` names no class of its own, only {base}; give a class_path"
        yield from missing_values(given.get("init_args"), f"{key}.init_args", kind)
        return
    needed = needing_values(kind) if callable(kind) else set()
    for name, value in given.items():
        if value is None and name in needed:
            yield f"`{key}.{name}` is null, expected a value; leave it out for the default"
        yield from missing_values(value, f"{key}.{name}")


def needing_values(kind: Any) -> set[str]:
    """Return the arguments of a class or function that have a default and cannot be null."""
    try:
        parameters = inspect.signature(kind, eval_str=True).parameters
    # types that are imported for the checker alone, and functions in C
    except (NameError, TypeError, ValueError):
        return set()
    return {
        name
        for name, parameter in parameters.items()
        if parameter.default is not None
        and parameter.default is not inspect.Parameter.empty
        and type(None) not in get_args(parameter.annotation)
    }


def empty_sections(given: Any, names: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with each section of a configuration file that has no settings."""
    for name in names:
        if isinstance(given, Mapping) and not isinstance(given.get(name, {}), Mapping):
            shown = "null" if given[name] is None else repr(given[name])
            yield f"`{name}` is {shown}, expected its options; leave it out for the defaults"
