"""A study's figures, as data: results.json and CSV."""

import csv
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

SCHEMA = 1


@dataclass(frozen=True)
class Number:
    """One measured figure, its 95 % interval where it has one, and what it was measured on.

    A point of a curve has its place `x`; the figure of a class has the class as its `label`.
    """

    name: str
    value: float
    interval: tuple[float, float] | None
    better: str
    network: str
    n: int
    interpreter: str | None = None
    loss: str | None = None
    part: str | None = None
    against: str | None = None
    heatmaps: str | None = None
    x: float | None = None
    label: str | None = None

    @property
    def key(self) -> str:
        """What it is called by: its name and its labels, the same for all points of a curve."""
        labels = (self.network, self.interpreter, self.part, self.against, self.heatmaps)
        return "/".join([self.name, *(label for label in labels if label)])


def words(name: str) -> str:
    """A name as it is read."""
    return name.replace("_", " ")


def means(names: Mapping[str, str], points: Tensor, network: str, **labels: Any) -> list[Number]:
    """The means of a MeanCurve, (3, points), as figures, by name and by which end is better."""
    return [
        Number(name, mean, (mean - half, mean + half), better, network, int(count), **labels)
        for (name, better), (mean, half, count) in zip(
            names.items(), points.T.tolist(), strict=True
        )
    ]


@dataclass(frozen=True)
class Results:
    """All figures of a study, with what is needed to repeat it."""

    study: str
    numbers: Sequence[Number]
    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    skipped: Sequence[str] = ()
    refused: dict[str, str] = field(default_factory=dict)
    limit_images: int | None = None

    def find(self, name: str, **labels: str) -> Number:
        """The one figure of this name, network, interpreter, ...; raises LookupError if none is."""
        for number in self.numbers:
            if number.name == name and all(getattr(number, k) == v for k, v in labels.items()):
                return number
        raise LookupError(f"no figure {name} for {labels}")

    def write(self, folder: Path) -> None:
        """Write results.csv and results.json, each whole or not at all.

        JSON knows neither NaN nor infinity: both are null there.
        """
        content = {"schema": SCHEMA, **asdict(self)}
        content["figures"] = [
            {key: value for key, value in figure.items() if value is not None}
            for figure in content.pop("numbers")
        ]
        partial = folder / "results.csv.part"
        with partial.open("w", newline="") as file:
            rows = csv.DictWriter(file, [*Number.__dataclass_fields__])
            rows.writeheader()
            rows.writerows(asdict(number) for number in self.numbers)
        os.replace(partial, folder / "results.csv")
        text = json.dumps(plain(content), indent=1, default=str, allow_nan=False)
        replace(folder / "results.json", f"{text}\n")


def plain(content: Any) -> Any:
    """Content of which JSON knows every number: what is not finite becomes None."""
    if isinstance(content, dict):
        return {key: plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def replace(path: Path, content: str | bytes) -> None:
    """Write a file so that there is either the old one or the whole new one."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(partial, path)
