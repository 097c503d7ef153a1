"""Pretrained weights, which have to be fetched from elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def downloading(name: str, pretrained: bool | str) -> Iterator[None]:
    """Name what went wrong where a model is built with weights from elsewhere.

    Raises: ValueError: they cannot be reached, or there are none.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
        raise ValueError(
            f"the pretrained weights of `{name}` could not be downloaded: {error}; give a file in "
            "`weights` with `pretrained: false`, or download once where there is a connection"
        ) from error
