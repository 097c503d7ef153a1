"""Findings as files: JSON for numbers and text, safetensors for tensors; nothing in them is run."""

import json
from collections.abc import Iterator
from inspect import isabstract
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from evaluation.findings import Findings
from files import StoredFileError, read_bytes, replace, shown

SCHEMA = 1
FILES = TEXT, TENSORS = "findings.json", "findings.safetensors"


class FindingsError(ValueError):
    """The findings of a report cannot be read."""


def save_findings(findings: Findings, folder: Path) -> None:
    """Write findings.safetensors and findings.json, each whole or not at all."""
    tensors: dict[str, Tensor] = {}
    content = TypeAdapter(type(findings)).dump_python(findings, context=tensors)
    whole = {"schema": SCHEMA, "study": findings.study, "findings": content}
    replace(folder / TENSORS, save(tensors))
    replace(folder / TEXT, json.dumps(whole))


def load_findings(folder: Path) -> Findings:
    """Read the findings that a study saved in the folder of its report; nothing in them is run.

    Raises: FindingsError: a file is missing, damaged, or of another version of trompe.
    """
    try:
        whole = json.loads(read_bytes(folder / TEXT))
        tensors = load(read_bytes(folder / TENSORS))
        (kind,) = (kind for kind in kinds() if kind.study == whole["study"])
        found: Findings = TypeAdapter(kind).validate_python(whole["findings"], context=tensors)
        check_all_read(whole, found)
    except StoredFileError as error:
        raise FindingsError(
            f"{folder} holds no findings: {error}; give a run whose report evaluate.py has written"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        raise FindingsError(
            f"the findings in {folder} cannot be read: {reason(error)}; they are damaged or of "
            "another version: evaluate anew (--overwrite true)"
        ) from error
    return found


def check_all_read(whole: dict[str, Any], findings: Findings) -> None:
    """Raise ValueError for an entry of the file that is not read, as of another version."""
    if whole["schema"] != SCHEMA:
        raise ValueError(f"its schema is {whole['schema']}, expected {SCHEMA}")
    # by way of text, as it was written: keys become text, and nothing else changes
    read = json.loads(json.dumps(TypeAdapter(type(findings)).dump_python(findings, context={})))
    for name in not_read(whole["findings"], read, "findings"):
        raise ValueError(f"there is no entry {name}")


def not_read(content: Any, read: Any, name: str) -> Iterator[str]:
    """Yield the names of the entries that a record has and that were not read."""
    keys = range(len(content)) if isinstance(content, list) else content
    for key in keys if isinstance(content, dict | list) else ():
        if isinstance(content, dict) and key not in read:
            yield f"{name}.{key}"
        else:
            yield from not_read(content[key], read[key], f"{name}.{key}")


def kinds(base: type[Findings] = Findings) -> list[type[Findings]]:
    """Return every kind of findings that is known: those of all studies, once they are imported."""
    found = [kind for child in base.__subclasses__() for kind in (child, *kinds(child))]
    return [kind for kind in found if not isabstract(kind)]


def reason(error: Exception) -> str:
    """Return the first of the reasons that findings were refused for, in at most 200 letters."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        text = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    else:
        text = f"{type(error).__name__}: {error}"
    return shown(text, 200)
