"""Refusal to go on with a training on other data, or with another network or loss."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from files import shown

# neither the images of a step nor what is done with them depends on these; the checkpoint itself
# knows its images, whose folder may have been moved
FREE = {"workers", "prefetch", "root"}
# files may have been moved
PATHS = {"weights", "classes", "references"}
# where the learning rate follows a schedule, these are its length
LENGTH = (
    "devices",
    "num_nodes",
    "max_epochs",
    "max_steps",
    "accumulate_grad_batches",
    "limit_train_batches",
)


class OtherSettingsError(ValueError):
    """A training cannot go on with other settings."""


def check_same(checkpoint: Path, now: Mapping[str, Any]) -> None:
    """Raise OtherSettingsError if a run would go on with another network, loss or other data.

    Args:
        checkpoint: a file in the folder `checkpoints` of a run that has its config.yaml.
        now: the configuration to go on with.
    """
    file = checkpoint.absolute().parent.parent / "config.yaml"
    if not file.is_file():
        return
    before = yaml.safe_load(file.read_text())
    found = [
        (name, old, new)
        for part in ("model", "data")
        for name, old, new in differences(before[part], now[part], part)
    ]
    if now["model"].get("init_args", {}).get("schedule") is not None:
        old, new = ({name: each["trainer"].get(name) for name in LENGTH} for each in (before, now))
        found += differences(old, new, "trainer")
    if found:
        name, old, new = found[0]
        more = f", and {len(found) - 1} more settings" if len(found) > 1 else ""
        raise OtherSettingsError(
            f"the run began with `{name}` {shown(old)} and cannot go on with {shown(new)}{more}; "
            f"give what {file} says, or begin a new run (--run)"
        )


def differences(before: Any, now: Any, name: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the dotted name and the two values of every setting that differs."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        # an option that is newer than the run has its default; names have none
        in_both = [key for key in before if key in now]
        for key in in_both if name.endswith(".init_args") else {**before, **now}:
            if key not in FREE:
                yield from differences(before.get(key), now.get(key), f"{name}.{key}")
    elif before != now and not (name.rpartition(".")[2] in PATHS and moved(before, now)):
        yield name, before, now


def moved(before: Any, now: Any) -> bool:
    """Return True for two paths of a file that may have been moved."""
    return isinstance(before, str) and isinstance(now, str) and Path(before).name == Path(now).name
