"""Error messages for downloads of pretrained weights."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def downloading(name: str, pretrained: bool | str) -> Iterator[None]:
    """Turn a failed download of pretrained weights into a ValueError that names the model.

    Args:
        name: name of the model.
        pretrained: whether weights are downloaded; if not, errors pass unchanged.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
        raise ValueError(
            f"the pretrained weights of `{name}` could not be downloaded: {error}; give a local "
            "file as `weights` with `pretrained: false`, or run once with an internet connection"
        ) from error
