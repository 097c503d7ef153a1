"""Records of JSON or of tensors, with an entry changed."""

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import torch

from benchmarks.fuzz.wrong_values import VALUES


def changed_record(record: Any, random: Random) -> tuple[str, Any]:
    """Return a record with an entry replaced, left out, called otherwise, twice or nested."""
    changed = deepcopy(record)
    table, key = random.choice([*places(changed)])
    change = random.choice(("replaced", "replaced", "left out", "renamed", "twice", "nested"))
    value = table[key]
    if change == "left out":
        del table[key]
    elif change == "renamed" and isinstance(table, dict):
        other = random.choice((f"{key}x", "", "a" * 1000, "\x1b[2J", str(key).upper()))
        table[other] = table.pop(key)
    elif change == "twice" and isinstance(table, list):
        table.insert(random.randrange(len(table) + 1), value)
    elif change == "nested":
        for _ in range(random.choice((1, 90))):
            value = random.choice(([value], {"a": value}))
        table[key] = value
    elif isinstance(value, torch.Tensor):
        table[key] = random.choice((value[None], value.float(), value.to("meta"), None, 1))
    else:
        table[key] = random.choice(VALUES)
    return f"{key} {change}: {table.get(key) if isinstance(table, dict) else table!r:.60}", changed


def places(record: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every list or dictionary inside a record, with each of its keys."""
    if isinstance(record, dict | list):
        for key, value in record.items() if isinstance(record, dict) else enumerate(record):
            yield record, key
            yield from places(value)
