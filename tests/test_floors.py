"""Imports go down the floors of the house, and never in a circle."""

from functools import cache

import grimp
import pytest

BELOW: dict[str, set[str]] = {
    "networks": set(),
    "losses": set(),
    "datamodules": set(),
    "attacks": {"networks", "losses"},
    "interpreters": {"networks", "losses", "attacks"},
    "metrics": {"losses"},
    "lightning_modules": {"networks", "losses", "interpreters", "attacks", "metrics"},
}
BELOW["evaluation"] = set(BELOW)
GROUND = {"binary", "endings", "files", "labels", "seeds", "suggestions"}


@cache
def graph() -> grimp.ImportGraph:
    """Every import between our modules, those inside functions and for types alone included."""
    return grimp.build_graph(*BELOW, *GROUND, cache_dir=None)


def upward(imports: grimp.ImportGraph) -> list[str]:
    """Imports of a folder that does not lie below the importing one."""
    return [
        f"{importer} imports {imported}"
        for importer in sorted(imports.modules)
        for imported in sorted(imports.find_modules_directly_imported_by(importer))
        if imported.split(".")[0] not in allowed(importer.split(".")[0])
    ]


def allowed(folder: str) -> set[str]:
    """Return the folders that a folder may import from: its own, and all below."""
    return {folder} if folder in GROUND else {folder} | BELOW[folder] | GROUND


def circles(imports: grimp.ImportGraph) -> list[str]:
    """Modules from which imports lead back to themselves."""
    found = []
    for module in sorted(imports.modules):
        for imported in sorted(imports.find_modules_directly_imported_by(module)):
            if chain := imports.find_shortest_chain(imported, module):
                found.append(" -> ".join([module, *chain]))
    return found


@pytest.mark.parametrize("folder", sorted(BELOW))
def test_every_folder_is_in_the_graph(folder: str) -> None:
    assert len(graph().find_descendants(folder)) > 5


def test_imports_only_go_down() -> None:
    assert upward(graph()) == []


def test_no_imports_go_in_a_circle() -> None:
    assert circles(graph()) == []


def test_what_is_forbidden_is_found() -> None:
    imports = grimp.ImportGraph()
    for importer, imported in (
        ("losses.a", "metrics.b"),
        ("evaluation.study", "evaluation.pictures"),
        ("evaluation.pictures", "evaluation.study"),
    ):
        for module in (importer, imported):
            imports.add_module(module)
        imports.add_import(importer=importer, imported=imported)
    assert upward(imports) == ["losses.a imports metrics.b"]
    assert len(circles(imports)) == 2
