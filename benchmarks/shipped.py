"""The interpreters of configs/ by name: one list for the tests, the benchmarks and the docs."""

from dataclasses import fields, replace
from typing import Any

from interpreters import LRP, GradCam, Interpreter
from interpreters.lrp import Composite
from trompe.configurations import CONFIGS
from trompe.parts import built as part


def built(kind: type, folder: str) -> dict[str, Any]:
    """Build what each configuration of a folder describes, by the file's name."""
    return {path.stem: part(kind, path) for path in sorted((CONFIGS / folder).glob("*.yaml"))}


def with_few(method: Any, **numbers: int) -> Any:
    """Return an interpreter, and what it explores or is run by, with these numbers of samples."""
    own = {field.name for field in fields(method)}
    found: dict[str, Any] = {name: number for name, number in numbers.items() if name in own}
    if "attack" in own:
        found["attack"] = with_few(method.attack, **numbers)
    if "options" in own:
        given = method.options
        found["options"] = {name: numbers.get(name, value) for name, value in given.items()}
    return replace(method, **found)


def variants(shipped: dict[str, Interpreter]) -> dict[str, Interpreter]:
    """Return the same at the last layer, where they explain pixels, and LRP by every composite."""
    last = {
        f"{name}, last": replace(interpreter, layer="last")  # type: ignore[call-arg]  # has one
        for name, interpreter in shipped.items()
        # Grad-CAM explains the last layer where no other is named
        if interpreter.differentiable
        and getattr(interpreter, "layer", "") is None
        and not isinstance(interpreter, GradCam)
    }
    composites = built(Composite, "composites").items()
    found = last | {f"lrp, {name}": LRP(composite=composite) for name, composite in composites}
    known = list(shipped.values())
    return {name: variant for name, variant in found.items() if variant not in known}


SHIPPED: dict[str, Interpreter] = built(Interpreter, "interpreters")
INTERPRETERS = SHIPPED | variants(SHIPPED)
# with as few samples and steps as show a mistake
SMALL = {
    name: with_few(interpreter, samples=3, steps=3, points=3, classes=2, chunk=4, n_steps=3)
    for name, interpreter in INTERPRETERS.items()
}
DIFFERENTIABLE = {name: each for name, each in SMALL.items() if each.differentiable}
