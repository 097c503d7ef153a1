"""Weight files in common layouts, read without running their code; writing; fingerprints."""

import hashlib
from pathlib import Path

import torch
from lightning.pytorch.utilities import rank_zero_info
from safetensors.torch import save
from torch import Tensor, nn

from files import StoredFileError, read_stored, replace, shown
from networks.candidates import Candidate, candidates, is_averaged
from networks.heads import Head, check_head, head_names, log_new
from networks.normalized import bare
from networks.sound import WeightFileError, check_sound

EMBEDDED = Path("networks", "weights")


def load_weights(network: nn.Module, path: str | Path, head: Head = "loaded") -> None:
    """Load the weights in a file that fit a network; all names and shapes must match.

    Args:
        network: any classifier; names are those of the network inside `NormalizedNetwork`.
        path: a file of safetensors or torch; its weights may lie in any dictionary, under a prefix.
        head: "new" keeps the network's own last layer, where the file has other classes.

    `networks/weights/` means the folder of this package, whatever the working folder is.

    Raises: WeightFileError: there is no such file, nothing in it fits, or more than one thing.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     save_weights(nn.Linear(2, 1), Path(folder, "weights.safetensors"))
        ...     load_weights(nn.Linear(2, 1), Path(folder, "weights.safetensors"))
    """
    check_head(head)
    expected, kind = bare(network).state_dict(), type(bare(network)).__name__
    path = _located(Path(path))
    state = _fitting(network, path)
    names = head_names(state, expected)
    if head == "new":
        if not names:
            raise WeightFileError(
                f"`head` is new, but {path} does not differ from {kind} in "
                "the number of classes alone; set `num_classes` to another number than the file's, "
                "or leave `head` out"
            )
        log_new(names, len(state[names[0]]), len(expected[names[0]]), str(path))
        state |= {name: expected[name] for name in names}
    for name, value in expected.items():
        if state[name].shape != value.shape:
            raise WeightFileError(
                f"{path} does not fit {kind}: `{name}` has shape "
                f"{tuple(state[name].shape)} in the file and {tuple(value.shape)} in the network; "
                + (
                    f"set `num_classes` to {len(state[names[0]])}, or give `head: new` for a new "
                    f"last layer with {len(expected[names[0]])} classes"
                    if names
                    else "give the weights of the same architecture"
                )
            )
        check_sound(name, state[name], value, str(path))
    bare(network).load_state_dict(state)


def class_count(network: nn.Module, path: str | Path) -> int | None:
    """Return the number of classes of a weight file, if it differs from the network in it alone.

    Raises: WeightFileError: there is no such file, nothing in it fits, or more than one thing.
    """
    state, expected = _fitting(network, _located(Path(path))), bare(network).state_dict()
    names = head_names(state, expected)
    return len(state[names[0]]) if names else None


def save_weights(network: nn.Module, path: Path) -> None:
    """Save the weights as safetensors, under the names of timm or torchvision.

    The file appears only when it is complete.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     save_weights(nn.Linear(2, 1), Path(folder, "weights.safetensors"))
    """
    state = {
        name: value.detach().cpu().clone().contiguous()
        for name, value in bare(network).state_dict().items()
    }
    replace(path, save(state, metadata={"format": "pt"}))


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


def _fitting(network: nn.Module, path: Path) -> dict[str, Tensor]:
    """The weights in a file under the network's names, of whatever shapes."""
    expected, kind = bare(network).state_dict(), type(bare(network)).__name__
    # older files lack BatchNorm's counters, which evaluation mode never reads
    counters = {
        name: value for name, value in expected.items() if name.endswith("num_batches_tracked")
    }
    needed = [name for name in expected if name not in counters]
    return {**counters, **_chosen(_read(path), needed, {*counters}, path, kind).state}


def _located(path: Path) -> Path:
    """The path of a file in `networks/weights/`, from any working folder."""
    return Path(__file__).parent / "weights" / path.name if path.parent == EMBEDDED else path


def _read(path: Path) -> dict[str, object]:
    try:
        content = read_stored(path)
    except StoredFileError as error:
        raise WeightFileError(str(error)) from error
    if not isinstance(content, dict):
        raise WeightFileError(
            f"{path} holds a {type(content).__name__}, expected a state_dict; save the network's "
            "state_dict alone (torch.save(model.state_dict(), ...))"
        )
    return content


def _chosen(
    content: dict[str, object], needed: list[str], optional: set[str], path: Path, kind: str
) -> Candidate:
    """Return the one candidate with all weights that a network needs."""
    found = candidates(content, {*needed}, optional)
    if not found:
        keys = ", ".join(map(shown, content))[:200]
        raise WeightFileError(
            f"{path} holds no weights; its keys are {keys}, expected those of a state_dict"
        )
    averaged = [each for each in found if is_averaged(each)]
    if len(found) > 1 and len(averaged) == 1:
        found = averaged
        rank_zero_info(f"{path}: the averaged weights of `{averaged[0].where}` are loaded")
    (chosen, *others) = found
    missing = [name for name in needed if name not in chosen.state]
    if others and not missing:
        where = ", ".join(f"`{each.where or 'the outermost'}`" for each in found)
        raise WeightFileError(
            f"{path} holds {len(found)} different weights that fit {kind}: {where}; save one of "
            "them alone"
        )
    unexpected = [name for name in chosen.unexpected if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise WeightFileError(
            f"{path} does not fit {kind}: {len(missing)} names missing (first: {_first(missing)}), "
            f"{len(unexpected)} unexpected (first: {_first(unexpected)}); give the weights of the "
            "same architecture"
        )
    return chosen


def _first(names: list[str]) -> str:
    return f"`{shown(names[0])}`" if names else "none"
