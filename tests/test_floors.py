"""Imports only go down the floors of the house."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW: dict[str, set[str]] = {
    "networks": set(),
    "losses": set(),
    "datamodules": set(),
    "interpreters": {"networks"},
    "attacks": {"networks"},
    "metrics": {"losses"},
    "lightning_modules": {"networks", "losses", "interpreters", "attacks", "metrics"},
}
BELOW["evaluation"] = set(BELOW)


def imported(source: str) -> set[str]:
    """Top-level names of everything that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("folder", sorted(BELOW))
def test_imports_only_go_down(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        upwards = (imported(path.read_text()) & set(BELOW)) - BELOW[folder] - {folder}
        assert not upwards, f"{path.relative_to(ROOT)} imports {', '.join(upwards)}"


def test_imports_inside_functions_are_found() -> None:
    assert imported("def f():\n    from evaluation.report import write_report") == {"evaluation"}
