"""Weight files: reading any common layout without running code, writing, and fingerprints."""

import hashlib
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from networks.normalized import bare

EMBEDDED = Path("networks", "weights")
NESTS = ("state_dict", "model_state_dict", "model")
PREFIXES = ("module.", "network.")


class WeightFileError(ValueError):
    """A weight file cannot be read or does not fit the network."""


def load_weights(network: nn.Module, path: str | Path) -> None:
    """Load a weight file into a network, every weight of both accounted for.

    `networks/weights/` means the folder of this package, whatever the working folder is.

    Raises:
        WeightFileError: no such file, not readable as weights, or names or shapes that differ.
    """
    expected = bare(network).state_dict()
    path = _located(Path(path))
    state = _unwrapped(_read(path), path, set(expected))
    # older files lack BatchNorm's counters, which classification never reads
    counters = {
        name: value for name, value in expected.items() if name.endswith("num_batches_tracked")
    }
    state = {**counters, **state}
    missing = [name for name in expected if name not in state]
    unexpected = [name for name in state if name not in expected]
    if missing or unexpected:
        raise WeightFileError(
            f"{path} does not fit {type(bare(network)).__name__}: {len(missing)} names missing "
            f"(first: {_first(missing)}), {len(unexpected)} unexpected "
            f"(first: {_first(unexpected)})"
        )
    for name, value in expected.items():
        if state[name].shape != value.shape:
            raise WeightFileError(
                f"{path} does not fit {type(bare(network)).__name__}: `{name}` has shape "
                f"{tuple(state[name].shape)} in the file and {tuple(value.shape)} in the network; "
                "where only the number of classes differs, set `num_classes`"
            )
    bare(network).load_state_dict(state)


def save_weights(network: nn.Module, path: Path) -> None:
    """Write the weights, under the names of timm or torchvision, as safetensors; never half."""
    partial = path.with_name(path.name + ".part")
    state = {
        name: value.detach().cpu().clone().contiguous()
        for name, value in bare(network).state_dict().items()
    }
    save_file(state, partial, metadata={"format": "pt"})
    os.replace(partial, path)


def fingerprint(network: nn.Module) -> str:
    """SHA-256 of all weights and buffers with their names, as 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, value in sorted(bare(network).state_dict().items()):
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(
            value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        )
    return digest.hexdigest()[:16]


def _first(names: list[str]) -> str:
    return f"`{names[0]}`" if names else "none"


def _located(path: Path) -> Path:
    """The path of a file in `networks/weights/`, from any working folder."""
    return Path(__file__).parent / "weights" / path.name if path.parent == EMBEDDED else path


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise WeightFileError(f"no weight file at {path.absolute()}")
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightFileError(
            f"{path} is not a plain weight file: reading it would run code it contains, or it is "
            "damaged; save its state_dict alone (torch.save(model.state_dict(), ...))"
        ) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        SafetensorError,
        ValueError,
        LookupError,
        struct.error,
    ) as error:
        raise WeightFileError(f"{path} is truncated or no weight file: {error}") from error
    if not isinstance(content, dict):
        raise WeightFileError(f"{path} holds a {type(content).__name__}, expected a state_dict")
    return content


def _unwrapped(content: dict[str, Any], path: Path, expected: set[str]) -> dict[str, Tensor]:
    """The state_dict inside nested dictionaries and wrappers' prefixes."""
    while nest := next((n for n in NESTS if isinstance(content.get(n), dict)), None):
        content = content[nest]
    state = {
        name: value
        for name, value in content.items()
        if isinstance(name, str) and isinstance(value, Tensor)
    }
    if not state:
        raise WeightFileError(
            f"{path} holds no weights; its keys are {', '.join(map(str, content))[:200]}"
        )
    # a network may have a part called "network" itself: then its names fit as they are
    while not expected & set(state) and (
        prefix := next((p for p in PREFIXES if all(name.startswith(p) for name in state)), None)
    ):
        state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state
