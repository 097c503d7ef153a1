"""Weight files of many layouts, whole, broken and hostile, given to `load_weights`."""

import io
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from benchmarks.fuzz.hostile import HOSTILE, very_deep
from benchmarks.fuzz.judging import Case
from benchmarks.fuzz.layouts import CHANGES, laid_out
from benchmarks.fuzz.mutations import MUTATIONS, OTHERS
from files.harmless import HARMLESS
from networks import load_weights

State = dict[str, Tensor]


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
    case = kind(random, state, path)
    if random.random() < 0.2 and not path.name.endswith("safetensors"):
        other = path.with_suffix(random.choice((".safetensors", ".ckpt", ".PTH", "")))
        path.rename(other)
        path = other
    return Case(
        f"{kind.__name__}, {case.what}",
        lambda: loaded(path),
        case.difference,
        (path.name,),
        case.sound,
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


def differs(state: State) -> Callable[[State], str]:
    """Return the comparison of loaded weights with those that were saved."""

    def difference(found: State) -> str:
        wrong = [name for name, value in state.items() if not torch.equal(found[name], value)]
        return f"other values of {wrong}" if wrong else ""

    return difference


def refused(_: State) -> str:
    """Return that a file must not be loaded."""
    return "accepted"


def saved(content: Any, random: Random) -> tuple[str, bytes]:
    """Return a content as a file of torch, of either format that it writes."""
    file, new = io.BytesIO(), random.random() < 0.7
    torch.save(content, file, _use_new_zipfile_serialization=new)
    return "zip" if new else "legacy", file.getvalue()


def whole(random: Random, state: State, path: Path) -> Case:
    """A file that is sound, in a layout that people have."""
    if random.random() < 0.3:
        path.write_bytes(save({f"model.{name}": value for name, value in state.items()}))
        return Case("safetensors", Path, differs(state), sound=True)
    what, content = laid_out(state, random)
    form, data = saved(content, random)
    path.write_bytes(data)
    return Case(f"{what} {form}", Path, differs(state), sound=True)


def changed(random: Random, state: State, path: Path) -> Case:
    """A sound file of what can be no network's weights, or not of this network."""
    change = random.choice(CHANGES)
    what, content = laid_out(change(deepcopy(state), random), random, single=True)
    form, data = saved(content, random)
    path.write_bytes(data)
    return Case(f"{change.__name__} {what} {form}", Path, refused)


def broken(random: Random, state: State, path: Path) -> Case:
    """A file with damaged bytes: of an archive, whose sums show it, nothing else can be loaded."""
    mutate = random.choice(MUTATIONS)
    if random.random() < 0.3:
        form, data = "safetensors", save(state)
    else:
        form, data = saved(laid_out(state, random)[1], random)
    data = mutate(data, random)
    path.write_bytes(data)
    difference = differs(state) if form == "zip" else differs_from_file(data, form)
    return Case(f"{form} {mutate.__name__}", Path, difference)


def differs_from_file(data: bytes, form: str) -> Callable[[State], str]:
    """Return the comparison with a plain reading of a file that has no sums of its content."""

    def difference(found: State) -> str:
        if form == "safetensors":
            held = list(load(data).values())
        else:
            with torch.serialization.safe_globals(HARMLESS):
                held = [*tensors(torch.load(io.BytesIO(data), weights_only=True))]
        # counters that the file lacks begin at 0
        wrong = [
            name
            for name, value in found.items()
            if value.is_floating_point() and not any(same(value, each) for each in held)
        ]
        return f"values of {wrong} that the file does not hold" if wrong else ""

    return difference


def same(found: Tensor, held: Tensor) -> bool:
    """Return True if a weight has the values of a tensor in the file."""
    return found.shape == held.shape and torch.equal(found, held.to(found.dtype))


def tensors(content: Any) -> Iterator[Tensor]:
    """Yield the tensors in nested dictionaries, of which one may hold itself."""
    seen: set[int] = set()
    waiting = [content]
    for each in waiting:
        if isinstance(each, Tensor):
            yield each
        elif isinstance(each, dict) and id(each) not in seen:
            seen.add(id(each))
            waiting += each.values()


def other(random: Random, _: State, path: Path) -> Case:
    """A file of another kind, named as one of weights."""
    what = random.choice([*OTHERS])
    path.write_bytes(OTHERS[what])
    return Case(what, Path, refused)


def hostile(random: Random, state: State, path: Path) -> Case:
    """A file that would run code, or asks for more memory than it has bytes."""
    make = random.choice(HOSTILE)
    path.write_bytes(make(state, str(path.parent / "trace"), random))
    return Case(make.__name__, Path, refused)


def nested(random: Random, state: State, path: Path) -> Case:
    """A file with weights at a depth that no program has use for."""
    path.write_bytes(very_deep(state, random))
    return Case("very deep", Path, differs(state))


KINDS = whole, whole, changed, changed, broken, broken, broken, other, hostile, hostile, nested
