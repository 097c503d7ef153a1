"""Reading of stored tensors and data of any origin: nothing in a file is run."""

import pickle
import re
import stat
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import load_file

from files.harmless import HARMLESS

# what files that are no weights begin with, and what to do
OTHERS = {
    b"version https://git-lfs": "is a pointer of Git LFS, not the file itself; run `git lfs pull`",
    b"<": "is a web page, which a failed download leaves; download the file again",
    b"\x1f\x8b": "is compressed by gzip; unpack it",
    b"\x89HDF": "is an HDF5 file, as Keras writes it; convert its weights to safetensors",
}
# bytes that are checked at a time
CHUNK = 1 << 20


class StoredFileError(ValueError):
    """A file is missing, damaged, or holds something else than data."""


def read_stored(path: Path) -> Any:
    """Return the content of a file of torch or safetensors, told by its first bytes.

    Returns: tensors on the CPU, and the numbers, texts, lists and dictionaries around them.
    Raises: StoredFileError: it is no such file, is damaged, or would run code.
    """
    size = check_regular(path)
    try:
        with path.open("rb") as file:
            start = file.read(64)
            # eight bytes of any value say how long the header is
            if start[8:9] == b"{":
                return dict(load_file(path))
            for beginning, advice in OTHERS.items():
                if start.lstrip().startswith(beginning):
                    raise StoredFileError(f"{path} {advice}")
            if start.startswith(b"PK"):
                _check_archive(file, path, size)
            file.seek(0)
            with torch.serialization.safe_globals(HARMLESS):
                return torch.load(file, map_location="cpu", weights_only=True)
    except StoredFileError:
        raise
    except pickle.UnpicklingError as error:
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        raise StoredFileError(
            f"{path} is not a plain weight file: reading it would run code that it contains"
            f"{f' ({shown(asked[1])})' if asked else ''}, or it is damaged; save its state_dict "
            "alone (torch.save(model.state_dict(), ...))"
        ) from error
    # damaged bytes can raise anything
    except Exception as error:
        raise StoredFileError(
            f"{path} is truncated or not a weight file: {type(error).__name__}: "
            f"{shown(str(error), 200)}; save or download it again"
        ) from error


def read_bytes(path: Path) -> bytes:
    """Return the content of a file; raises StoredFileError if there is none, or no regular one."""
    check_regular(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoredFileError(f"{path} cannot be read: {error.strerror}") from error


def check_regular(path: Path) -> int:
    """Return the number of bytes of a regular file, which neither waits nor ends nowhere.

    Raises: StoredFileError: there is no file, or a folder, pipe, socket or device.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise StoredFileError(f"no file at {path.absolute()}; check the path") from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, socket or device"
        raise StoredFileError(f"no file at {path.absolute()}, but {kind}; check the path")
    return found.st_size


def shown(text: object, letters: int = 80) -> str:
    """Return a name from a file as it can be printed, without control characters, and not long."""
    # a text of 10 MB is cut before it is escaped
    escaped = repr(text[: letters + 1] if isinstance(text, str) else text)
    escaped = escaped.strip("'\"") if isinstance(text, str) else escaped
    return escaped if len(escaped) <= letters else f"{escaped[:letters]}..."


def _check_archive(file: BinaryIO, path: Path, size: int) -> None:
    """Raise StoredFileError for an archive that is larger when it is read, or damaged."""
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > size:
            raise StoredFileError(
                f"{path} has {size} bytes and would take {unpacked} when it is read, which "
                "torch.save never writes; save its weights again"
            )
        # torch takes whatever values it finds
        for entry in archive.infolist():
            with archive.open(entry) as part:
                while part.read(CHUNK):
                    pass
