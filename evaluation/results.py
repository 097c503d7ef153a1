"""The measurements of a study as results.json and results.csv."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evaluation.measurements import Measurement, find
from evaluation.tables import to_csv
from files import replace

SCHEMA = 1
FILES = ("results.json", "results.csv")


@dataclass(frozen=True)
class Results:
    """All measurements of a study, with what is needed to repeat it."""

    study: str
    measurements: Sequence[Measurement]
    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    skipped: Sequence[str] = ()
    refused: dict[str, str] = field(default_factory=dict)
    limit_images: int | None = None

    def find(self, name: str, **labels: Any) -> Measurement:
        """Return the first measurement of this name and these labels; raise LookupError if none."""
        return find(self.measurements, name=name, **labels)

    def write(self, folder: Path) -> None:
        """Write results.csv and results.json, each whole or not at all.

        JSON knows neither NaN nor infinity: both are null there.
        """
        content = {"schema": SCHEMA, **asdict(self)}
        content["figures"] = [
            {key: value for key, value in figure.items() if value is not None}
            for figure in content.pop("measurements")
        ]
        columns = [*Measurement.__dataclass_fields__]
        rows = [[getattr(found, column) for column in columns] for found in self.measurements]
        replace(folder / FILES[1], to_csv([columns, *rows]))
        text = json.dumps(without_nan(content), indent=1, default=str, allow_nan=False)
        replace(folder / FILES[0], f"{text}\n")


def without_nan(content: Any) -> Any:
    """Return the content with None for every number that is not finite, which JSON lacks."""
    if isinstance(content, dict):
        return {key: without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [without_nan(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
