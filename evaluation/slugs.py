"""Names of files and tags, made of free text."""

import re
from collections.abc import Iterable
from hashlib import sha256

LONGEST = 80


def slug(parts: Iterable[str]) -> str:
    """Return a file's name for parts of free text: short, in one folder, its own for every text.

    Parts in lower case are joined by underscores; any other text ends in a digest of it.

    Example:
        >>> slug(["grad_cam", "heatmaps"])
        'grad_cam_heatmaps'
    """
    given = [*parts]
    joined = "_".join(given)
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", joined).strip("-")[: LONGEST - 9]
    # in some file systems upper case is lower case
    if safe == joined and safe == safe.lower() and safe:
        return safe
    digest = sha256("\0".join(given).encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{safe}-{digest}".lstrip("-")
