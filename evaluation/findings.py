"""The findings of a study: plain data that the report's words, tables and pictures show."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from matplotlib.figure import Figure
from pydantic import PlainSerializer, PlainValidator, SerializationInfo, ValidationInfo
from torch import Tensor

from evaluation.measurements import select
from evaluation.results import Results
from lightning_modules.names import humanize


def _put(tensor: Tensor, info: SerializationInfo) -> str:
    tensors: dict[str, Tensor] = info.context  # type: ignore[assignment]  # as `save` gives it
    name = str(len(tensors))
    tensors[name] = tensor.detach().cpu().contiguous().clone()
    return name


def _get(name: Any, info: ValidationInfo) -> Tensor:
    if isinstance(name, Tensor):
        return name
    tensors: dict[str, Tensor] = info.context or {}
    if name not in tensors:
        raise ValueError("its tensor is missing")
    return tensors[name]


# a tensor that is written to a file of tensors, beside the JSON that holds its name
Stored = Annotated[Tensor, PlainValidator(_get), PlainSerializer(_put)]


class Picture(NamedTuple):
    """A figure of the report; its name, in parts of free text, becomes its title and its file.

    The caption says what is compared, what colours and numbers mean, and what to look for.
    """

    name: tuple[str, ...]
    figure: Figure
    caption: str = ""


@dataclass(frozen=True)
class Findings(ABC):
    """The measurements of a study, and the few images, heatmaps and curves that it shows.

    Fields hold numbers, text, CPU tensors (`Stored`), and tuples, mappings and frozen dataclasses
    of them, so that they can be written to a file and read again without running anything in it.
    """

    study: ClassVar[str]
    explanations: ClassVar[str] = "heatmaps"
    results: Results

    @abstractmethod
    def sentences(self) -> list[str]:
        """Return the main results in a few sentences."""

    def opening(self) -> list[str]:
        """Return how many explanations count in no figure, and then the main results."""
        return [*self._left_out(), *self.sentences()]

    def _left_out(self) -> list[str]:
        said = []
        for found in select(self.results.measurements, name="not_finite"):
            by = f"{humanize(found.interpreter)} on " if found.interpreter else ""
            said.append(
                f"{found.value:g} of {found.n} {self.explanations} of {by}the network "
                f"{humanize(found.network)} were not finite and count in no figure."
            )
        return said

    @abstractmethod
    def summary(self) -> list[list[str]]:
        """Return a short table of the results, its header first."""

    @abstractmethod
    def pictures(self) -> Iterator[Picture]:
        """Draw the pictures of the report, one after another."""

    def ordered(self, names: Sequence[str]) -> Self:
        """Return the same findings with networks, interpreters, ... shown in another order.

        Args:
            names: those that come first; all others follow in the order that they have.
        """
        ranks = {name: rank for rank, name in enumerate(names)}
        changed = {
            field.name: _ordered(getattr(self, field.name), ranks)
            for field in fields(self)
            if field.name != "results"
        }
        return replace(self, **changed)


def _ordered(content: Any, ranks: Mapping[str, int]) -> Any:
    """Sort a tuple of names, and mappings by their names; captions stay with their images."""

    def rank(name: Any) -> int:
        return ranks.get(name, len(ranks))

    if isinstance(content, Mapping):
        return {key: _mappings(content[key], ranks) for key in sorted(content, key=rank)}
    if isinstance(content, tuple) and all(isinstance(name, str) for name in content):
        return tuple(sorted(content, key=rank))
    return _mappings(content, ranks)


def _mappings(content: Any, ranks: Mapping[str, int]) -> Any:
    """Sort what is a mapping, or a field of a record that is one."""
    if isinstance(content, Mapping):
        return _ordered(content, ranks)
    if is_dataclass(content) and not isinstance(content, type):
        values = {field.name: getattr(content, field.name) for field in fields(content)}
        mappings = {name: each for name, each in values.items() if isinstance(each, Mapping)}
        return replace(content, **{name: _ordered(each, ranks) for name, each in mappings.items()})
    return content
