"""The documentation: links, lists and navigation of its pages, and the table of all methods."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import nn

import attacks
import interpreters
import losses
from attacks import transfer
from docs import formulas, methods
from seeds import generator

ROOT = Path(__file__).parents[1]
BESIDE = [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md")]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *BESIDE, ROOT / "configs/README.md"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
FORMULAS = {
    name: int(passes.removeprefix("at most "))
    for name, (_, passes) in formulas.INTERPRETERS.items()
    if passes.removeprefix("at most ").isdigit()
}


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and mkdocs make them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", re.sub(r"[`*]", "", title)) for title in titles]
    return {re.sub(r"\s+", "-", title.strip().lower()) for title in plain}


@by_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {link}"


@by_page
def test_lists_begin_after_an_empty_line(page: Path) -> None:
    """Otherwise the site shows them as one paragraph."""
    before, code = "", False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        code ^= line.startswith("```")
        begins = re.match(r"(- |\d+\. )", line)
        if begins and not code:
            goes_on = re.match(r"(- |\d+\. |  |#)", before) or not before
            assert goes_on, f"{page.name}, line {number}: put an empty line before the list"
        before = line


def test_every_page_is_in_the_navigation() -> None:
    def pages(entry: Any) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        parts = entry if isinstance(entry, list) else list(entry.values())
        return [page for part in parts for page in pages(part)]

    found = pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    assert len(found) == len(set(found))
    own = {page.name for page in (ROOT / "docs").glob("*.md")}
    notebooks = {f"notebooks/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert own | notebooks < set(found)
    others = {name for name in set(found) - own - notebooks if not name.startswith("api/")}
    assert all((ROOT / name).is_file() for name in others)


def test_the_page_of_methods_is_that_of_the_code() -> None:
    assert methods.PAGE.read_text() == methods.page(), "run python -m docs.methods"


def test_every_formula_belongs_to_a_method() -> None:
    assert set(formulas.INTERPRETERS) < set(interpreters.__all__)
    assert set(formulas.LOSSES) < set(losses.__all__)
    assert set(formulas.ATTACKS) < {*attacks.__all__, *transfer.__all__}


def passes(network: nn.Module) -> list[int]:
    """The number of images of each forward pass, from now on."""
    seen: list[int] = []

    def count(_module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        seen.append(len(inputs[0]))

    network.register_forward_pre_hook(count)
    return seen


def small_network() -> nn.Module:
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(16, 30)).eval()


@pytest.mark.parametrize("name", FORMULAS)
def test_passes_are_those_that_are_made(name: str) -> None:
    interpreter = getattr(interpreters, name)()
    network, images = small_network(), torch.rand(2, 3, 12, 12)
    labels = network(images).argmax(1)
    interpreter(network, images[1:], labels[1:])  # the first call checks the network
    seen = passes(network)
    with torch.no_grad():
        interpreter(network, images[:1], labels[:1])
    if formulas.INTERPRETERS[name][1].isdigit():
        assert sum(seen) == FORMULAS[name]
    else:
        assert 0 < sum(seen) <= FORMULAS[name]


@pytest.mark.parametrize("name", [each for each in transfer.__all__ if each in formulas.ATTACKS])
def test_gradients_of_a_step_are_those_that_are_made(name: str) -> None:
    if not formulas.ATTACKS[name][1].isdigit():
        pytest.skip("its first or last step takes another number")
    attack = replace(getattr(transfer, name)(), steps=2)
    network, images = small_network(), torch.rand(1, 3, 12, 12)
    labels = network(images).argmax(1)
    seen = passes(network)
    attack(network, images, labels, [generator(1)])
    assert sum(seen) == 2 * int(formulas.ATTACKS[name][1])
