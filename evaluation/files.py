"""Files that are there whole or not at all."""

import os
from pathlib import Path


def replace(path: Path, content: str | bytes) -> None:
    """Write a file so that a crash leaves either the old content or the whole new content.

    Text becomes UTF-8; what UTF-8 cannot express, as in file names of other encodings, is escaped.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "backslashreplace")
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)
