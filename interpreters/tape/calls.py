"""Function calls of a forward pass, with their inputs and outputs."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from types import FrameType
from typing import Any, NamedTuple, TypeVar

from torch import Tensor, nn

from networks.unsupported import UnsupportedError

Result = TypeVar("Result")


class TapeError(UnsupportedError):
    """A network calls a function that the interpreter has no rule for."""


class CallSite(NamedTuple):
    """Site of a function call in a network: the innermost module and its dotted name."""

    name: str
    module: nn.Module | None

    def __str__(self) -> str:
        """Return the site as errors name it."""
        if self.module is None:
            return "the network"
        module = f"{type(self.module).__name__}({self.module.extra_repr()})"
        return f"{module} at `{self.name}`" if self.name else module


def running_module() -> nn.Module | None:
    """Return the innermost module whose forward is running."""
    # not this frame: its `f_locals` would hold itself, and keep all tensors of its callers
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_locals.get("self")
        if isinstance(module, nn.Module):
            return module
        frame = frame.f_back
    return None


@contextmanager
def located(site: CallSite) -> Iterator[None]:
    """Raise TapeError, with the site of the call, where a rule does not support it."""
    try:
        yield
    except UnsupportedError as error:
        raise TapeError(
            f"{site}: {error}; explain at a layer behind it, or add a rule as CONTRIBUTING.md says"
        ) from error


@dataclass(frozen=True, eq=False)
class Call:
    """One function call of a forward pass.

    Args:
        name: the function's name, such as conv2d.
        function: the function, or its out-of-place counterpart.
        args: positional arguments.
        kwargs: named arguments.
        inputs: the tensors among the arguments that depend on the tape's start, in order.
        outputs: the returned tensors.
        site: module that makes the call.
        gate: BatchNorm whose ReLU a convolution reads, if `inputs` are the BatchNorm's.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    site: CallSite
    gate: "Call | None" = None

    def on(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the outputs of the same call on other inputs."""
        own, others = {id(value) for value in self.inputs}, iter(inputs)

        def other(value: Tensor) -> Tensor:
            return next(others) if id(value) in own else value

        args, kwargs = mapped(other, (self.args, self.kwargs))
        results = tensors(self.function(*args, **kwargs))
        return tuple(value for value in results if value.is_floating_point())


def read(
    reader: Callable[..., Result], name: str, args: Sequence[Any], kwargs: dict[str, Any]
) -> Result:
    """Return what a reader makes of the arguments that a function is called with.

    Raises: TapeError: the reader does not know one of them.
    """
    try:
        bound = signature(reader).bind(*args, **kwargs)
    except TypeError as error:
        raise TapeError(f"no rule for `{name}` with these arguments: {error}") from error
    return reader(*bound.args, **bound.kwargs)


def only_input(call: Call) -> Tensor:
    """Return the one tensor that a call reads; raises TapeError where there are several."""
    if len(call.inputs) != 1:
        raise TapeError(f"no rule for `{call.name}` of several tensors that depend on the images")
    return call.inputs[0]


def dimension_of(call: Call) -> int:
    """Return the dimension that a call of softmax works along; raises TapeError without one."""
    dimension = read(_dimension, call.name, call.args, call.kwargs)
    if dimension is None:
        raise TapeError(f"no rule for `{call.name}` without a `dim`")
    return dimension


def _dimension(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> int | None:
    return dim


def mapped(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """Return nested arguments with a function applied to every tensor, in new lists."""
    if isinstance(value, Tensor):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)(mapped(change, item) for item in value)
    if type(value) is dict:
        return {key: mapped(change, item) for key, item in value.items()}
    return value


def tensors(value: Any) -> tuple[Tensor, ...]:
    """Return all tensors of nested arguments or results, in order."""
    if isinstance(value, Tensor):
        return (value,)
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        return tuple(tensor for item in value for tensor in tensors(item))
    return ()


def name_of(function: Any) -> str:
    """Return a function's name, or that of the attribute that it reads, as in x.mT."""
    name = getattr(function, "__name__", type(function).__name__)
    return str(function.__self__.__name__ if name == "__get__" else name)
