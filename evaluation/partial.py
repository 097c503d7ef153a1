"""The file of an unfinished study's counts, checked before a study goes on from it."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pydantic import ConfigDict, NonNegativeInt, TypeAdapter, ValidationError
from torch import Tensor
from torchmetrics import Metric

from files import StoredFileError, read_stored, replace
from networks.sound import is_array

States = dict[str, dict[str, Tensor]]


class PartialResultsError(ValueError):
    """The counts on disk are damaged, or belong to another study."""


class Partial(NamedTuple):
    """A digest of the study, the batches of each loader that are counted, and the counts."""

    study: str
    done: list[NonNegativeInt]
    states: States


FILE = TypeAdapter(Partial, config=ConfigDict(arbitrary_types_allowed=True, strict=True))


def write_partial(partial: Partial, path: Path) -> None:
    """Write the counts of one process, whole or not at all."""
    file = io.BytesIO()
    torch.save(partial._asdict(), file)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, file.getvalue())


def read_partial(path: Path) -> Partial:
    """Read the counts of one process.

    Raises: PartialResultsError: the file is damaged, or holds something else.
    """
    try:
        content = read_stored(path)
    except StoredFileError as error:
        raise PartialResultsError(
            f"the counts cannot be read: {error}; or begin anew (--overwrite true)"
        ) from error
    try:
        return FILE.validate_python(content)
    except ValidationError as error:
        raise PartialResultsError(
            f"{path} does not hold the counts of a study; begin anew (--overwrite true)"
        ) from error


def restore(states: States, metrics: Mapping[str, Metric], path: Path) -> None:
    """Set the counts of every metric.

    Raises: PartialResultsError: the counts are not those of these metrics, of the same kinds.
    """
    expected = {name: counts(metric) for name, metric in metrics.items()}
    arrays = all(is_array(value) for counted in states.values() for value in counted.values())
    if signature(states) != signature(expected) or not arrays:
        raise PartialResultsError(
            f"{path} does not hold the counts of all {len(metrics)} metrics of this study, each of "
            "its own kind; begin anew (--overwrite true)"
        )
    for name, metric in metrics.items():
        for key, value in states[name].items():
            setattr(metric, key, value.to(metric.device))


def counts(metric: Metric) -> dict[str, Tensor]:
    """Return the sums that a metric holds, by name."""
    return {key: getattr(metric, key) for key in metric.metric_state}


def signature(states: States) -> dict[Any, Any]:
    """Return the names, shapes and kinds of counts."""
    return {
        (name, key): (value.shape, value.dtype)
        for name, of_metric in states.items()
        for key, value in of_metric.items()
    }
