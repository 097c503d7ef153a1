"""Weight files of many layouts, whole, broken and hostile, given to `load_weights`."""

import io
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import torch
from safetensors.torch import save
from torch import nn

from benchmarks.fuzz.changes import CHANGES
from benchmarks.fuzz.held import State, differs, differs_from_file, refused
from benchmarks.fuzz.hostile import HOSTILE, very_deep
from benchmarks.fuzz.judging import Case
from benchmarks.fuzz.layouts import laid_out, lightning
from benchmarks.fuzz.mutations import MUTATIONS, OTHERS
from lightning_modules.checkpoint_files import CheckpointFiles
from networks import load_weights


def network() -> nn.Module:
    """Return a network with every kind of weight, counter and statistic."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2, bias=False)
    )


def case_of(random: Random, folder: Path) -> Case:
    """Return a weight file, and what must come of loading it into the network."""
    torch.manual_seed(random.getrandbits(32))
    path, state = folder / "weights.pt", network().state_dict()
    kind = random.choice(KINDS)
    made = kind(random, state, path)
    if random.random() < 0.2:
        other = path.with_suffix(random.choice((".safetensors", ".ckpt", ".PTH", "")))
        path.rename(other)
        path = other
    return Case(
        f"{kind.__name__}, {made.what}",
        lambda: made.load(path),
        made.difference,
        (path.name,),
        made.sound,
        folder / "trace",
    )


def loaded(path: Path) -> State:
    """Return the weights of a new network that the file was loaded into."""
    fresh = network()
    before = deepcopy(fresh.state_dict())
    try:
        load_weights(fresh, path)
    except ValueError:
        if any(not torch.equal(before[name], value) for name, value in fresh.state_dict().items()):
            raise RuntimeError("the network was changed by a file that was refused") from None
        raise
    return fresh.state_dict()


class Made(NamedTuple):
    """A file that was written, what is wrong with what is loaded from it, and how it is loaded."""

    what: str
    difference: Callable[[State], str]
    sound: bool = False
    load: Callable[[Path], State] = loaded


def saved(content: Any, random: Random) -> tuple[str, bytes]:
    """Return a content as a file of torch, of either format that it writes."""
    file, new = io.BytesIO(), random.random() < 0.7
    torch.save(content, file, _use_new_zipfile_serialization=new)
    return "zip" if new else "legacy", file.getvalue()


def whole(random: Random, state: State, path: Path) -> Made:
    """Write a file that is sound, in a layout that people have."""
    if random.random() < 0.3:
        path.write_bytes(save({f"model.{name}": value for name, value in state.items()}))
        return Made("safetensors", differs(state), sound=True)
    what, content = laid_out(state, random)
    form, data = saved(content, random)
    path.write_bytes(data)
    return Made(f"{what} {form}", differs(state), sound=True)


def changed(random: Random, state: State, path: Path) -> Made:
    """Write a sound file of what can be no network's weights, or not of this network."""
    change = random.choice(CHANGES)
    what, content = laid_out(change(deepcopy(state), random), random, single=True)
    form, data = saved(content, random)
    path.write_bytes(data)
    return Made(f"{change.__name__} {what} {form}", refused)


def broken(random: Random, state: State, path: Path) -> Made:
    """Write a file with damaged bytes, which show in the sums of an archive."""
    mutate = random.choice(MUTATIONS)
    if random.random() < 0.3:
        form, data = "safetensors", save(state)
    else:
        form, data = saved(laid_out(state, random)[1], random)
    data = mutate(data, random)
    path.write_bytes(data)
    difference = differs(state) if form == "zip" else differs_from_file(data, form)
    return Made(f"{form} {mutate.__name__}", difference)


def other(random: Random, _: State, path: Path) -> Made:
    """Write a file of another kind, named as one of weights."""
    what = random.choice([*OTHERS])
    path.write_bytes(OTHERS[what])
    return Made(what, refused)


def hostile(random: Random, state: State, path: Path) -> Made:
    """Write a file that would run code, or asks for more memory than it has bytes."""
    make = random.choice(HOSTILE)
    path.write_bytes(make(state, str(path.parent / "trace"), random))
    return Made(make.__name__, refused)


def nested(random: Random, state: State, path: Path) -> Made:
    """Write a file with weights at a depth that no program has use for."""
    path.write_bytes(very_deep(state, random))
    return Made("very deep", differs(state))


def checkpoint(random: Random, state: State, path: Path) -> Made:
    """Write a checkpoint that a training would go on from, broken or not."""
    form, data = saved(lightning(state, random), random)
    mutate = random.choice((*MUTATIONS, None))
    path.write_bytes(data if mutate is None else mutate(data, random))
    what = f"{form} {mutate.__name__ if mutate else 'whole'}"
    # the first format has no sums of its content
    difference = differs(state) if mutate is None or form == "zip" else lambda _: ""
    return Made(what, difference, mutate is None, continued)


def continued(path: Path) -> State:
    """Return the weights of a checkpoint."""
    found: State = CheckpointFiles().load_checkpoint(path)["state_dict"]
    return found


# those of which each has many ways come more often
KINDS = whole, changed, *[broken] * 3, other, *[hostile] * 4, nested, checkpoint
