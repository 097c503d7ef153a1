"""Weight files that would run code, and those that ask for more than they are."""

import builtins
import io
import json
import os
import pickle
import shutil
import subprocess
import tarfile
import zipfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

State = dict[str, Tensor]
LEVELS = 100, 60_000


class Payload:
    """An object that makes a file when it is unpickled."""

    def __init__(self, trace: str, random: Random) -> None:
        self.call: Any = random.choice(
            (
                (os.system, (f"touch {trace}",)),
                (os.mkdir, (trace,)),
                (builtins.eval, (f"open({trace!r}, 'w')",)),
                (builtins.exec, (f"open({trace!r}, 'w')",)),
                (builtins.open, (trace, "w")),
                (Path(trace).touch, ()),
                (subprocess.call, (["touch", trace],)),
                (shutil.copy, (__file__, trace)),
                (torch.save, ({}, trace)),
            )
        )

    def __reduce__(self) -> Any:
        return self.call


def payload(state: State, trace: str, random: Random) -> bytes:
    """Return a file with code in it: alone, among the weights, beside them, or as a key."""
    code: Any = Payload(trace, random)
    places: list[Any] = [
        code,
        state | {"0.weight": code},
        state | {"more": code},
        {"state_dict": state, "hyper_parameters": Namespace(out=[code])},
        {"state_dict": state, "callbacks": {(1, code): 1}},
        [code, state],
    ]
    content = random.choice(places)
    if random.random() < 0.2:
        return pickle.dumps(content, random.randint(0, 5))
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=random.random() < 0.6)
    return file.getvalue()


def opcodes(_: State, trace: str, random: Random) -> bytes:
    """Return a pickle written by hand, alone or in an archive."""
    code = f"cos\nsystem\n(S'touch {trace}'\ntR.".encode()
    other = f"(S'touch {trace}'\nios\nsystem\n.".encode()
    chosen = random.choice((code, other, b"\x80\x02" + code))
    return chosen if random.random() < 0.5 else archived({"data.pkl": chosen}, random)


def script(state: State, trace: str, random: Random) -> bytes:
    """Return an archive that says to be a program of TorchScript."""
    parts = parts_of(state)
    code = f"import os\nos.system('touch {trace}')\n".encode()
    return archived(parts | {"constants.pkl": b"\x80\x02).", "code/__torch__.py": code}, random)


def tape(state: State, trace: str, random: Random) -> bytes:
    """Return a tar archive, as the first versions of torch wrote, with code in it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            content = payload(state, trace, random)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def compressed(state: State, _: str, random: Random) -> bytes:
    """Return an archive that grows a thousandfold when it is read."""
    zeros = {"data/99": bytes(random.choice((10**4, 10**8)))}
    return archived(parts_of(state) | zeros, random, zipfile.ZIP_DEFLATED)


def claimed(state: State, _: str, random: Random) -> bytes:
    """Return a file of safetensors whose header claims what is not there."""
    content = save(state)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    entry = header["3.weight"]
    start, end = entry["data_offsets"]
    changes: list[dict[str, Any]] = [
        {"shape": [2**40, 2**40]},
        {"shape": [-2, -16]},
        {"shape": [2**63, 2]},
        {"shape": []},
        {"data_offsets": [start, end + 4]},
        {"data_offsets": [0, end - start]},
        {"data_offsets": [end, start]},
        {"data_offsets": [start, 2**62]},
        {"dtype": "F999"},
        {"dtype": "BOOL"},
        {"dtype": None},
    ]
    header["3.weight"] = entry | random.choice(changes)
    text = json.dumps(header).encode()
    size = random.choice((len(text), len(text), 2**40, 2**63, 10**8))
    return size.to_bytes(8, "little") + text + content[8 + length :]


Hostile = Callable[[State, str, Random], bytes]
HOSTILE: tuple[Hostile, ...] = (payload, payload, opcodes, script, tape, compressed, claimed)


def parts_of(state: Any) -> dict[str, bytes]:
    """Return the entries of an archive of torch, without the folder that they lie in."""
    file = io.BytesIO()
    torch.save(state, file)
    with zipfile.ZipFile(file) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def archived(parts: dict[str, bytes], random: Random, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of torch with these entries."""
    file, folder = io.BytesIO(), random.choice(("archive", "weights"))
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in ({"version": b"3\n", "byteorder": b"little"} | parts).items():
            archive.writestr(f"{folder}/{name}", content)
    return file.getvalue()


def very_deep(state: State, random: Random) -> bytes:
    """Return weights in so many dictionaries that their paths alone would fill the memory."""
    parts, levels = parts_of(state), random.choice(LEVELS)
    begin, inside = parts["data.pkl"][:2], parts["data.pkl"][2:-1]
    name = b"X\x01\0\0\0a"
    parts["data.pkl"] = begin + (b"}" + name) * levels + inside + b"s" * levels + b"."
    return archived(parts, random)
