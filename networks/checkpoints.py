"""Reading of weight files in common layouts, without running their code; writing; fingerprints."""

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

from networks.heads import Head, check_head, head_names, log_new
from networks.normalized import bare

EMBEDDED = Path("networks", "weights")
NESTS = ("state_dict", "model_state_dict", "model")
PREFIXES = ("module.", "network.", "_orig_mod.")


class WeightFileError(ValueError):
    """Error of a weight file that cannot be read or does not fit the network."""


def load_weights(network: nn.Module, path: str | Path, head: Head = "loaded") -> None:
    """Load a weight file into a network; all names and shapes must match.

    Args:
        network: any classifier; names are those of the network inside `NormalizedNetwork`.
        path: a .safetensors file, or a .pt, .pth, .th or .ckpt file with a state_dict.
        head: "new" keeps the network's own last layer, where the file has other classes.

    `networks/weights/` means the folder of this package, whatever the working folder is.

    Raises: WeightFileError: the file is missing, contains no weights, or they do not match.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     save_weights(nn.Linear(2, 1), Path(folder, "weights.safetensors"))
        ...     load_weights(nn.Linear(2, 1), Path(folder, "weights.safetensors"))
    """
    check_head(head)
    expected = bare(network).state_dict()
    path = _located(Path(path))
    state = _unwrapped(_read(path), path, set(expected))
    # older files lack BatchNorm's counters, which evaluation mode never reads
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
            f"(first: {_first(unexpected)}); give the weights of the same architecture"
        )
    names = head_names(state, expected)
    if head == "new":
        if not names:
            raise WeightFileError(
                f"`head` is new, but {path} does not differ from {type(bare(network)).__name__} in "
                "the number of classes alone; set `num_classes` to another number than the file's, "
                "or leave `head` out"
            )
        log_new(names, len(state[names[0]]), len(expected[names[0]]), str(path))
        state |= {name: expected[name] for name in names}
    for name, value in expected.items():
        if state[name].shape != value.shape:
            raise WeightFileError(
                f"{path} does not fit {type(bare(network)).__name__}: `{name}` has shape "
                f"{tuple(state[name].shape)} in the file and {tuple(value.shape)} in the network; "
                + (
                    f"set `num_classes` to {len(state[names[0]])}, or give `head: new` for a new "
                    f"last layer with {len(expected[names[0]])} classes"
                    if names
                    else "give the weights of the same architecture"
                )
            )
    bare(network).load_state_dict(state)


def save_weights(network: nn.Module, path: Path) -> None:
    """Save the weights as safetensors, under the names of timm or torchvision.

    The file appears only when it is complete.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     save_weights(nn.Linear(2, 1), Path(folder, "weights.safetensors"))
    """
    partial = path.with_name(path.name + ".part")
    state = {
        name: value.detach().cpu().clone().contiguous()
        for name, value in bare(network).state_dict().items()
    }
    save_file(state, partial, metadata={"format": "pt"})
    os.replace(partial, path)


def fingerprint(network: nn.Module) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of all weights, buffers and names.

    Example:
        >>> network = nn.Linear(2, 1)
        >>> fingerprint(network) == fingerprint(network), len(fingerprint(network))
        (True, 16)
    """
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
        raise WeightFileError(f"no weight file at {path.absolute()}; check the path")
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightFileError(
            f"{path} is not a plain weight file: reading it would run code that it contains, or it "
            "is damaged; save its state_dict alone (torch.save(model.state_dict(), ...))"
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
        raise WeightFileError(
            f"{path} is truncated or not a weight file: {error}; save or download it again"
        ) from error
    if not isinstance(content, dict):
        raise WeightFileError(
            f"{path} holds a {type(content).__name__}, expected a state_dict; save the network's "
            "state_dict alone (torch.save(model.state_dict(), ...))"
        )
    return content


def _unwrapped(content: dict[str, Any], path: Path, expected: set[str]) -> dict[str, Tensor]:
    """Return the state_dict without enclosing dictionaries and without wrappers' prefixes."""
    while nest := next((n for n in NESTS if isinstance(content.get(n), dict)), None):
        content = content[nest]
    state = {
        name: value
        for name, value in content.items()
        if isinstance(name, str) and isinstance(value, Tensor)
    }
    if not state:
        raise WeightFileError(
            f"{path} holds no weights; its keys are {', '.join(map(str, content))[:200]}, expected "
            "those of a state_dict"
        )
    # a network may itself have a module called "network": its names then match unchanged
    while not expected & set(state) and (
        prefix := next((p for p in PREFIXES if all(name.startswith(p) for name in state)), None)
    ):
        state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state
