"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def replace(path: Path, content: str | bytes) -> None:
    """Write a file so that a crash leaves either the old content or the whole new content.

    Text becomes UTF-8; what UTF-8 cannot express, as in file names of other encodings, is escaped.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "backslashreplace")
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends without an error.

    Raises: OSError: it cannot be written, with its path; what was there before stays.
    """
    # beside the target, as a file system only replaces files of its own at once
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:
        # torch.save turns the disk's own error into one of its format
        fault = error if isinstance(error, OSError) else error.__context__
        if not isinstance(fault, OSError) or fault.errno is None:
            raise
        raise OSError(fault.errno, fault.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)
