"""Suggestions for misspelt names in error messages."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, valid_names: Iterable[str]) -> str:
    """Return " (did you mean `layer4`?)" with the valid name closest to `name`, or "" if none is.

    Example:
        >>> "no layer `layr4`" + did_you_mean("layr4", ["conv1", "layer4"])
        'no layer `layr4` (did you mean `layer4`?)'
    """
    closest = get_close_matches(name, list(valid_names), 1)
    return f" (did you mean `{closest[0]}`?)" if closest else ""
